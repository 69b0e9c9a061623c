#include "fs/store/local/checkpointer.hpp"

namespace statusfs {

Checkpointer::Checkpointer(Step step, std::chrono::milliseconds idle) : step_(std::move(step)), idle_(idle) {}

Checkpointer::~Checkpointer() { stop(); }

void Checkpointer::wake() {
  const std::lock_guard guard(mutex_);
  if (stopping_) return;
  wanted_ = true;
  if (running_) {
    woken_.notify_one();
    return;
  }
  if (thread_.joinable()) thread_.join();  // it ended for want of work; it takes the mutex no more
  thread_ = std::thread([this] { run(); });
  running_ = true;
}

void Checkpointer::stop() noexcept {
  std::thread ending;
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    woken_.notify_one();
    ending.swap(thread_);
  }
  if (ending.joinable()) ending.join();
}

bool Checkpointer::is_running() {
  const std::lock_guard guard(mutex_);
  return running_;
}

void Checkpointer::run() {
  std::unique_lock guard(mutex_);
  std::optional<Time> next;
  while (!stopping_) {
    const Time until = next ? *next : std::chrono::steady_clock::now() + idle_;
    woken_.wait_until(guard, until, [&] { return wanted_ || stopping_; });
    if (stopping_ || (!wanted_ && !next)) break;
    wanted_ = false;
    guard.unlock();
    next = step_();
    guard.lock();
  }
  running_ = false;
}

}  // namespace statusfs
