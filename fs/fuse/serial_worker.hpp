// A thread that does one thing after another, or lets its caller do it where nothing is left to be done before.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace statusfs {

/// Thread safety: every function from any thread, except that work must not call drain(). Work is done in the order in
/// which it was posted by one thread; the destructor waits until all of it is done. Work must not throw and must not
/// wait for other work of the same worker.
class SerialWorker {
 public:
  SerialWorker();
  ~SerialWorker();
  SerialWorker(const SerialWorker&) = delete;
  SerialWorker& operator=(const SerialWorker&) = delete;

  void post(std::function<void()> work);
  /// The same, but done at once by the caller where nothing that was posted before is left: it saves waking the thread.
  void do_or_post(std::function<void()> work);
  /// Returns when everything that was posted before is done.
  void drain();

 private:
  void run();

  std::mutex mutex_;  // guards queue_, is_working_ and stopping_; innermost, never held while work is done
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
  bool is_working_ = false;  // the thread, on what it took from the queue
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all above
};

}  // namespace statusfs
