// Sends the mutations of all files of a mount to etcd, and draws g for them.
//
// One transaction is under way at a time. What is ready when it returns goes together into the next one: it compares
// the counter's and every head's revision, and puts counter, records, heads and documents. So g has neither gaps nor
// duplicates, whoever writes, and a host's writers share the round trip.
//
// Numbers are drawn ahead: those of a lease follow on those of the lease before, whether that is durable yet or not.
// When a transaction does not go through, all numbers drawn ahead are worthless, and everybody who has some gets a
// conflict: an epoch ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fs/counter/global_counter.hpp"
#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/etcd/quorum_monitor.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// A group of mutations of one file.
struct CommitRequest {
  std::string name;  ///< of the file, for people
  std::string head_key;
  std::int64_t head_revision = 0;  ///< which the head must have
  std::int64_t first_g = 0, last_g = 0;
  std::vector<EtcdPut> puts;
  std::vector<EtcdRange> deletes;
  std::string record_key, record;  ///< of the last record: it stands there if the transaction went through
  std::string record_hash;
  std::size_t size = 0;  ///< bytes of all of it
};

struct CommitOutcome {
  StoreStatus status = StoreStatus::done;
  std::string reason;
  std::int64_t revision = 0;  ///< of what was put
  bool head_moved = false;    ///< of a conflict: the file itself has a newer version, not only the counter
};

/// Thread safety: any thread.
class CommitQueue final : public GlobalCounter {
 public:
  struct Keys {
    std::string counter;
    std::string waiting;  ///< prefix of the keys of hosts that lose too often
    std::string host;     ///< our own name below it
  };
  struct Events {
    std::function<std::int64_t()> lease;  ///< the lease of this host, 0 where there is none now
    /// What became of a mutation whose writer was told that its outcome is unknown.
    std::function<void(const std::string& name, const std::string& outcome)> found_out;
  };

  /// `client` and `monitor` must outlive this.
  CommitQueue(EtcdClient& client, QuorumMonitor& monitor, Keys keys, Events events);
  ~CommitQueue() override;

  // The global counter. A lease is the only one that draws from begin() to its commit().
  std::unique_ptr<Lease> begin() override;
  void raise(std::int64_t) override {}  // what is in etcd has been drawn there

  /// Blocks until the outcome is known, or for at most `longest_wait`.
  CommitOutcome commit(CommitRequest request);

  /// The counter as it was read or watched. Older ones are passed over.
  void counter_seen(std::int64_t value, std::int64_t revision);
  /// There is no quorum: what was not sent is not sent any more.
  void connection_lost();
  /// Finds out what became of that whose outcome is unknown. False: not possible yet.
  bool find_out();

  static constexpr std::chrono::seconds longest_wait{10};

 private:
  using Clock = std::chrono::steady_clock;
  class QueueLease;
  struct Item {
    CommitRequest request;
    std::optional<CommitOutcome> outcome;
  };
  using ItemPointer = std::shared_ptr<Item>;
  using Batch = std::vector<ItemPointer>;
  enum class Fence { applied, not_applied, no_answer };

  // Called by leases.
  std::int64_t draw(std::uint64_t epoch);
  void promise(std::uint64_t epoch, std::int64_t first, std::int64_t last);
  void end_lease(std::uint64_t epoch, std::int64_t first, std::int64_t last, bool was_promised);

  void run();
  Batch next_batch();
  void send(const Batch& batch);
  void answer(const Batch& batch, StoreStatus status, const std::string& reason, std::int64_t revision = 0);
  void refuse(const Batch& batch, StoreStatus status, const std::string& reason);
  EtcdTransaction transaction_of(const Batch& batch, std::int64_t counter_revision) const;
  void succeeded(const Batch& batch, const EtcdTransactionResult& result);
  void lost_race(const Batch& batch, const EtcdTransactionResult& result);
  void outcome_unknown(const Batch& batch, std::int64_t counter_revision, Clock::time_point sent);
  Fence fence(const Batch& batch, std::int64_t counter_revision, std::int64_t& revision);
  void counter_is_gone();
  void end_epoch(StoreStatus status, const std::string& reason);  // mutex_ is held
  void ask_for_a_turn();
  void let_others_go_first(const EtcdTransactionResult& result);

  EtcdClient& client_;
  QuorumMonitor& monitor_;
  const Keys keys_;
  const Events events_;

  std::mutex mutex_;  // guards all below; never held while etcd is asked
  std::condition_variable changed_;
  std::int64_t known_g_ = 0;         // durable
  std::int64_t known_revision_ = 0;  // of the counter's key; 0: there is none
  std::int64_t next_g_ = 1;          // to be drawn
  std::uint64_t epoch_ = 0;
  bool is_lease_open_ = false;
  std::map<std::int64_t, std::int64_t>
      promised_;  // first and last numbers of leases of this epoch that were not handed in yet
  std::map<std::int64_t, ItemPointer> waiting_;  // by first number
  struct Unresolved {
    Batch batch;
    std::int64_t counter_revision = 0;
  };
  std::vector<Unresolved> unresolved_;
  bool is_stopping_ = false;

  // The sending thread's own.
  unsigned losses_ = 0;          // in a row
  std::size_t send_singly_ = 0;  // so many: one of them makes etcd refuse the whole transaction
  bool has_asked_for_a_turn_ = false;
  std::mt19937 random_{std::random_device{}()};
  std::thread thread_;
};

}  // namespace statusfs
