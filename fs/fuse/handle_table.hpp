// What the kernel holds open, by the handle numbers that it was given.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace statusfs {

/// Thread safety: any thread.
template <typename Handle>
class HandleTable {
 public:
  std::uint64_t add(std::shared_ptr<Handle> handle) {
    const std::unique_lock lock(mutex_);
    handles_.emplace(next_, std::move(handle));
    return next_++;
  }
  /// nullptr for a number that is not in use.
  std::shared_ptr<Handle> find(std::uint64_t number) const {
    const std::shared_lock lock(mutex_);
    const auto found = handles_.find(number);
    return found == handles_.end() ? nullptr : found->second;
  }
  void remove(std::uint64_t number) {
    std::shared_ptr<Handle> dropped;  // destroyed after the lock was let go
    const std::unique_lock lock(mutex_);
    const auto found = handles_.find(number);
    if (found == handles_.end()) return;
    dropped = std::move(found->second);
    handles_.erase(found);
  }

 private:
  mutable std::shared_mutex mutex_;  // guards all below; innermost
  std::unordered_map<std::uint64_t, std::shared_ptr<Handle>> handles_;
  std::uint64_t next_ = 1;
};

}  // namespace statusfs
