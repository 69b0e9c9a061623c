#include "fs/fuse/field_changes.hpp"

#include <utility>

#include "fs/fuse/fuse_library.hpp"

namespace statusfs {

void PollHandleDeleter::operator()(fuse_pollhandle* handle) const { fuse_pollhandle_destroy(handle); }

std::vector<PollHandle> FieldChanges::add(std::span<const std::uint64_t> numbers, Time time) {
  std::vector<PollHandle> waiting;
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t number : numbers) {
    Change& change = changes_[number];
    ++change.count;
    change.time = time;
    const auto found = waiters_.empty() ? waiters_.end() : waiters_.find(number);
    if (found == waiters_.end()) continue;
    for (auto& [handle, waiter] : found->second) waiting.push_back(std::move(waiter));
    waiters_.erase(found);
  }
  return waiting;
}

std::optional<FieldChanges::Time> FieldChanges::time_of(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = changes_.find(number);
  if (found == changes_.end()) return std::nullopt;
  return found->second.time;
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

void FieldChanges::forget(std::uint64_t number, std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
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
