#include "fs/store/etcd/commit_queue.hpp"

#include <algorithm>
#include <utility>

namespace statusfs {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience_with_place{500};  // a change of our place in the line is worth no more
constexpr milliseconds between_fences{100};
constexpr milliseconds idle_turn{3};  // then it is given up
constexpr milliseconds longest_pause{8};

std::size_t size_of(const CommitBatch& batch) {
  std::size_t size = 0;
  for (const auto& item : batch) size += item->request.size;
  return size;
}

}  // namespace

CommitQueue::CommitQueue(EtcdClient& client, QuorumMonitor& monitor, CommitKeys keys, Events events)
    : client_(client),
      monitor_(monitor),
      keys_(std::move(keys)),
      events_(std::move(events)),
      line_(keys_.waiting),
      unknown_(
          client, keys_,
          {[this](const CounterState& counter) { counter_seen(counter.value, counter.revision); }, events_.found_out}) {
  thread_ = std::thread([this] { run(); });
}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  work_.notify_all();
  turn_.notify_all();
  thread_.join();
}

// --- leases ----------------------------------------------------------------------------------------------------------

class CommitQueue::QueueLease final : public GlobalCounter::Lease {
 public:
  QueueLease(CommitQueue& queue, std::uint64_t epoch) : queue_(queue), epoch_(epoch) {}
  ~QueueLease() override { queue_.end_lease(epoch_, drawn_, is_promised_); }

  std::int64_t next() override {
    drawn_.last = queue_.draw(epoch_);
    if (drawn_.is_empty()) drawn_.first = drawn_.last;
    return drawn_.last;
  }
  void commit() override {
    queue_.promise(epoch_, drawn_);
    is_promised_ = true;
  }

 private:
  CommitQueue& queue_;
  const std::uint64_t epoch_;
  NumberRange drawn_;
  bool is_promised_ = false;
};

std::unique_ptr<GlobalCounter::Lease> CommitQueue::begin() {
  std::unique_lock lock(mutex_);
  ++wanting_;
  work_.notify_one();
  while (!is_stopping_) {
    if (numbers_.is_lease_open())
      turn_.wait(lock);
    else if (line_.is_our_turn(Clock::now()))
      break;
    else
      turn_.wait_until(lock, line_.turn_of_other_ends().value_or(Clock::now()));
  }
  --wanting_;
  numbers_.open_lease(pending_.is_empty());
  return std::make_unique<QueueLease>(*this, numbers_.epoch());
}

std::int64_t CommitQueue::draw(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  return numbers_.draw(epoch);
}

void CommitQueue::promise(std::uint64_t epoch, NumberRange range) {
  const std::lock_guard lock(mutex_);
  numbers_.promise(epoch, range);
  wake();
}

void CommitQueue::end_lease(std::uint64_t epoch, NumberRange range, bool was_promised) {
  const std::lock_guard lock(mutex_);
  if (!was_promised)
    numbers_.give_back(epoch, range);
  else if (numbers_.is_owed(epoch, range))
    end_epoch(StoreStatus::conflict, "numbers before these were given up");
  wake();
}

void CommitQueue::end_epoch(StoreStatus status, const std::string& reason) {
  numbers_.end_epoch();
  pending_.give_up({status, reason, 0});
  wake();
}

// All who want numbers: each takes the lease without having been woken by the one before.
void CommitQueue::wake() {
  work_.notify_one();
  turn_.notify_all();
}

// --- callers ---------------------------------------------------------------------------------------------------------

CommitOutcome CommitQueue::commit(CommitRequest request) {
  const auto item = std::make_shared<PendingCommit>();
  item->request = std::move(request);
  std::unique_lock lock(mutex_);
  if (!numbers_.hand_in({item->request.first_g, item->request.last_g}))
    return {StoreStatus::conflict, "another host wrote first", 0};
  pending_.add(item, Clock::now());
  work_.notify_one();
  item->decided.wait(lock, [&] { return item->outcome.has_value(); });
  return *item->outcome;
}

