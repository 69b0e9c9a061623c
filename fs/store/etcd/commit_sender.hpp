// Sends the transaction of a batch, and finds out what became of it. In words: README.md, "Outcomes".
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fs/store/etcd/commit_transaction.hpp"
#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/quorum_monitor.hpp"
#include "fs/store/etcd/unknown_outcomes.hpp"
#include "fs/store/etcd/waiting_line.hpp"

namespace statusfs {

/// What became of a batch that was sent.
struct SendResult {
  enum class Kind {
    applied,         ///< in `revision`, and `change` with it
    applied_before,  ///< in `revision`: it arrived twice, and `answer` is that of the second time, which lost
    lost_race,       ///< to what `answer` says
    found_applied,   ///< in `revision`, as a fence found it; nothing is known of `change`
    not_arrived,     ///< and it never will
    refused,         ///< for what is in it: nothing was written
    failed,          ///< for another reason; where it may have been applied it is kept in UnknownOutcomes
  };
  Kind kind = Kind::failed;
  std::int64_t revision = 0;
  StoreStatus status = StoreStatus::done;  ///< of refused and failed
  std::string reason = {};                 ///< of these
  EtcdTransactionResult answer = {};
  LineChange change = {};                                        ///< of our place, as it was sent last
  std::optional<std::chrono::steady_clock::duration> took = {};  ///< until etcd answered that it won or lost
};

/// Thread safety: one thread.
class CommitSender {
 public:
  /// Between two fences. False: none is to follow.
  using Wait = std::function<bool(std::chrono::milliseconds time)>;

  /// The references must outlive this.
  CommitSender(EtcdClient& client, QuorumMonitor& monitor, UnknownOutcomes& unknown, CommitKeys keys, Wait wait);

  /// Blocks until the outcome is known, or `longest_wait` is over. No lock is to be held that `wait` or the callbacks
  /// of `unknown` take.
  SendResult send(const CommitBatch& batch, std::int64_t counter_revision, const LineChange& change);

  static constexpr std::chrono::seconds longest_wait{10};

 private:
  using Clock = std::chrono::steady_clock;

  /// A transaction that was sent.
  struct Sent {
    const CommitBatch& batch;
    std::int64_t counter_revision = 0;
    LineChange change;
    Clock::time_point at;
  };

  SendResult failed(const Sent& sent, const EtcdError& error);
  SendResult is_full(const Sent& sent, const std::string& reason);
  SendResult outcome_unknown(const Sent& sent);

  EtcdClient& client_;
  QuorumMonitor& monitor_;
  UnknownOutcomes& unknown_;
  const CommitKeys keys_;
  const Wait wait_;
};

}  // namespace statusfs
