// How hosts that write at once let each other get through.
//
// A host that lost a race pauses at random, the longer the more it lost in a row. One that lost too often puts its name
// under a key, which every transaction reads; the others pause until it had its turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>

#include "fs/store/etcd/commit_transaction.hpp"
#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

/// Thread safety: one thread, the one that sends.
class TurnTaking {
 public:
  /// `client` must outlive this. `lease`: of this host, 0 where there is none now.
  TurnTaking(EtcdClient& client, CommitKeys keys, std::function<std::int64_t()> lease);

  void won();
  /// Asks for a turn where that is due, and pauses.
  void lost();
  /// A transaction that goes through ends the turn that was asked for.
  void end_turn_with(EtcdTransaction& transaction) const;

  /// What others who wait are given before this host goes on.
  static constexpr std::chrono::milliseconds time_for_others{20};

 private:
  void ask_for_a_turn();
  void pause();

  EtcdClient& client_;
  const CommitKeys keys_;
  const std::function<std::int64_t()> lease_;
  unsigned losses_ = 0;  // in a row
  bool has_asked_ = false;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace statusfs