void CommitQueue::seen(const CounterState& counter) {
  numbers_.seen(counter.value, counter.revision, pending_.is_empty());
  work_.notify_one();
}

void CommitQueue::seen_by(const EtcdTransactionResult& lost) {
  if (const auto counter = counter_of(lost))
    seen(*counter);
  else
    numbers_.counter_is_gone();
}

void CommitQueue::counter_seen(std::int64_t value, std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  seen({value, revision});
}

void CommitQueue::line_changed(const std::string& key, std::int64_t revision, bool is_taken) {
  const std::lock_guard lock(mutex_);
  if (is_taken)
    line_.joined(key, revision, Clock::now());
  else
    line_.left(key, revision, Clock::now());
  wake();
}

void CommitQueue::line_unknown() {
  const std::lock_guard lock(mutex_);
  line_.forget_others(Clock::now());
  wake();
}

void CommitQueue::connection_lost() {
  const std::lock_guard lock(mutex_);
  line_.forget_others(Clock::now());
  end_epoch(StoreStatus::lost, monitor_.reason());
}

void CommitQueue::answer(const CommitBatch& batch, StoreStatus status, const std::string& reason,
                         std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  for (const auto& item : batch) item->decide({status, reason, revision});
  if (status != StoreStatus::done) end_epoch(status == StoreStatus::lost ? status : StoreStatus::conflict, reason);
  wake();
}

// --- sending ---------------------------------------------------------------------------------------------------------

void CommitQueue::run() {
  for (;;) {
    CommitBatch batch;
    switch (next_task(batch)) {
      case Task::send:
        send(batch);
        break;
      case Task::join_line:
        join_line();
        break;
      case Task::leave_line:
        leave_line();
        break;
      case Task::stop:
        return;
    }
  }
}

// Nobody has numbers, or may have some at once, that were not handed in.
bool CommitQueue::is_nobody_on_the_way() const {
  return wanting_ == 0 && !numbers_.is_lease_open() && !numbers_.are_some_owed();
}

// Those who are on the way go with the others.
bool CommitQueue::is_ready_to_send(Clock::time_point now) const {
  if (pending_.is_empty()) return false;
  const std::int64_t first = pending_.first_g();
  if (first != numbers_.durable() + 1 && numbers_.is_one_owed_before(first)) return false;
  return is_nobody_on_the_way() || now >= pending_.gathered_by();
}

CommitQueue::Task CommitQueue::next_task(CommitBatch& batch) {
  std::unique_lock lock(mutex_);
  constexpr auto never = Clock::time_point::max();
  auto idle_until = never;
  for (;;) {
    const auto now = Clock::now();
    if (is_ready_to_send(now)) {
      batch = pending_.take();
      return Task::send;
    }
    if (is_stopping_ && pending_.is_empty()) return Task::stop;
    if (wanting_ > 0 && line_.is_joining_due(now)) return Task::join_line;
    const bool is_idle_turn = pending_.is_empty() && is_nobody_on_the_way() && line_.is_leaving_due(now);
    idle_until = is_idle_turn ? std::min(idle_until, now + idle_turn) : never;
    if (now >= idle_until) return Task::leave_line;
    const bool is_gathering = !pending_.is_empty() && pending_.gathered_by() > now;
    const auto again = is_gathering ? std::min(idle_until, pending_.gathered_by()) : idle_until;
    if (again == never)
      work_.wait(lock);
    else
      work_.wait_until(lock, again);
  }
}

