// When the files of the tree changed last, as far as that was during this mount.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace statusfs {

/// Thread safety: any thread.
class ChangeTimes {
 public:
  using Time = std::chrono::system_clock::time_point;

  /// `number` is the inode number, which stands for the path.
  void set(std::uint64_t number, Time time) {
    const std::lock_guard lock(mutex_);
    times_[number] = time;
  }
  std::optional<Time> find(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    const auto found = times_.find(number);
    if (found == times_.end()) return std::nullopt;
    return found->second;
  }

 private:
  mutable std::mutex mutex_;  // guards times_; innermost
  std::unordered_map<std::uint64_t, Time> times_;
};

}  // namespace statusfs
