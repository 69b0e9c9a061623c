// Follows everything that is put and deleted below a prefix.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

/// Goes on at another member where one falls behind or hangs, without a gap. A stream says nothing while nothing
/// changes: that its member lives is seen by other requests, which go to the same member, and where these turn to
/// another one the stream does, too.
///
/// Thread safety: any thread. The callbacks run on the watch's thread.
class PrefixWatch {
 public:
  struct Callbacks {
    /// Whole revisions, in order.
    std::function<void(const std::vector<EtcdEvent>& events)> changed;
    /// Revisions are missing (compacted): everything is to be read anew. Returns the revision from which to go on;
    /// throws EtcdError where that is not possible now.
    std::function<std::int64_t()> lost_track;
  };

  /// `client` must outlive this.
  PrefixWatch(EtcdClient& client, std::string prefix, std::int64_t from_revision, Callbacks callbacks);
  ~PrefixWatch();

  void start();
  void stop();

  /// The cluster is known to have a change of this revision below the prefix: a watch that has not seen it soon is
  /// asked elsewhere.
  void should_have_seen(std::int64_t revision);
  /// After the connection was lost: whatever the old stream may still say, a new one is begun.
  void begin_anew() { is_stream_stale_ = true; }

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  bool receive(const EtcdWatchNews& news);
  bool goes_on();

  EtcdClient& client_;
  const std::string prefix_;
  const Callbacks callbacks_;

  // The watch's thread alone.
  std::int64_t next_revision_;
  std::size_t member_ = 0;  // that the stream comes from
  bool must_read_anew_ = false;

  std::atomic<std::int64_t> seen_{0};      // every change up to it was handed over
  std::atomic<std::int64_t> expected_{0};  // should have been seen by now
  std::atomic<Clock::rep> expected_since_{0};
  std::atomic<bool> is_stream_stale_{false};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace statusfs
