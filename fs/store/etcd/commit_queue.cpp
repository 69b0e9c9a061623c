#include "fs/store/etcd/commit_queue.hpp"

#include <algorithm>
#include <iterator>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;

// etcd takes 128 operations and 1.5 MiB a request.
constexpr std::size_t most_operations = 120;
constexpr std::size_t most_bytes = 1024 * 1024;
constexpr unsigned losses_before_a_turn = 3;
constexpr milliseconds time_for_others{20};
constexpr milliseconds longest_backoff{32};
constexpr milliseconds patience_with_transaction{2000};  // then it is asked elsewhere what became of it

std::size_t operations_of(const CommitRequest& request) { return request.puts.size() + request.deletes.size(); }

std::string value_of(std::int64_t g) { return std::to_string(g); }

std::int64_t g_of(const std::string& value) {
  try {
    return std::stoll(value);
  } catch (const std::exception&) {
    return 0;
  }
}

}  // namespace

// --- leases ----------------------------------------------------------------------------------------------------------

class CommitQueue::QueueLease final : public GlobalCounter::Lease {
 public:
  QueueLease(CommitQueue& queue, std::uint64_t epoch) : queue_(queue), epoch_(epoch) {}
  ~QueueLease() override { queue_.end_lease(epoch_, first_, last_, is_promised_); }

  std::int64_t next() override {
    last_ = queue_.draw(epoch_);
    if (first_ == 0) first_ = last_;
    return last_;
  }
  void commit() override {
    queue_.promise(epoch_, first_, last_);
    is_promised_ = true;
  }

 private:
  CommitQueue& queue_;
  const std::uint64_t epoch_;
  std::int64_t first_ = 0, last_ = 0;  // 0: none was drawn
  bool is_promised_ = false;
};

std::unique_ptr<GlobalCounter::Lease> CommitQueue::begin() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !is_lease_open_ || is_stopping_; });
  is_lease_open_ = true;
  // Nobody has numbers that are not durable: the newest that was heard of is the base.
  if (promised_.empty() && waiting_.empty()) next_g_ = std::max(next_g_, known_g_ + 1);
  return std::make_unique<QueueLease>(*this, epoch_);
}

std::int64_t CommitQueue::draw(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  if (next_g_ > largest_g) throw Rejection(Cause::read_only, "the global counter has no number left");
  // An epoch that ended meanwhile makes the number worthless, which commit() will say.
  return epoch == epoch_ ? next_g_++ : next_g_;
}

void CommitQueue::promise(std::uint64_t epoch, std::int64_t first, std::int64_t last) {
  const std::lock_guard lock(mutex_);
  is_lease_open_ = false;
  if (epoch == epoch_ && first != 0) promised_.emplace(first, last);
  changed_.notify_all();
}

void CommitQueue::end_lease(std::uint64_t epoch, std::int64_t first, std::int64_t last, bool was_promised) {
  const std::lock_guard lock(mutex_);
  if (!was_promised) is_lease_open_ = false;
  if (epoch == epoch_ && first != 0) {
    if (!was_promised)
      next_g_ = first;  // nobody drew after it
    else if (const auto found = promised_.find(first); found != promised_.end() && found->second == last)
      end_epoch(StoreStatus::conflict, "numbers before these were given up");
  }
  changed_.notify_all();
}

void CommitQueue::end_epoch(StoreStatus status, const std::string& reason) {
  ++epoch_;
  promised_.clear();
  for (auto& [first, item] : waiting_) item->outcome = CommitOutcome{status, reason, 0};
  waiting_.clear();
  next_g_ = known_g_ + 1;
  changed_.notify_all();
}

// --- callers ---------------------------------------------------------------------------------------------------------

CommitQueue::CommitQueue(EtcdClient& client, QuorumMonitor& monitor, Keys keys, Events events)
    : client_(client), monitor_(monitor), keys_(std::move(keys)), events_(std::move(events)) {
  thread_ = std::thread([this] { run(); });
}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

CommitOutcome CommitQueue::commit(CommitRequest request) {
  const auto item = std::make_shared<Item>();
  item->request = std::move(request);
  std::unique_lock lock(mutex_);
  const auto promised = promised_.find(item->request.first_g);
  if (promised == promised_.end() || promised->second != item->request.last_g)
    return {StoreStatus::conflict, "another host wrote first", 0};
  promised_.erase(promised);
  waiting_.emplace(item->request.first_g, item);
  changed_.notify_all();
  changed_.wait(lock, [&] { return item->outcome.has_value(); });
  return *item->outcome;
}

void CommitQueue::counter_seen(std::int64_t value, std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  if (revision <= known_revision_) return;
  known_revision_ = revision;
  known_g_ = std::max(known_g_, value);  // a smaller one is not ours, and no number comes again
  if (promised_.empty() && waiting_.empty() && !is_lease_open_) next_g_ = known_g_ + 1;
  changed_.notify_all();
}

// Somebody deleted it: it goes on from the largest number that was heard of.
void CommitQueue::counter_is_gone() {
  const std::lock_guard lock(mutex_);
  known_revision_ = 0;
}

