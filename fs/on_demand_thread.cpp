#include "fs/on_demand_thread.hpp"

namespace statusfs {

OnDemandThread::OnDemandThread(Step step, std::chrono::milliseconds idle) : step_(std::move(step)), idle_(idle) {}

OnDemandThread::~OnDemandThread() { stop(); }

void OnDemandThread::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    wanted_ = true;
    if (!running_) {
      if (thread_.joinable()) thread_.join();  // it ended for want of work; it takes the mutex no more
      thread_ = std::thread([this] { run(); });
      running_ = true;
      return;
    }
  }
  woken_.notify_one();
}

void OnDemandThread::stop() noexcept {
  std::thread ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    woken_.notify_one();
    ending.swap(thread_);
  }
  if (ending.joinable()) ending.join();
}

bool OnDemandThread::is_running() {
  const std::lock_guard lock(mutex_);
  return running_;
}

void OnDemandThread::run() {
  std::unique_lock lock(mutex_);
  std::optional<Time> next;
  while (wait_for_work(lock, next)) {
    wanted_ = false;
    lock.unlock();
    next = step_();
    lock.lock();
  }
  running_ = false;
}

// Precondition: the lock is held. False when the thread is to end.
bool OnDemandThread::wait_for_work(std::unique_lock<std::mutex>& lock, std::optional<Time> next) {
  if (next != at_once) {
    const Time until = next ? *next : std::chrono::steady_clock::now() + idle_;
    woken_.wait_until(lock, until, [this] { return wanted_ || stopping_; });
  }
  return !stopping_ && (wanted_ || next);
}

}  // namespace statusfs
