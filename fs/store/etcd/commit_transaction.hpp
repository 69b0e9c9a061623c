// The transactions of a mutation: the one that writes it, and the one that finds out what became of that.
// In words: README.md, "A mutation" and "Outcomes".
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fs/store/etcd/commit_request.hpp"
#include "fs/store/etcd/etcd_messages.hpp"
#include "fs/store/etcd/waiting_line.hpp"

namespace statusfs {

/// A file's request, and what became of it as soon as that is known. Whoever holds it guards the outcome.
struct PendingCommit {
  CommitRequest request;
  std::optional<CommitOutcome> outcome;
  std::condition_variable
      decided;  ///< of the one that asked: among many writers each is woken by its own outcome alone

  void decide(CommitOutcome became) {
    outcome = std::move(became);
    decided.notify_all();
  }
};

/// Requests that go into one transaction, whose numbers follow on each other. Never empty where it is sent.
using CommitBatch = std::vector<std::shared_ptr<PendingCommit>>;

struct CommitKeys {
  std::string counter;  ///< which all hosts share
  std::string waiting;  ///< our own place in the WaitingLine
};

/// The counter as etcd holds it.
struct CounterState {
  std::int64_t value = 0;
  std::int64_t revision = 0;
};

/// What the counter's key holds; 0 where that is no number.
std::int64_t counter_value(const std::string& text);

/// How long an answer to one of these is waited for; then another member is asked what became of it.
inline constexpr std::chrono::milliseconds transaction_patience{2000};

/// Compares the counter and every head, and puts everything; where they compare otherwise they and the batch's last
/// record are read, and a place in the line is taken.
EtcdTransaction commit_transaction(const CommitKeys& keys, const CommitBatch& batch, std::int64_t counter_revision,
                                   const LineChange& change);

/// These change our place alone.
EtcdTransaction joining_transaction(const CommitKeys& keys, std::int64_t lease);
EtcdTransaction leaving_transaction(const CommitKeys& keys);

/// Of one that lost: the counter as it is; nothing where there is none any more.
std::optional<CounterState> counter_of(const EtcdTransactionResult& result);
/// Of one that lost: whether the head of the batch's `position`-th file is not what the file took it for.
bool did_head_move(const CommitBatch& batch, std::size_t position, const EtcdTransactionResult& result);
/// Of one that lost: the revision in which it had gone through before, when something between us and etcd sent it
/// twice; nothing where it had not.
std::optional<std::int64_t> revision_written(const CommitBatch& batch, const EtcdTransactionResult& result);
/// The same, by a read of the batch's last record key.
std::optional<std::int64_t> revision_written(const CommitBatch& batch, const EtcdRangeResult& record);

/// The counter is put again as it is, provided that it is still what the batch's transaction compared: if that
/// succeeds, that transaction can never succeed any more; else it did, or another host's did, and then the batch's last
/// record stands or does not.
EtcdTransaction fence_transaction(const CommitKeys& keys, const CommitBatch& batch, std::int64_t counter_revision);

/// The outcome of a batch, as a fence found it.
struct FenceResult {
  enum class Kind {
    applied,
    not_applied,  ///< and it never will be
    undecided,    ///< it was not applied yet, and no fence could be put
    no_answer,
  };
  Kind kind = Kind::no_answer;
  std::int64_t revision = 0;            ///< of what was applied
  std::optional<CounterState> counter;  ///< as the fence found or put it
};
FenceResult fence_result(const CommitBatch& batch, const EtcdTransactionResult& result);
/// Where etcd takes no fence: by what can be read, the counter first and then the batch's last record.
FenceResult result_without_fence(const CommitBatch& batch, std::int64_t counter_revision,
                                 const EtcdRangeResult& counter, const EtcdRangeResult& record);

}  // namespace statusfs
