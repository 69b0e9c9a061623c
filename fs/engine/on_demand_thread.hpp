// A thread that exists only while there is something for it to do.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace statusfs {

/// Calls `step` until it says that nothing is left, sleeps until it is woken, and ends after an idle time. A mount with
/// a thousand files has threads only for those that are being written.
///
/// Thread safety: wake() from any thread; step runs in one thread at a time. The destructor waits for a step that runs.
class OnDemandThread {
 public:
  /// `step` does a piece of work and returns whether there may be more. It must not throw.
  OnDemandThread(std::function<bool()> step, std::chrono::milliseconds idle_time);
  ~OnDemandThread();
  OnDemandThread(const OnDemandThread&) = delete;
  OnDemandThread& operator=(const OnDemandThread&) = delete;

  void wake();

 private:
  void run();
  bool wait_for_work();

  const std::function<bool()> step_;
  const std::chrono::milliseconds idle_time_;

  std::mutex mutex_;  // guards all below; innermost: nothing else is locked while it is held
  std::condition_variable woken_;
  bool work_pending_ = false;
  bool running_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace statusfs
