// Mutations that have their numbers and wait to be sent, in the order of these.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "fs/store/etcd/commit_transaction.hpp"

namespace statusfs {

/// Thread safety: none; its owner guards it.
class PendingCommits {
 public:
  using Clock = std::chrono::steady_clock;

  bool is_empty() const noexcept { return commits_.empty(); }
  /// Preconditions of these three: some wait.
  std::int64_t first_g() const { return commits_.begin()->first; }
  /// So long those that wait may wait for others that are on their way.
  Clock::time_point gathered_by() const noexcept { return gathered_by_; }
  /// Those that follow on each other without a gap, as many as go into one transaction.
  CommitBatch take();

  void add(std::shared_ptr<PendingCommit> commit, Clock::time_point now);
  /// None of them is sent: that is what became of them.
  void give_up(const CommitOutcome& outcome);
  /// So many are taken one by one: one of them makes etcd refuse the whole transaction.
  void take_singly(std::size_t count) noexcept { singly_ = count; }

 private:
  std::map<std::int64_t, std::shared_ptr<PendingCommit>> commits_;  // by first number
  Clock::time_point gathered_by_{};
  std::size_t singly_ = 0;
};

}  // namespace statusfs
