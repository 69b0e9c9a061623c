#include "fs/store/etcd/unknown_outcomes.hpp"

#include <utility>

namespace statusfs {

UnknownOutcomes::UnknownOutcomes(EtcdClient& client, CommitKeys keys, Events events)
    : client_(client), keys_(std::move(keys)), events_(std::move(events)) {}

FenceResult UnknownOutcomes::ask(const CommitBatch& batch, std::int64_t counter_revision) try {
  const EtcdTransactionResult result =
      client_.transact(fence_transaction(keys_, batch, counter_revision), transaction_patience);
  FenceResult found = fence_result(batch, result);
  if (found.counter) events_.counter_seen(*found.counter);
  return found;
} catch (const std::exception&) {
  return {};
}

void UnknownOutcomes::keep(CommitBatch batch, std::int64_t counter_revision) {
  const std::lock_guard lock(mutex_);
  kept_.push_back({std::move(batch), counter_revision});
}

bool UnknownOutcomes::find_out() {
  for (;;) {
    Kept next;
    {
      const std::lock_guard lock(mutex_);
      if (kept_.empty()) return true;
      next = kept_.front();
    }
    const FenceResult found = ask(next.batch, next.counter_revision);
    if (found.kind == FenceResult::Kind::no_answer) return false;
    const bool was_written = found.kind == FenceResult::Kind::applied;
    for (const auto& commit : next.batch)
      events_.found_out(commit->request.name, "record " + commit->request.record_hash +
                                                  ", whose outcome was unknown, " +
                                                  (was_written ? "was written" : "was not written and never will be"));
    const std::lock_guard lock(mutex_);
    kept_.erase(kept_.begin());
  }
}

}  // namespace statusfs
