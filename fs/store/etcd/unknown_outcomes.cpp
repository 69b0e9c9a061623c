#include "fs/store/etcd/unknown_outcomes.hpp"

#include <algorithm>
#include <utility>

namespace statusfs {

UnknownOutcomes::UnknownOutcomes(EtcdClient& client, CommitKeys keys, Events events)
    : client_(client), keys_(std::move(keys)), events_(std::move(events)) {}

FenceResult UnknownOutcomes::ask(const CommitBatch& batch, std::int64_t counter_revision,
                                 std::chrono::milliseconds patience) try {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  FenceResult found;
  try {
    found = fence_result(batch, client_.transact(fence_transaction(keys_, batch, counter_revision), patience));
  } catch (const EtcdError& error) {
    if (error.kind() != EtcdError::Kind::no_space) throw;
    found = look(batch, counter_revision, deadline);
  }
  if (found.counter) events_.counter_seen(*found.counter);
  return found;
} catch (const std::exception&) {
  return {};
}

// A fence bears a put, which an etcd that is full refuses. Reading it does not.
FenceResult UnknownOutcomes::look(const CommitBatch& batch, std::int64_t counter_revision,
                                  std::chrono::steady_clock::time_point deadline) {
  const auto read = [&](const std::string& key) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return client_.range({key}, std::max(left, std::chrono::milliseconds(1)));
  };
  const EtcdRangeResult counter = read(keys_.counter);
  return result_without_fence(batch, counter_revision, counter, read(batch.back()->request.record_key));
}

void UnknownOutcomes::keep(CommitBatch batch, std::int64_t counter_revision) {
  const std::lock_guard lock(mutex_);
  kept_.push_back({std::move(batch), counter_revision});
}

bool UnknownOutcomes::find_out() {
  std::vector<Kept> all;
  {
    const std::lock_guard lock(mutex_);
    all = kept_;
  }
  for (const Kept& kept : all) {
    const FenceResult found = ask(kept.batch, kept.counter_revision, transaction_patience);
    if (found.kind == FenceResult::Kind::no_answer) return false;
    if (found.kind == FenceResult::Kind::undecided) continue;
    const bool was_written = found.kind == FenceResult::Kind::applied;
    for (const auto& commit : kept.batch)
      events_.found_out(commit->request.name, "record " + commit->request.record_hash +
                                                  ", whose outcome was unknown, " +
                                                  (was_written ? "was written" : "was not written and never will be"));
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [&](const Kept& one) { return one.batch.front() == kept.batch.front(); });
  }
  return true;
}

}  // namespace statusfs
