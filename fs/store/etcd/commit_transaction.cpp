#include "fs/store/etcd/commit_transaction.hpp"

#include <algorithm>
#include <iterator>

namespace statusfs {
namespace {

std::string value_of(std::int64_t g) { return std::to_string(g); }

std::optional<CounterState> counter_in(const EtcdRangeResult& read) {
  if (read.entries.empty()) return std::nullopt;
  return CounterState{counter_value(read.entries.front().value), read.entries.front().modified};
}

// The counter, the heads, and the last record.
std::size_t reads_of_lost(const CommitBatch& batch) { return batch.size() + 2; }

std::int64_t g_before(const CommitBatch& batch) { return batch.front()->request.first_g - 1; }

}  // namespace

std::int64_t counter_value(const std::string& text) try { return std::stoll(text); } catch (const std::exception&) {
  return 0;
}

EtcdTransaction commit_transaction(const CommitKeys& keys, const CommitBatch& batch, std::int64_t counter_revision,
                                   const LineChange& change) {
  EtcdTransaction transaction;
  transaction.compare.push_back({keys.counter, counter_revision});
  transaction.puts.push_back({keys.counter, value_of(batch.back()->request.last_g)});
  transaction.otherwise.push_back({keys.counter});
  for (const auto& item : batch) {
    const CommitRequest& request = item->request;
    transaction.compare.push_back({request.head_key, request.head_revision});
    transaction.otherwise.push_back({request.head_key});
    transaction.otherwise.back().keys_only = true;
    std::ranges::copy(request.puts, std::back_inserter(transaction.puts));
    std::ranges::copy(request.deletes, std::back_inserter(transaction.deletes));
  }
  transaction.otherwise.push_back({batch.back()->request.record_key});
  if (change.lease != 0) transaction.otherwise_puts.push_back({keys.waiting, {}, change.lease});
  if (change.goes_to_end)
    transaction.puts.push_back({keys.waiting, {}, change.lease});
  else if (change.leaves)
    transaction.deletes.push_back({keys.waiting});
  return transaction;
}

EtcdTransaction joining_transaction(const CommitKeys& keys, std::int64_t lease) {
  EtcdTransaction transaction;
  transaction.puts.push_back({keys.waiting, {}, lease});
  return transaction;
}

EtcdTransaction leaving_transaction(const CommitKeys& keys) {
  EtcdTransaction transaction;
  transaction.deletes.push_back({keys.waiting});
  return transaction;
}

std::optional<CounterState> counter_of(const EtcdTransactionResult& result) { return counter_in(result.reads.front()); }

bool did_head_move(const CommitBatch& batch, std::size_t position, const EtcdTransactionResult& result) {
  if (result.reads.size() != reads_of_lost(batch)) return false;
  const auto& head = result.reads[position + 1].entries;
  return (head.empty() ? 0 : head.front().modified) != batch[position]->request.head_revision;
}

std::optional<std::int64_t> revision_written(const CommitBatch& batch, const EtcdRangeResult& record) {
  if (record.entries.empty() || record.entries.front().value != batch.back()->request.record) return std::nullopt;
  return record.entries.front().modified;
}

std::optional<std::int64_t> revision_written(const CommitBatch& batch, const EtcdTransactionResult& result) {
  if (result.reads.size() != reads_of_lost(batch)) return std::nullopt;
  return revision_written(batch, result.reads.back());
}

EtcdTransaction fence_transaction(const CommitKeys& keys, const CommitBatch& batch, std::int64_t counter_revision) {
  EtcdTransaction transaction;
  transaction.compare.push_back({keys.counter, counter_revision});
  transaction.puts.push_back({keys.counter, value_of(g_before(batch))});
  transaction.otherwise = {{keys.counter}, {batch.back()->request.record_key}};
  return transaction;
}

FenceResult fence_result(const CommitBatch& batch, const EtcdTransactionResult& result) {
  using Kind = FenceResult::Kind;
  if (result.succeeded) return {Kind::not_applied, 0, CounterState{g_before(batch), result.revision}};
  if (result.reads.size() != 2) return {};
  const auto counter = counter_in(result.reads[0]);
  const auto written = revision_written(batch, result.reads[1]);
  return {written ? Kind::applied : Kind::not_applied, written.value_or(0), counter};
}

// The transaction compares the counter: once that moved it was applied before, or will not be.
FenceResult result_without_fence(const CommitBatch& batch, std::int64_t counter_revision,
                                 const EtcdRangeResult& counter, const EtcdRangeResult& record) {
  using Kind = FenceResult::Kind;
  const auto state = counter_in(counter);
  if (const auto written = revision_written(batch, record)) return {Kind::applied, *written, state};
  const bool has_moved = (state ? state->revision : 0) != counter_revision;
  return {has_moved ? Kind::not_applied : Kind::undecided, 0, state};
}

}  // namespace statusfs
