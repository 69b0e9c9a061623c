#include "fs/identity/thread_groups.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace statusfs {

// Signal 0 sends nothing. The kernel looks for a thread of this id in a group of this id first, and only then whether
// we might signal it: EPERM says yes, too. A tenth of the cost of reading /proc/ID/status.
bool is_in_group(pid_t thread, pid_t group) {
  return thread > 0 && group > 0 && (::syscall(SYS_tgkill, group, thread, 0) == 0 || errno == EPERM);
}

// An id may be another thread's by now.
std::optional<pid_t> ThreadGroups::known(pid_t thread) const {
  std::unique_lock lock(mutex_);
  const auto found = groups_.find(thread);
  if (found == groups_.end()) return std::nullopt;
  const pid_t group = found->second;
  lock.unlock();
  return is_in_group(thread, group) ? std::optional(group) : std::nullopt;
}

void ThreadGroups::learn(pid_t thread, pid_t group) {
  const std::lock_guard lock(mutex_);
  if (groups_.size() >= most) groups_.clear();
  groups_[thread] = group;
}

}  // namespace statusfs