void CommitQueue::connection_lost() {
  const std::lock_guard lock(mutex_);
  end_epoch(StoreStatus::lost, monitor_.reason());
}

void CommitQueue::answer(const Batch& batch, StoreStatus status, const std::string& reason, std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  for (const ItemPointer& item : batch) item->outcome = CommitOutcome{status, reason, revision};
  if (status != StoreStatus::done) end_epoch(status == StoreStatus::lost ? status : StoreStatus::conflict, reason);
  changed_.notify_all();
}

// --- sending ---------------------------------------------------------------------------------------------------------

void CommitQueue::run() {
  for (;;) {
    const Batch batch = next_batch();
    if (batch.empty()) return;
    send(batch);
  }
}

// What follows on the durable number without a gap, as far as it fits. Empty when it is time to end.
CommitQueue::Batch CommitQueue::next_batch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    if (waiting_.empty()) return is_stopping_;
    return waiting_.begin()->first == known_g_ + 1 || promised_.empty() ||
           waiting_.begin()->first < promised_.begin()->first;
  });
  Batch batch;
  if (waiting_.empty()) return batch;
  std::int64_t next = waiting_.begin()->first;
  std::size_t operations = 0, bytes = 0;
  for (auto entry = waiting_.begin(); entry != waiting_.end() && entry->first == next; entry = waiting_.erase(entry)) {
    const CommitRequest& request = entry->second->request;
    operations += operations_of(request);
    bytes += request.size;
    if (!batch.empty() && (operations > most_operations || bytes > most_bytes || send_singly_ > 0)) break;
    batch.push_back(entry->second);
    next = request.last_g + 1;
  }
  send_singly_ -= std::min<std::size_t>(send_singly_, 1);
  return batch;
}

EtcdTransaction CommitQueue::transaction_of(const Batch& batch, std::int64_t counter_revision) const {
  EtcdTransaction transaction;
  transaction.compare.push_back({keys_.counter, counter_revision});
  transaction.puts.push_back({keys_.counter, value_of(batch.back()->request.last_g)});
  transaction.otherwise.push_back({keys_.counter});
  for (const ItemPointer& item : batch) {
    const CommitRequest& request = item->request;
    transaction.compare.push_back({request.head_key, request.head_revision});
    transaction.otherwise.push_back({request.head_key});
    transaction.otherwise.back().keys_only = true;
    std::ranges::copy(request.puts, std::back_inserter(transaction.puts));
    std::ranges::copy(request.deletes, std::back_inserter(transaction.deletes));
  }
  EtcdRange others{keys_.waiting, end_of_prefix(keys_.waiting)};
  others.keys_only = true;
  transaction.reads.push_back(std::move(others));
  if (has_asked_for_a_turn_) transaction.deletes.push_back({keys_.waiting + keys_.host});
  return transaction;
}

void CommitQueue::send(const Batch& batch) {
  // A transaction is sent only where a quorum is known to stand: what is refused here was never sent.
  if (!monitor_.ask()) return answer(batch, StoreStatus::lost, monitor_.reason());
  std::int64_t counter_revision = 0;
  {
    const std::lock_guard lock(mutex_);
    counter_revision = known_revision_;
    if (known_g_ + 1 != batch.front()->request.first_g) counter_revision = -1;
  }
  if (counter_revision < 0) return lost_race(batch, {});
  const auto sent = Clock::now();
  try {
    const EtcdTransactionResult result =
        client_.transact(transaction_of(batch, counter_revision), patience_with_transaction);
    monitor_.prove(sent);
    if (result.succeeded)
      succeeded(batch, result);
    else
      lost_race(batch, result);
  } catch (const EtcdError& error) {
    switch (error.kind()) {
      case EtcdError::Kind::unknown:
        outcome_unknown(batch, counter_revision, sent);
        break;
      case EtcdError::Kind::unavailable:
        answer(batch, StoreStatus::lost, error.what());
        break;
      case EtcdError::Kind::no_space:
        answer(batch, StoreStatus::no_space, error.what());
        break;
      case EtcdError::Kind::too_large:
        refuse(batch, StoreStatus::too_large, error.what());
        break;
      case EtcdError::Kind::refused:
      case EtcdError::Kind::compacted:
        refuse(batch, StoreStatus::refused, error.what());
        break;
    }
  } catch (const std::exception&) {
    outcome_unknown(batch, counter_revision, sent);  // an answer that cannot be read is none
  }
}

// Nothing was written. Where several files were in it, each is asked for alone next time.
void CommitQueue::refuse(const Batch& batch, StoreStatus status, const std::string& reason) {
  if (batch.size() == 1) return answer(batch, status, "etcd: " + reason);
  send_singly_ = batch.size();
  answer(batch, StoreStatus::conflict, reason);
}

void CommitQueue::succeeded(const Batch& batch, const EtcdTransactionResult& result) {
  {
    const std::lock_guard lock(mutex_);
    if (result.revision > known_revision_) {
      known_revision_ = result.revision;
      known_g_ = batch.back()->request.last_g;
    }
  }
  losses_ = 0;
  has_asked_for_a_turn_ = false;
  answer(batch, StoreStatus::done, {}, result.revision);
  let_others_go_first(result);
}

