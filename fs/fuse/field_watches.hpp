// Who waits for files of the tree to change: poll(2), as sysfs answers it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

struct fuse_pollhandle;

namespace statusfs {

struct PollHandleDeleter {
  void operator()(fuse_pollhandle* handle) const;
};
/// The kernel's note of one wait. To be destroyed before the session.
using PollHandle = std::unique_ptr<fuse_pollhandle, PollHandleDeleter>;

/// Counts the changes of files, by inode number, and keeps those who wait for the next one.
/// Thread safety: any thread.
class FieldWatches {
 public:
  /// How often the file has changed during this mount.
  std::uint64_t changes(std::uint64_t number) const;
  /// Whether the file has changed since `seen` was its count; if it has not, `waiter` is kept until it does, or until
  /// the same open handle waits anew.
  bool changed_or_wait(std::uint64_t number, std::uint64_t seen, std::uint64_t handle, PollHandle waiter);
  /// The handle was closed.
  void forget(std::uint64_t number, std::uint64_t handle);
  /// Counts a change. Returns those who waited for it.
  std::vector<PollHandle> change(std::uint64_t number);
  /// Wakes nobody any more.
  void clear();

 private:
  struct Watch {
    std::uint64_t changes = 0;
    std::unordered_map<std::uint64_t, PollHandle> waiters;  // by open handle
  };
  mutable std::mutex mutex_;  // guards watches_; innermost
  std::unordered_map<std::uint64_t, Watch> watches_;
};

/// Wakes those who wait. Never waits for anything itself.
void wake(const std::vector<PollHandle>& waiters);

}  // namespace statusfs
