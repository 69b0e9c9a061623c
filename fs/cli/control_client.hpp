// Handing a command to the mount that shows a file.
#pragma once

#include <optional>
#include <string>

#include "fs/cli/status_targets.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

/// Writes the command to the `.control` of the mount that shows the target. False where no mount that could change it
/// shows it. Throws CommandError with the mount's own words where it refuses.
bool send_control(const StatusTarget& target, const std::string& command);
/// The same for a command with arguments. `warnings` gets what the mount warned of meanwhile about the target, one a
/// line.
bool send_control(const StatusTarget& target, const Value& command, std::string* warnings = nullptr);

}  // namespace statusfs
