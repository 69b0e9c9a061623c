// Commands written to a status directory's control file.
#pragma once

#include <string_view>

#include "fs/engine/job.hpp"

namespace statusfs {

/// A JSON object {"command": NAME, ...}. Throws Rejection(invalid), naming the commands that exist
/// and the members that each takes.
ControlRequest read_control_request(std::string_view text);

}  // namespace statusfs
