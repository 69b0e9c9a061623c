// A thread that does what is due and ends when nothing was due for a while, so that idle files have none.
//
// Thread safety: every function from any thread, except that stop() and the destructor must not be called by the step.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace statusfs {

class Checkpointer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Does what is due, and tells when it wants to be called again; nothing: not before the next wake(). Must not throw.
  using Step = std::function<std::optional<Time>()>;

  Checkpointer(Step step, std::chrono::milliseconds idle);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// The step is called soon. Throws std::system_error when no thread can be had.
  void wake();
  /// Ends the thread after the step that runs. No wake() has an effect any more.
  void stop() noexcept;
  bool is_running();

 private:
  void run();

  const Step step_;
  const std::chrono::milliseconds idle_;

  std::mutex mutex_;  // never held during a step. Guards what follows:
  std::condition_variable woken_;
  std::thread thread_;
  bool running_ = false;
  bool wanted_ = false;
  bool stopping_ = false;
};

}  // namespace statusfs
