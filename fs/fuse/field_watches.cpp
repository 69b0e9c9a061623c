#include "fs/fuse/field_watches.hpp"

#include <utility>

#include "fs/fuse/fuse_library.hpp"

namespace statusfs {
void PollHandleDeleter::operator()(fuse_pollhandle* handle) const { fuse_pollhandle_destroy(handle); }

std::uint64_t FieldWatches::changes(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(number);
  return found == watches_.end() ? 0 : found->second.changes;
}

bool FieldWatches::changed_or_wait(std::uint64_t number, std::uint64_t seen, std::uint64_t handle, PollHandle waiter) {
  const std::lock_guard lock(mutex_);
  Watch& watch = watches_[number];
  if (watch.changes != seen) return true;
  if (waiter) watch.waiters.insert_or_assign(handle, std::move(waiter));
  return false;
}

void FieldWatches::forget(std::uint64_t number, std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(number);
  if (found != watches_.end()) found->second.waiters.erase(handle);
}

std::vector<PollHandle> FieldWatches::change(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  Watch& watch = watches_[number];
  ++watch.changes;
  std::vector<PollHandle> waiters;
  for (auto& [handle, waiter] : watch.waiters) waiters.push_back(std::move(waiter));
  watch.waiters.clear();
  return waiters;
}

void FieldWatches::clear() {
  const std::lock_guard lock(mutex_);
  watches_.clear();
}

void wake(const std::vector<PollHandle>& waiters) {
  for (const PollHandle& waiter : waiters) fuse_lowlevel_notify_poll(waiter.get());
}

}  // namespace statusfs
