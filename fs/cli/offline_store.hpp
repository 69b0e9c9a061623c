// How commands open the store of a status file that is not mounted.
#pragma once

#include <string>

#include "fs/cli/status_targets.hpp"
#include "fs/store/local/local_options.hpp"
#include "fs/store/local/local_store.hpp"

namespace statusfs {

/// `signing_key`: PEM file that the JSON is signed with, or empty. Throws CommandError where the key cannot be used.
LocalOptions offline_options(const std::string& signing_key);

/// Brings the JSON to what its journal says. `reason` is empty where it is so now, else it says why it is not.
StoredFile load_and_settle(LocalStore& store);

/// Says so, on standard error, where the file bears a signature that a command without the key has left behind.
void warn_of_old_signature(const StatusTarget& target, const std::string& signing_key);

}  // namespace statusfs
