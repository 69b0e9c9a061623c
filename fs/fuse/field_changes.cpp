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
    if (file.task != 0) change.task = file.task;
    change.is_gone = false;
    const auto found = waiters_.empty() ? waiters_.end() : waiters_.find(file.number);
    if (found == waiters_.end()) continue;
    for (auto& [handle, waiter] : found->second) waiting.push_back(std::move(waiter));
    waiters_.erase(found);
  }
  return waiting;
}

template <typename Condition>
void FieldChanges::forget_where(Condition is_gone) {
  const std::lock_guard lock(mutex_);
  for (auto entry = changes_.begin(); entry != changes_.end();) {
    Change& change = entry->second;
    change.is_gone = change.is_gone || is_gone(change);
    entry = change.is_needed() ? std::next(entry) : changes_.erase(entry);
  }
}

void FieldChanges::forget_tasks(const Numbers& tasks) {
  if (tasks.empty()) return;
  forget_where([&](const Change& change) { return tasks.contains(change.task); });
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

bool FieldChanges::changed_or_wait(std::uint64_t number, std::uint64_t seen, std::uint64_t handle, PollHandle waiter) {
  const std::lock_guard lock(mutex_);
  const auto found = changes_.find(number);
  if ((found == changes_.end() ? 0 : found->second.count) != seen) return true;
  if (waiter) waiters_[number].insert_or_assign(handle, std::move(waiter));
  return false;
}

void FieldChanges::closed(std::uint64_t number, std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  drop_waiter(number, handle);
  const auto found = changes_.find(number);
  if (found == changes_.end()) return;
  if (found->second.handles > 0) --found->second.handles;
  if (!found->second.is_needed()) changes_.erase(found);
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
