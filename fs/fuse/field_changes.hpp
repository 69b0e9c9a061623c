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
#include <unordered_set>
#include <vector>

struct fuse_pollhandle;

namespace statusfs {

struct PollHandleDeleter {
  void operator()(fuse_pollhandle* handle) const;
};
/// The kernel's note of one wait. To be destroyed before the session.
using PollHandle = std::unique_ptr<fuse_pollhandle, PollHandleDeleter>;

/// A file that changed, and what it goes with.
struct ChangedFile {
  std::uint64_t number = 0;
  std::uint64_t top = 0;   ///< of the status file's directory; 0 where it belongs to none
  std::uint64_t task = 0;  ///< of the task's directory; 0 where it is in none
};

/// Files are named by their inode numbers, which stand for their paths. A file that is gone is remembered as long as it
/// is open; so there is never more to remember than there are files, open handles included.
/// Thread safety: any thread.
class FieldChanges {
 public:
  using Time = std::chrono::system_clock::time_point;

  /// Counts a change of each of the files. Returns those who waited for one.
  std::vector<PollHandle> add(std::span<const ChangedFile> files, Time time);
  using Numbers = std::unordered_set<std::uint64_t>;
  /// These tasks are gone, with all files in them.
  void forget_tasks(const Numbers& tasks);
  /// Of the tasks of a status file no others are left.
  void keep_tasks(std::uint64_t top, const Numbers& tasks);
  /// The status file is gone, with all that belongs to it.
  void forget_top(std::uint64_t top);

  /// When the file changed last.
  std::optional<Time> time_of(std::uint64_t number) const;
  /// How often it has changed.
  std::uint64_t count_of(std::uint64_t number) const;
  /// The same, for a handle that was opened. To be followed by closed().
  std::uint64_t opened(std::uint64_t number);

  /// Whether the file has changed since `seen` was its count. In any case `waiter` is kept until it changes again, or
  /// until the same open handle waits anew: who waits with EPOLLET does not ask a second time.
  bool changed_and_wait(std::uint64_t number, std::uint64_t seen, std::uint64_t handle, PollHandle waiter);
  /// The handle was closed.
  void closed(std::uint64_t number, std::uint64_t handle);
  /// How many files are remembered.
  std::size_t size() const;
  /// Wakes nobody any more.
  void drop_waiters();

 private:
  struct Change {
    std::uint64_t count = 0;
    Time time;
    std::uint64_t top = 0, task = 0;
    std::uint32_t handles = 0;  // that are open
    bool is_gone = false;

    bool is_needed() const noexcept { return handles > 0 || (count > 0 && !is_gone); }
  };
  using Changes = std::unordered_map<std::uint64_t, Change>;
  void drop_waiter(std::uint64_t number, std::uint64_t handle);
  void set_task(std::uint64_t number, Change& change, std::uint64_t task);
  void leave_task(std::uint64_t number, Change& change);
  Changes::iterator drop_unneeded(Changes::iterator entry);
  template <typename Condition>
  void forget_where(Condition is_gone);
  using Waiters = std::unordered_map<std::uint64_t, PollHandle>;  // by open handle

  mutable std::mutex mutex_;  // guards all below; innermost
  Changes changes_;
  std::unordered_map<std::uint64_t, Numbers> by_task_;  // of changes_, those that are in a task
  std::unordered_map<std::uint64_t, Waiters> waiters_;
};

/// Wakes those who wait. Never waits for anything itself.
void wake(const std::vector<PollHandle>& waiters);

}  // namespace statusfs
