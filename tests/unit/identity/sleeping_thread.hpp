// A thread of this process that does nothing.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace statusfs {

// Lives as long as its owner and sleeps.
class SleepingThread {
 public:
  SleepingThread()
      : thread_([this] {
          id_.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
          may_end_.get_future().wait();
        }) {}
  ~SleepingThread() {
    may_end_.set_value();
    thread_.join();
  }
  pid_t id() const { return known_id_.get(); }

 private:
  std::promise<pid_t> id_;
  std::shared_future<pid_t> known_id_ = id_.get_future().share();
  std::promise<void> may_end_;
  std::thread thread_;
};

}  // namespace statusfs
