// How commands open the store of a status file that is not mounted.
#pragma once

#include <string>

#include "fs/cli/status_targets.hpp"
#include "fs/store/local/local_options.hpp"

namespace statusfs {

/// `signing_key`: PEM file that the JSON is signed with, or empty. Throws CommandError where the key cannot be used.
LocalOptions offline_options(const std::string& signing_key);

/// Says so, on standard error, where the file bears a signature that a command without the key has left behind.
void warn_of_old_signature(const StatusTarget& target, const std::string& signing_key);

}  // namespace statusfs
