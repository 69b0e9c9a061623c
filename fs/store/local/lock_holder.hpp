// Who holds a flock(2) lock.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace statusfs {

/// The process that /proc/locks names for the file; nothing when it names none (another pid namespace).
std::optional<pid_t> flock_holder(dev_t device, ino_t inode);

/// The same in the given text of /proc/locks.
std::optional<pid_t> flock_holder_in(std::string_view locks, dev_t device, ino_t inode);

}  // namespace statusfs
