#include "fs/fuse/field_changes.hpp"

#include <iterator>
#include <utility>

#include "fs/fuse/fuse_library.hpp"

namespace statusfs {

void PollHandleDeleter::operator()(fuse_pollhandle* handle) const { fuse_pollhandle_destroy(handle); }

std::vector<PollHandle> FieldChanges::add(std::span<const ChangedFile> files, Time time) {
  std::vector<PollHandle> waiting;
  const std::lock_guard lock(mutex_);
  for (const ChangedFile& file : files) {
    Change& change = changes_[file.number];
    ++change.count;
    change.time = time;
    change.top = file.top;
    if (file.task != 0) set_task(file.number, change, file.task);
    change.is_gone = false;
    const auto found = waiters_.empty() ? waiters_.end() : waiters_.find(file.number);
    if (found == waiters_.end()) continue;
    for (auto& [handle, waiter] : found->second) waiting.push_back(std::move(waiter));
    waiters_.erase(found);
  }
  return waiting;
}

// mutex_ is held.
void FieldChanges::set_task(std::uint64_t number, Change& change, std::uint64_t task) {
  if (change.task == task) return;
  leave_task(number, change);
  change.task = task;
  by_task_[task].insert(number);
}

// mutex_ is held.
void FieldChanges::leave_task(std::uint64_t number, Change& change) {
  const auto found = by_task_.find(std::exchange(change.task, 0));
  if (found == by_task_.end()) return;
  found->second.erase(number);
  if (found->second.empty()) by_task_.erase(found);
}

// The file is gone, or closed: it is remembered no longer than it is needed. What follows it. mutex_ is held.
FieldChanges::Changes::iterator FieldChanges::drop_unneeded(Changes::iterator entry) {
  if (entry->second.is_needed()) return std::next(entry);
  leave_task(entry->first, entry->second);
  return changes_.erase(entry);
}

template <typename Condition>
void FieldChanges::forget_where(Condition is_gone) {
  const std::lock_guard lock(mutex_);
  for (auto entry = changes_.begin(); entry != changes_.end();) {
    entry->second.is_gone = entry->second.is_gone || is_gone(entry->second);
    entry = drop_unneeded(entry);
  }
}

// Nothing else is looked at: tasks are removed one by one, too, and many of them.
void FieldChanges::forget_tasks(const Numbers& tasks) {
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t task : tasks) {
    const auto found = by_task_.find(task);
    if (found == by_task_.end()) continue;
    for (const std::uint64_t number : Numbers(found->second)) {
      const auto entry = changes_.find(number);
      entry->second.is_gone = true;
      drop_unneeded(entry);
    }
  }
}

void FieldChanges::keep_tasks(std::uint64_t top, const Numbers& tasks) {
  forget_where(
      [&](const Change& change) { return change.top == top && change.task != 0 && !tasks.contains(change.task); });
}

void FieldChanges::forget_top(std::uint64_t top) {
  forget_where([&](const Change& change) { return change.top == top; });
}

std::size_t FieldChanges::size() const {
  const std::lock_guard lock(mutex_);
  return changes_.size();
}

std::optional<FieldChanges::Time> FieldChanges::time_of(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = changes_.find(number);
  if (found == changes_.end() || found->second.count == 0) return std::nullopt;
  return found->second.time;
}

std::uint64_t FieldChanges::opened(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  Change& change = changes_[number];
  ++change.handles;
  return change.count;
}

std::uint64_t FieldChanges::count_of(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = changes_.find(number);
  return found == changes_.end() ? 0 : found->second.count;
}

bool FieldChanges::changed_and_wait(std::uint64_t number, std::uint64_t seen, std::uint64_t handle, PollHandle waiter) {
  const std::lock_guard lock(mutex_);
  if (waiter) waiters_[number].insert_or_assign(handle, std::move(waiter));
  const auto found = changes_.find(number);
  return (found == changes_.end() ? 0 : found->second.count) != seen;
}

void FieldChanges::closed(std::uint64_t number, std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  drop_waiter(number, handle);
  const auto found = changes_.find(number);
  if (found == changes_.end()) return;
  if (found->second.handles > 0) --found->second.handles;
  drop_unneeded(found);
}

// mutex_ is held.
void FieldChanges::drop_waiter(std::uint64_t number, std::uint64_t handle) {
  const auto found = waiters_.find(number);
  if (found == waiters_.end()) return;
  found->second.erase(handle);
  if (found->second.empty()) waiters_.erase(found);
}

void FieldChanges::drop_waiters() {
  const std::lock_guard lock(mutex_);
  waiters_.clear();
}

void wake(const std::vector<PollHandle>& waiters) {
  for (const PollHandle& waiter : waiters) fuse_lowlevel_notify_poll(waiter.get());
}

}  // namespace statusfs
