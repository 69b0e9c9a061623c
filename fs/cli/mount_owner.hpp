// Asking a mount that lets in nobody but the user who mounted it, not even root.
#pragma once

#include <functional>
#include <string>

#include "fs/cli/mount_table.hpp"

namespace statusfs {

/// What `question` answers in a process of the user who mounted; here where that is not root's to do, or not needed.
/// Empty where the process could not be had. Precondition: there is one thread.
std::string asked_as_owner(const MountEntry& mount, const std::function<std::string()>& question);

}  // namespace statusfs
