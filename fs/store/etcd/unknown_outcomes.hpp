// What became of transactions that were sent and that nobody answered.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "fs/store/etcd/commit_transaction.hpp"
#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

/// Thread safety: any thread; find_out() one thread at a time. The callbacks run on the thread that asks, with no lock
/// held.
class UnknownOutcomes {
 public:
  struct Events {
    std::function<void(const CounterState& counter)> counter_seen;
    /// Of a mutation that was kept: what is to be told of it.
    std::function<void(const std::string& name, const std::string& outcome)> found_out;
  };

  /// `client` must outlive this.
  UnknownOutcomes(EtcdClient& client, CommitKeys keys, Events events);

  /// Asks once, for at most `patience`. Afterwards a transaction that was not applied never will be, unless the result
  /// is that nobody knows.
  FenceResult ask(const CommitBatch& batch, std::int64_t counter_revision, std::chrono::milliseconds patience);

  /// Its writers wait no more: find_out() tells them.
  void keep(CommitBatch batch, std::int64_t counter_revision);
  /// Asks for all that were kept. False: etcd does not answer. What it cannot decide, because it is full and takes no
  /// fence, is kept on.
  bool find_out();

 private:
  struct Kept {
    CommitBatch batch;
    std::int64_t counter_revision = 0;
  };

  FenceResult look(const CommitBatch& batch, std::int64_t counter_revision,
                   std::chrono::steady_clock::time_point deadline);

  EtcdClient& client_;
  const CommitKeys keys_;
  const Events events_;

  std::mutex mutex_;  // guards kept_; innermost, never held while etcd is asked
  std::vector<Kept> kept_;
};

}  // namespace statusfs