void CommitQueue::send(const CommitBatch& batch) {
  // A transaction is sent only where a quorum is known to stand: what is refused here was never sent.
  if (!monitor_.ask()) return answer(batch, StoreStatus::lost, monitor_.reason());
  const std::int64_t lease = events_.lease();
  std::int64_t counter_revision = 0;
  bool is_behind = false;
  LineChange change;
  {
    const std::lock_guard lock(mutex_);
    counter_revision = numbers_.revision();
    is_behind = numbers_.durable() + 1 != batch.front()->request.first_g;
    change = line_.change(lease, Clock::now());
  }
  if (is_behind) return lost_race(batch, {}, {});
  transact(batch, counter_revision, change);
}

void CommitQueue::transact(const CommitBatch& batch, std::int64_t counter_revision, const LineChange& change) {
  const auto sent = Clock::now();
  try {
    const EtcdTransactionResult result =
        client_.transact(commit_transaction(keys_, batch, counter_revision, change), transaction_patience);
    monitor_.prove(sent);
    {
      const std::lock_guard lock(mutex_);
      line_.transaction_took(Clock::now() - sent);
    }
    if (result.succeeded)
      succeeded(batch, result.revision, change);
    else if (const auto written = revision_written(batch, result))
      succeeded_before(batch, *written, result, change);
    else
      lost_race(batch, result, change);
  } catch (const EtcdError& error) {
    // The lease may have ended; then nothing was done.
    if (error.kind() == EtcdError::Kind::refused && change.lease != 0) return transact(batch, counter_revision, {});
    failed(batch, error, counter_revision, change, sent);
  } catch (const std::exception&) {
    outcome_unknown(batch, counter_revision, sent);  // an answer that cannot be read is none
  }
}

void CommitQueue::failed(const CommitBatch& batch, const EtcdError& error, std::int64_t counter_revision,
                         const LineChange& change, Clock::time_point sent) {
  switch (error.kind()) {
    case EtcdError::Kind::unknown:
      return outcome_unknown(batch, counter_revision, sent);
    case EtcdError::Kind::unavailable:
      return answer(batch, StoreStatus::lost, error.what());
    case EtcdError::Kind::no_space:
      return is_full(batch, error.what(), counter_revision, change, sent);
    case EtcdError::Kind::too_large:
      return refuse(batch, StoreStatus::too_large, error.what());
    case EtcdError::Kind::refused:
    case EtcdError::Kind::compacted:
      return refuse(batch, StoreStatus::refused, error.what());
  }
}

// etcd checks its quota twice, and what it says after the second time it says of a transaction that it has applied.
void CommitQueue::is_full(const CommitBatch& batch, const std::string& reason, std::int64_t counter_revision,
                          const LineChange& change, Clock::time_point sent) try {
  const auto record = client_.range({batch.back()->request.record_key}, transaction_patience);
  if (const auto written = revision_written(batch, record)) return succeeded(batch, *written, change);
  answer(batch, StoreStatus::no_space, reason);
} catch (const std::exception&) {
  outcome_unknown(batch, counter_revision, sent);
}

// Nothing was written. Where several files were in it, each is asked for alone next time, and of a file that is alone
// fewer mutations.
void CommitQueue::refuse(const CommitBatch& batch, StoreStatus status, const std::string& reason) {
  if (batch.size() > 1) {
    {
      const std::lock_guard lock(mutex_);
      pending_.take_singly(batch.size());
    }
    return answer(batch, StoreStatus::conflict, reason);
  }
  const auto& item = batch.front();
  if (status != StoreStatus::too_large || item->request.mutations == 1) return answer(batch, status, "etcd: " + reason);
  const std::lock_guard lock(mutex_);
  item->decide({StoreStatus::conflict, reason, 0, false, true});
  end_epoch(StoreStatus::conflict, reason);
}

void CommitQueue::succeeded(const CommitBatch& batch, std::int64_t revision, const LineChange& change) {
  {
    const std::lock_guard lock(mutex_);
    numbers_.written(batch.back()->request.last_g, revision);
    line_.won(change, revision, Clock::now());
  }
  answer(batch, StoreStatus::done, {}, revision);
}

