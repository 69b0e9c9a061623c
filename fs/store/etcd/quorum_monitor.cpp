#include "fs/store/etcd/quorum_monitor.hpp"

#include <algorithm>

namespace statusfs {
namespace {

constexpr std::chrono::milliseconds question_interval{300};

}  // namespace

QuorumMonitor::QuorumMonitor(EtcdClient& client, std::string key, Events events)
    : client_(client), key_(std::move(key)), events_(std::move(events)) {}

QuorumMonitor::~QuorumMonitor() { stop(); }

void QuorumMonitor::start() {
  thread_ = std::thread([this] { run(); });
}

void QuorumMonitor::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool QuorumMonitor::is_lost() const {
  const std::lock_guard lock(mutex_);
  return !lost_because_.empty();
}

std::string QuorumMonitor::reason() const {
  const std::lock_guard lock(mutex_);
  return lost_because_;
}

void QuorumMonitor::prove(Clock::time_point asked) {
  const std::lock_guard lock(mutex_);
  proved_ = std::max(proved_, asked);
}

void QuorumMonitor::set_lost(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!lost_because_.empty()) return;
    lost_because_ = reason;
  }
  changed_.notify_all();
}

bool QuorumMonitor::ask() {
  {
    const std::lock_guard lock(mutex_);
    if (!lost_because_.empty()) return false;
    if (Clock::now() - proved_ < proof_lasts) return true;
  }
  return ask_now();
}

bool QuorumMonitor::ask_now() try {
  const auto asked = Clock::now();
  const EtcdRangeResult answer = client_.range({key_}, patience);
  prove(asked);
  if (events_.answered) events_.answered(answer);
  return true;
} catch (const std::exception& error) {
  set_lost(error.what());
  return false;
}

void QuorumMonitor::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    changed_.wait_for(lock, question_interval,
                      [this] { return is_stopping_ || (!lost_because_.empty() && !is_lost_told_); });
    if (is_stopping_) return;
    const bool was_lost = !lost_because_.empty();
    if (was_lost && !is_lost_told_) {
      is_lost_told_ = true;
      const std::string reason = lost_because_;
      lock.unlock();
      events_.lost(reason);
      lock.lock();
      continue;
    }
    lock.unlock();
    const bool is_ready = ask_now() && events_.find_out();
    lock.lock();
    if (!was_lost || !is_ready) continue;
    lost_because_.clear();
    is_lost_told_ = false;
    lock.unlock();
    events_.recovered();
    lock.lock();
  }
}

}  // namespace statusfs
