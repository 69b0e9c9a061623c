// When and how often the files of the tree changed, as far as that was during this mount, and who waits for them to
// change: poll(2), as sysfs answers it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

struct fuse_pollhandle;

namespace statusfs {

struct PollHandleDeleter {
  void operator()(fuse_pollhandle* handle) const;
};
/// The kernel's note of one wait. To be destroyed before the session.
using PollHandle = std::unique_ptr<fuse_pollhandle, PollHandleDeleter>;

/// Files are named by their inode numbers, which stand for their paths.
/// Thread safety: any thread.
class FieldChanges {
 public:
  using Time = std::chrono::system_clock::time_point;

  /// Counts a change of each of the files. Returns those who waited for one.
  std::vector<PollHandle> add(std::span<const std::uint64_t> numbers, Time time);
  /// When the file changed last.
  std::optional<Time> time_of(std::uint64_t number) const;
  /// How often it has changed.
  std::uint64_t count_of(std::uint64_t number) const;

  /// Whether the file has changed since `seen` was its count; if it has not, `waiter` is kept until it does, or until
  /// the same open handle waits anew.
  bool changed_or_wait(std::uint64_t number, std::uint64_t seen, std::uint64_t handle, PollHandle waiter);
  /// The handle was closed.
  void forget(std::uint64_t number, std::uint64_t handle);
  /// Wakes nobody any more.
  void drop_waiters();

 private:
  struct Change {
    std::uint64_t count = 0;
    Time time;
  };
  using Waiters = std::unordered_map<std::uint64_t, PollHandle>;  // by open handle

  mutable std::mutex mutex_;  // guards all below; innermost
  std::unordered_map<std::uint64_t, Change> changes_;
  std::unordered_map<std::uint64_t, Waiters> waiters_;
};

/// Wakes those who wait. Never waits for anything itself.
void wake(const std::vector<PollHandle>& waiters);

}  // namespace statusfs
