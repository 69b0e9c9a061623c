// Which process a thread is part of.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace statusfs {

/// Whether the kernel says that the thread is part of that process (of its thread group).
bool is_in_group(pid_t thread, pid_t group);

/// Remembers what /proc said of threads, so that a process whose threads write again and again is not asked for anew.
/// Thread safety: any thread.
class ThreadGroups {
 public:
  /// The process of the thread, if it was learnt and is still so.
  std::optional<pid_t> known(pid_t thread) const;
  void learn(pid_t thread, pid_t group);

 private:
  static constexpr std::size_t most = 1024;  // then all are learnt anew

  mutable std::mutex mutex_;  // guards groups_; innermost
  std::unordered_map<pid_t, pid_t> groups_;
};

}  // namespace statusfs
