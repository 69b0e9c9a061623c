#include "fs/store/etcd/commit_transaction.hpp"

#include <algorithm>
#include <iterator>

namespace statusfs {
namespace {

std::string value_of(std::int64_t g) { return std::to_string(g); }

std::int64_t g_of(const std::string& value) {
  try {
    return std::stoll(value);
  } catch (const std::exception&) {
    return 0;
  }
}

std::optional<CounterState> counter_in(const EtcdRangeResult& read) {
  if (read.entries.empty()) return std::nullopt;
  return CounterState{g_of(read.entries.front().value), read.entries.front().modified};
}

std::int64_t g_before(const CommitBatch& batch) { return batch.front()->request.first_g - 1; }

}  // namespace

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
  if (position + 1 >= result.reads.size()) return false;
  const auto& head = result.reads[position + 1].entries;
  return (head.empty() ? 0 : head.front().modified) != batch[position]->request.head_revision;
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
  const auto& record = result.reads[1].entries;
  if (record.empty() || record.front().value != batch.back()->request.record) return {Kind::not_applied, 0, counter};
  return {Kind::applied, record.front().modified, counter};
}

}  // namespace statusfs
