// Which of the threads that serve requests may wait: for the disk, for the kernel, for another process.
#pragma once

#include <atomic>

namespace statusfs {

/// What libfuse starts at most where nothing else is asked for.
inline constexpr unsigned usual_serving_threads = 10;

/// So many threads may wait at once that always enough are left for what they wait for: the kernel answers an
/// announcement once a READ of that file is answered, which another thread has to serve. Where there are few, none may.
///
/// Thread safety: any thread.
class SpareThreads {
 public:
  static constexpr int most = 2;

  /// `others`: serving threads that may wait for something else at the same time.
  explicit SpareThreads(unsigned serving_threads, unsigned others = 0)
      : free_(serving_threads >= others + 4 ? most : 0) {}

  /// The right to wait, if there was one to be had, until its end.
  class Permit {
   public:
    explicit Permit(SpareThreads& threads) : threads_(threads.take() ? &threads : nullptr) {}
    ~Permit() {
      if (threads_) ++threads_->free_;
    }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    explicit operator bool() const noexcept { return threads_ != nullptr; }

   private:
    SpareThreads* threads_;
  };

 private:
  // Not by a semaphore's try_acquire(), which yields the processor several times before it says no.
  bool take() noexcept {
    int free = free_.load();
    while (free > 0)
      if (free_.compare_exchange_weak(free, free - 1)) return true;
    return false;
  }

  std::atomic<int> free_;
};

}  // namespace statusfs
