// What a thread waits for in the kernel.
#pragma once

#include <sys/types.h>

#include <optional>

namespace statusfs {

/// Whether a thread that waits in the kernel does so within a call that moves the content of one file to another
/// (splice(2), sendfile(2), copy_file_range(2)), and not because it touched mapped memory. Nothing where that cannot be
/// told: another user's thread is closed to ordinary users, and so may be all that we did not start (Yama).
std::optional<bool> is_moving_content(pid_t thread);

}  // namespace statusfs
