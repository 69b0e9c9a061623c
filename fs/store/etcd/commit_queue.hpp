// Sends the mutations of all files of a mount to etcd, and draws g for them.
//
// One transaction is under way at a time (CommitSender). What is ready when it returns goes together into the next one:
// it compares the counter's and every head's revision, and puts counter, records, heads and documents. So g has neither
// gaps nor duplicates, whoever writes, and a host's writers share the round trip. Whoever hands in what completes a
// transaction sends it; what waits for something else is sent by a thread of this.
//
// Numbers are drawn ahead (DrawnNumbers), while no other host is before us (WaitingLine). When a transaction does not
// go through, everybody who has some gets a conflict.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "fs/counter/global_counter.hpp"
#include "fs/store/etcd/commit_request.hpp"
#include "fs/store/etcd/commit_sender.hpp"
#include "fs/store/etcd/commit_transaction.hpp"
#include "fs/store/etcd/drawn_numbers.hpp"
#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/pending_commits.hpp"
#include "fs/store/etcd/quorum_monitor.hpp"
#include "fs/store/etcd/unknown_outcomes.hpp"
#include "fs/store/etcd/waiting_line.hpp"

namespace statusfs {

/// Thread safety: any thread.
class CommitQueue final : public GlobalCounter {
 public:
  struct Events {
    std::function<std::int64_t()> lease;  ///< the lease of this host, 0 where there is none now
    /// What became of a mutation whose writer was told that its outcome is unknown.
    std::function<void(const std::string& name, const std::string& outcome)> found_out;
  };

  /// `client` and `monitor` must outlive this.
  CommitQueue(EtcdClient& client, QuorumMonitor& monitor, CommitKeys keys, Events events);
  ~CommitQueue() override;

  // The global counter. A lease is the only one that draws from begin() to its commit().
  std::unique_ptr<Lease> begin() override;
  std::unique_ptr<Claim> claim(std::int64_t) override { return nullptr; }  // numbers follow each other without gap
  void raise(std::int64_t) override {}                                     // what is in etcd has been drawn there

  /// Blocks until the outcome is known. A transaction is under way for at most QuorumMonitor::patience, in which a
  /// quorum is asked for, and CommitSender::longest_wait from when it was sent; a request may have to wait for the one
  /// before.
  CommitOutcome commit(CommitRequest request);

  /// The counter as it was read or watched. Older ones are passed over.
  void counter_seen(std::int64_t value, std::int64_t revision);
  /// A place in the waiting line was taken or given up, as the watch tells it.
  void line_changed(const std::string& key, std::int64_t revision, bool is_taken);
  /// The watch missed something.
  void line_unknown();
  /// There is no quorum: what was not sent is not sent any more.
  void connection_lost();
  /// Finds out what became of that whose outcome is unknown. False: not possible yet.
  bool find_out() { return unknown_.find_out(); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point never = Clock::time_point::max();
  class QueueLease;

  // Called by leases.
  std::int64_t draw(std::uint64_t epoch);
  void promise(std::uint64_t epoch, NumberRange range);
  void end_lease(std::uint64_t epoch, NumberRange range, bool was_promised);
  void lost_unsent();

  // commit_queue_sending.cpp. The thread, for what no caller does.
  enum class Task { send, join_line, leave_line, stop };
  void run();
  Task next_task(std::unique_lock<std::mutex>& lock, CommitBatch& batch);

  // Whoever asks etcd: one at a time.
  class Sending;
  void send(const CommitBatch& batch);
  void apply(const CommitBatch& batch, const SendResult& result);
  void succeeded(const CommitBatch& batch, const SendResult& result);
  void succeeded_before(const CommitBatch& batch, const SendResult& result);
  void lost_race(const CommitBatch& batch, const EtcdTransactionResult& result, const LineChange& change);
  void lost_before_sending(const CommitBatch& batch);
  void pause();
  void did_not_arrive(const CommitBatch& batch);
  void refuse(const CommitBatch& batch, StoreStatus status, const std::string& reason);
  void answer(const CommitBatch& batch, StoreStatus status, const std::string& reason, std::int64_t revision = 0);
  bool wait_unless_stopping(std::chrono::milliseconds time);
  void join_line();
  void leave_line();
  std::optional<std::int64_t> change_place(const EtcdTransaction& transaction);

  // mutex_ is held.
  bool is_ready_to_send(Clock::time_point now) const;
  bool is_joining_due(Clock::time_point now) const;
  bool is_idle_turn(Clock::time_point now);
  bool is_nobody_on_the_way() const;
  void note_loss(Clock::time_point now);
  void seen(const CounterState& counter);
  void seen_by(const EtcdTransactionResult& lost);
  void end_epoch(StoreStatus status, const std::string& reason);
  void wake();
  void wake_thread();

  EtcdClient& client_;
  QuorumMonitor& monitor_;
  const CommitKeys keys_;
  const Events events_;

  std::mutex mutex_;                // guards all below but sender_ and random_; never held while etcd is asked
  std::condition_variable work_;    // the thread's
  std::condition_variable ending_;  // of who waits between two requests
  std::list<std::condition_variable> wanting_;  // a thread each that wants numbers, first come first
  DrawnNumbers numbers_;
  PendingCommits pending_;
  WaitingLine line_;
  Clock::time_point idle_until_ = never;  // then our place is given up, if nobody wants to write before
  Clock::time_point losers_return_by_{};  // who lost takes over what is new, and asks for the same again
  bool is_sending_ = false;
  bool is_stopping_ = false;

  UnknownOutcomes unknown_;
  CommitSender sender_;                          // of who is sending
  std::mt19937 random_{std::random_device{}()};  // the same
  std::thread thread_;
};

}  // namespace statusfs
