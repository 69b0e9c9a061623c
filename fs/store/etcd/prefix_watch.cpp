#include "fs/store/etcd/prefix_watch.hpp"

#include <algorithm>

namespace statusfs {
namespace {

constexpr std::chrono::milliseconds patience_with_member{1000};
constexpr std::chrono::milliseconds pause{100};

}  // namespace

PrefixWatch::PrefixWatch(EtcdClient& client, std::string prefix, std::int64_t from_revision, Callbacks callbacks)
    : client_(client), prefix_(std::move(prefix)), callbacks_(std::move(callbacks)), next_revision_(from_revision) {
  seen_ = from_revision - 1;
}

PrefixWatch::~PrefixWatch() { stop(); }

void PrefixWatch::start() {
  thread_ = std::thread([this] { run(); });
}

void PrefixWatch::stop() {
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void PrefixWatch::should_have_seen(std::int64_t revision) {
  if (revision <= seen_ || revision <= expected_) return;
  if (expected_ <= seen_) expected_since_ = Clock::now().time_since_epoch().count();
  expected_ = revision;
}

bool PrefixWatch::goes_on() {
  if (is_stopping_ || is_stream_stale_ || client_.preferred_member() != member_) return false;
  if (expected_ <= seen_) return true;
  if (Clock::now() - Clock::time_point(Clock::duration(expected_since_)) < patience_with_member) return true;
  client_.avoid(member_);
  return false;
}

void PrefixWatch::run() {
  while (!is_stopping_) {
    is_stream_stale_ = false;
    try {
      if (must_read_anew_) {
        next_revision_ = callbacks_.lost_track();
        seen_ = next_revision_ - 1;
        must_read_anew_ = false;
      }
      expected_since_ = Clock::now().time_since_epoch().count();
      member_ = client_.preferred_member();
      client_.watch(
          member_, prefix_, next_revision_, [this](const EtcdWatchNews& news) { return receive(news); },
          [this] { return goes_on(); });
    } catch (const std::exception&) {
      // Whether there is a quorum is the monitor's matter; here it is tried again.
      client_.avoid(member_);
    }
    for (auto waited = std::chrono::milliseconds(0); waited < pause && !is_stopping_; waited += pause / 5)
      std::this_thread::sleep_for(pause / 5);
  }
}

bool PrefixWatch::receive(const EtcdWatchNews& news) {
  if (news.is_over) {
    must_read_anew_ = news.are_some_missing;
    return false;
  }
  if (news.events.empty()) return !is_stopping_;
  std::int64_t newest = seen_;
  for (const EtcdEvent& event : news.events) newest = std::max(newest, event.entry.modified);
  callbacks_.changed(news.events);
  next_revision_ = newest + 1;
  seen_ = newest;
  return !is_stopping_;
}

}  // namespace statusfs
