// The right to be the one at work.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace statusfs {

/// A right that one at a time has. No lock: whoever has it may ask for it again, and is told no. To be told no costs
/// next to nothing: a semaphore's try_acquire() yields the processor four times before it says so, which was four
/// system calls a write where several write.
///
/// Thread safety: any thread.
class Turn {
 public:
  /// False at once where another has it.
  bool try_take() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(is_taken_, true);
  }

  void take() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [this] { return !is_taken_; });
    is_taken_ = true;
  }

  /// False where it was not to be had for so long.
  bool try_take_for(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (!given_back_.wait_for(lock, patience, [this] { return !is_taken_; })) return false;
    is_taken_ = true;
    return true;
  }

  /// Precondition: it is taken.
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      is_taken_ = false;
    }
    given_back_.notify_one();
  }

 private:
  std::mutex mutex_;  // guards is_taken_; innermost
  std::condition_variable given_back_;
  bool is_taken_ = false;
};

}  // namespace statusfs