// `result` is that of its second arrival, which lost to the first.
void CommitQueue::succeeded_before(const CommitBatch& batch, std::int64_t revision, const EtcdTransactionResult& result,
                                   const LineChange& change) {
  {
    const std::lock_guard lock(mutex_);
    numbers_.written(batch.back()->request.last_g, revision);
    line_.lost(change, result.revision, Clock::now());
    seen_by(result);
  }
  answer(batch, StoreStatus::done, {}, revision);
}

// `result` has nothing where it was known beforehand, and nothing was sent.
void CommitQueue::lost_race(const CommitBatch& batch, const EtcdTransactionResult& result, const LineChange& change) {
  {
    const std::lock_guard lock(mutex_);
    line_.lost(change, result.revision, Clock::now());
    if (!result.reads.empty()) seen_by(result);
    for (std::size_t position = 0; position < batch.size(); ++position)
      batch[position]->decide(
          {StoreStatus::conflict, "another host wrote first", 0, did_head_move(batch, position, result)});
    end_epoch(StoreStatus::conflict, "another host wrote first");
  }
  if (change.lease == 0) pause();
}

// Without a place in the line hosts are kept apart by chance.
void CommitQueue::pause() {
  const auto longest = std::chrono::microseconds(longest_pause).count();
  std::this_thread::sleep_for(
      std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, longest)(random_)));
}

// Nothing where etcd did not take it.
std::optional<std::int64_t> CommitQueue::change_place(const EtcdTransaction& transaction) try {
  return client_.transact(transaction, patience_with_place).revision;
} catch (const std::exception&) {
  return std::nullopt;
}

void CommitQueue::join_line() {
  const std::int64_t lease = events_.lease();
  const auto revision = lease != 0 ? change_place(joining_transaction(keys_, lease)) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (revision)
    line_.joined_alone(*revision, Clock::now());
  else
    line_.could_not_change(Clock::now());
}

// Where that fails the others pass us over.
void CommitQueue::leave_line() {
  const auto revision = change_place(leaving_transaction(keys_));
  const std::lock_guard lock(mutex_);
  if (revision)
    line_.left_alone(*revision, Clock::now());
  else
    line_.could_not_change(Clock::now());
}

// gRPC breaks a call off, 0.5 MiB above what etcd takes, before it is sent as a whole; then why cannot be read.
void CommitQueue::did_not_arrive(const CommitBatch& batch) {
  if (size_of(batch) <= EtcdClient::always_taken) {
    if (batch.size() > 1) {  // a member may be set to take less
      const std::lock_guard lock(mutex_);
      pending_.take_singly(batch.size());
    }
    return answer(batch, StoreStatus::conflict, "the transaction did not reach etcd");
  }
  refuse(batch, StoreStatus::too_large,
         "a request of " + std::to_string(size_of(batch)) + " bytes was broken off; it takes 1.5 MiB by default");
}

void CommitQueue::outcome_unknown(const CommitBatch& batch, std::int64_t counter_revision, Clock::time_point sent) {
  const auto deadline = sent + longest_wait;
  for (auto now = Clock::now(); now < deadline; now = Clock::now()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - now);
    const FenceResult found = unknown_.ask(batch, counter_revision, std::min(transaction_patience, left));
    switch (found.kind) {
      case FenceResult::Kind::applied:
        return answer(batch, StoreStatus::done, {}, found.revision);
      case FenceResult::Kind::not_applied:
        return did_not_arrive(batch);
      case FenceResult::Kind::undecided:
      case FenceResult::Kind::no_answer:
        break;
    }
    std::unique_lock lock(mutex_);
    if (work_.wait_for(lock, between_fences, [this] { return is_stopping_; })) break;
  }
  unknown_.keep(batch, counter_revision);
  answer(batch, StoreStatus::failed,
         "outcome unknown: etcd did not answer; record " + batch.back()->request.record_hash +
             " is looked for when it does");
}

}  // namespace statusfs
