// A thread that exists only while there is something for it to do.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace statusfs {

/// Calls a step when it is woken and when the step is due again, and ends after a time without work: a mount with a
/// thousand files has threads only for those that are being written.
///
/// Thread safety: every function from any thread, except that stop() and the destructor must not be called by the step.
/// The step runs in one thread at a time.
class OnDemandThread {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Does what is due, and tells when it wants to be called again; nothing: not before the next wake(). Must not throw.
  using Step = std::function<std::optional<Time>()>;
  static constexpr Time at_once = Time::min();

  /// `idle`: how long the thread lives without work.
  explicit OnDemandThread(Step step, std::chrono::milliseconds idle = std::chrono::seconds(5));
  ~OnDemandThread();
  OnDemandThread(const OnDemandThread&) = delete;
  OnDemandThread& operator=(const OnDemandThread&) = delete;

  /// The step is called soon. Throws std::system_error when no thread can be had.
  void wake();
  /// Ends the thread after the step that runs. No wake() has an effect any more.
  void stop() noexcept;
  bool is_running();

 private:
  void run();
  bool wait_for_work(std::unique_lock<std::mutex>& lock, std::optional<Time> next);

  const Step step_;
  const std::chrono::milliseconds idle_;

  std::mutex mutex_;  // innermost, never held during a step. Guards what follows:
  std::condition_variable woken_;
  std::thread thread_;
  bool running_ = false;
  bool wanted_ = false;
  bool stopping_ = false;
};

}  // namespace statusfs
