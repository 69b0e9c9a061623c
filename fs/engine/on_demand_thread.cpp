#include "fs/engine/on_demand_thread.hpp"

namespace statusfs {

OnDemandThread::OnDemandThread(std::function<bool()> step, std::chrono::milliseconds idle_time)
    : step_(std::move(step)), idle_time_(idle_time) {}

OnDemandThread::~OnDemandThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void OnDemandThread::wake() {
  {
    const std::lock_guard lock(mutex_);
    work_pending_ = true;
    if (!running_ && !stopping_) {
      // A thread that has ended, or is about to with nothing left to lock, is joined before its successor starts.
      if (thread_.joinable()) thread_.join();
      running_ = true;
      thread_ = std::thread([this] { run(); });
    }
  }
  woken_.notify_one();
}

void OnDemandThread::run() {
  while (wait_for_work()) {
    while (step_()) {
    }
  }
}

// False when the thread is to end.
bool OnDemandThread::wait_for_work() {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, idle_time_, [this] { return work_pending_ || stopping_; });
  if (!work_pending_) {
    running_ = false;
    return false;
  }
  work_pending_ = false;
  return true;
}

}  // namespace statusfs
