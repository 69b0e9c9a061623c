// Reads an execution plan beside a status file.
#pragma once

#include <optional>
#include <string>

#include "fs/store/status_source.hpp"

namespace statusfs {

/// The plan may be a symbolic link to a file in the same directory or below it, as a status file may. Looking whether
/// it is unchanged is one stat(2).
PlanReading read_plan_file(const std::string& path);

/// What it says; nothing where there is none. Throws std::runtime_error with the reason where it cannot be read.
std::optional<std::string> read_plan_text(const std::string& path);

}  // namespace statusfs
