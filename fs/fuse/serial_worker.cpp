#include "fs/fuse/serial_worker.hpp"

#include <future>

namespace statusfs {

SerialWorker::SerialWorker() : thread_([this] { run(); }) {}

SerialWorker::~SerialWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_one();
  thread_.join();
}

void SerialWorker::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  posted_.notify_one();
}

void SerialWorker::do_or_post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (is_working_ || !queue_.empty()) {
      queue_.push_back(std::move(work));
      posted_.notify_one();
      return;
    }
  }
  work();
}

void SerialWorker::drain() {
  std::promise<void> reached;
  post([&reached] { reached.set_value(); });
  reached.get_future().wait();
}

void SerialWorker::run() {
  std::deque<std::function<void()>> batch;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      is_working_ = false;
      posted_.wait(lock, [this] { return !queue_.empty() || stopping_; });
      if (queue_.empty()) return;
      batch.swap(queue_);
      is_working_ = true;
    }
    for (auto& work : batch) work();
    batch.clear();
  }
}

}  // namespace statusfs
