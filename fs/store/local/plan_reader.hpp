// Reads an execution plan beside a status file.
#pragma once

#include <string>

#include "fs/store/status_source.hpp"

namespace statusfs {

/// The plan may be a symbolic link to a file in the same directory or below it, as a status file may. Looking whether
/// it is unchanged is one stat(2).
PlanReading read_plan_file(const std::string& path);

}  // namespace statusfs