// Who lost several times in a row said so; the others pause until it had its turn.
void CommitQueue::let_others_go_first(const EtcdTransactionResult& result) {
  if (result.reads.empty()) return;
  const bool others_wait = std::ranges::any_of(result.reads.front().entries, [this](const EtcdKeyValue& entry) {
    return entry.key != keys_.waiting + keys_.host;
  });
  if (!others_wait) return;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time_for_others, [&] { return known_revision_ > result.revision || is_stopping_; });
}

void CommitQueue::lost_race(const Batch& batch, const EtcdTransactionResult& result) {
  if (!result.reads.empty()) {
    const auto& entries = result.reads.front().entries;
    if (!entries.empty())
      counter_seen(g_of(entries.front().value), entries.front().modified);
    else
      counter_is_gone();
  }
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t position = 0; position < batch.size(); ++position) {
      CommitOutcome outcome{StoreStatus::conflict, "another host wrote first", 0, false};
      if (position + 1 < result.reads.size()) {
        const auto& head = result.reads[position + 1].entries;
        outcome.head_moved = (head.empty() ? 0 : head.front().modified) != batch[position]->request.head_revision;
      }
      batch[position]->outcome = outcome;
    }
    end_epoch(StoreStatus::conflict, "another host wrote first");
  }
  ++losses_;
  if (losses_ == losses_before_a_turn) ask_for_a_turn();
  const auto longest = std::min(longest_backoff, milliseconds(1) * (1 << std::min(losses_, 5U)));
  std::this_thread::sleep_for(std::chrono::microseconds(
      std::uniform_int_distribution<std::int64_t>(0, std::chrono::microseconds(longest).count() / 4)(random_)));
}

void CommitQueue::ask_for_a_turn() try {
  const std::int64_t lease = events_.lease();
  if (lease == 0) return;
  EtcdTransaction transaction;
  transaction.puts.push_back({keys_.waiting + keys_.host, {}, lease});
  client_.transact(transaction, patience_with_transaction);
  has_asked_for_a_turn_ = true;
} catch (const EtcdError&) {
  return;  // without it we only wait longer
}

// --- outcomes that are not known -------------------------------------------------------------------------------------

// The counter is put again as it is, provided that it is still what the transaction compared: if that succeeds the
// transaction can never succeed any more; else it did, or another host's did, and then our last record stands or does
// not.
CommitQueue::Fence CommitQueue::fence(const Batch& batch, std::int64_t counter_revision, std::int64_t& revision) try {
  const CommitRequest& last = batch.back()->request;
  EtcdTransaction transaction;
  transaction.compare.push_back({keys_.counter, counter_revision});
  transaction.puts.push_back({keys_.counter, value_of(batch.front()->request.first_g - 1)});
  transaction.otherwise = {{keys_.counter}, {last.record_key}};
  const EtcdTransactionResult result = client_.transact(transaction, patience_with_transaction);
  if (result.succeeded) {
    counter_seen(batch.front()->request.first_g - 1, result.revision);
    return Fence::not_applied;
  }
  if (result.reads.size() != 2) return Fence::no_answer;
  const auto& counter = result.reads[0].entries;
  if (!counter.empty()) counter_seen(g_of(counter.front().value), counter.front().modified);
  const auto& record = result.reads[1].entries;
  if (record.empty() || record.front().value != last.record) return Fence::not_applied;
  revision = record.front().modified;
  return Fence::applied;
} catch (const std::exception&) {
  return Fence::no_answer;
}

void CommitQueue::outcome_unknown(const Batch& batch, std::int64_t counter_revision, Clock::time_point sent) {
  std::int64_t revision = 0;
  while (Clock::now() - sent < longest_wait) {
    switch (fence(batch, counter_revision, revision)) {
      case Fence::applied:
        return answer(batch, StoreStatus::done, {}, revision);
      case Fence::not_applied:
        return answer(batch, StoreStatus::conflict, "the transaction did not reach etcd");
      case Fence::no_answer:
        break;
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, milliseconds(100), [this] { return is_stopping_; })) break;
  }
  {
    const std::lock_guard lock(mutex_);
    unresolved_.push_back({batch, counter_revision});
  }
  answer(batch, StoreStatus::failed,
         "outcome unknown: etcd did not answer; record " + batch.back()->request.record_hash +
             " is looked for when it does");
}

bool CommitQueue::find_out() {
  for (;;) {
    Unresolved next;
    {
      const std::lock_guard lock(mutex_);
      if (unresolved_.empty()) return true;
      next = unresolved_.front();
    }
    std::int64_t revision = 0;
    const Fence found = fence(next.batch, next.counter_revision, revision);
    if (found == Fence::no_answer) return false;
    for (const ItemPointer& item : next.batch)
      events_.found_out(item->request.name,
                        "record " + item->request.record_hash + ", whose outcome was unknown, " +
                            (found == Fence::applied ? "was written" : "was not written and never will be"));
    const std::lock_guard lock(mutex_);
    unresolved_.erase(unresolved_.begin());
  }
}

}  // namespace statusfs
