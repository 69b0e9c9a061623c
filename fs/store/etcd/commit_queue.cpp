#include "fs/store/etcd/commit_queue.hpp"

#include <algorithm>
#include <utility>

namespace statusfs {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience_with_place{500};  // a change of our place in the line is worth no more
constexpr milliseconds idle_turn{3};              // then it is given up
constexpr milliseconds longest_pause{8};

}  // namespace

CommitQueue::CommitQueue(EtcdClient& client, QuorumMonitor& monitor, CommitKeys keys, Events events)
    : client_(client),
      monitor_(monitor),
      keys_(std::move(keys)),
      events_(std::move(events)),
      line_(keys_.waiting),
      unknown_(
          client, keys_,
          {[this](const CounterState& counter) { counter_seen(counter.value, counter.revision); }, events_.found_out}),
      sender_(client, monitor, unknown_, keys_, [this](milliseconds time) { return wait_unless_stopping(time); }) {
  thread_ = std::thread([this] { run(); });
}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  work_.notify_all();
  ending_.notify_all();
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
  const auto place = wanting_.emplace(wanting_.end());
  idle_until_ = never;
  wake_thread();
  for (;;) {
    if (place != wanting_.begin() || numbers_.is_lease_open())
      place->wait(lock);
    else if (line_.is_our_turn(Clock::now()))
      break;
    else
      place->wait_until(lock, line_.turn_of_other_ends().value_or(Clock::now()));
  }
  wanting_.erase(place);
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
  if (!was_promised) {
    numbers_.give_back(epoch, range);
    wake();
  } else if (numbers_.is_owed(epoch, range)) {
    end_epoch(StoreStatus::conflict, "numbers before these were given up");
  }
}

void CommitQueue::end_epoch(StoreStatus status, const std::string& reason) {
  numbers_.end_epoch();
  pending_.give_up({status, reason, 0});
  wake();
}

// Who is next to draw numbers, and the thread where there is something to do for it.
void CommitQueue::wake() {
  if (!wanting_.empty() && !numbers_.is_lease_open()) wanting_.front().notify_one();
  wake_thread();
}

void CommitQueue::wake_thread() {
  const auto now = Clock::now();
  if (is_ready_to_send(now) || is_joining_due(now) || is_idle_turn(now)) work_.notify_one();
}

// --- callers ---------------------------------------------------------------------------------------------------------

// The right to ask etcd, which one thread has at a time. Created with the lock held, which it lets go.
class CommitQueue::Sending {
 public:
  Sending(CommitQueue& queue, std::unique_lock<std::mutex>& lock) : queue_(queue) {
    queue_.is_sending_ = true;
    lock.unlock();
  }
  ~Sending() {
    const std::lock_guard lock(queue_.mutex_);
    queue_.is_sending_ = false;
    queue_.wake_thread();
  }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

 private:
  CommitQueue& queue_;
};

CommitOutcome CommitQueue::commit(CommitRequest request) {
  const auto item = std::make_shared<PendingCommit>();
  item->request = std::move(request);
  std::unique_lock lock(mutex_);
  if (!numbers_.hand_in({item->request.first_g, item->request.last_g}))
    return {StoreStatus::conflict, "another host wrote first", 0};
  const auto now = Clock::now();
  const bool is_first = pending_.is_empty();
  pending_.add(item, now);
  if (is_ready_to_send(now)) {
    const CommitBatch batch = pending_.take();
    const Sending sending(*this, lock);
    send(batch);
  } else if (is_first) {
    work_.notify_one();  // it sends when those who are on the way were waited for long enough
  }
  if (!lock) lock.lock();
  item->decided.wait(lock, [&] { return item->outcome.has_value(); });
  return *item->outcome;
}

void CommitQueue::seen(const CounterState& counter) {
  numbers_.seen(counter.value, counter.revision, pending_.is_empty());
  wake_thread();
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
    std::unique_lock lock(mutex_);
    CommitBatch batch;
    const Task task = next_task(lock, batch);
    if (task == Task::stop) return;
    const Sending sending(*this, lock);
    switch (task) {
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
        break;
    }
  }
}

// Nobody has numbers, or may have some at once, that were not handed in.
bool CommitQueue::is_nobody_on_the_way() const {
  return wanting_.empty() && !numbers_.is_lease_open() && !numbers_.are_some_owed();
}

// Those who are on the way go with the others.
bool CommitQueue::is_ready_to_send(Clock::time_point now) const {
  if (is_sending_ || pending_.is_empty()) return false;
  const std::int64_t first = pending_.first_g();
  if (first != numbers_.durable() + 1 && numbers_.is_one_owed_before(first)) return false;
  return is_nobody_on_the_way() || now >= pending_.gathered_by();
}

bool CommitQueue::is_joining_due(Clock::time_point now) const {
  return !is_sending_ && !wanting_.empty() && line_.is_joining_due(now);
}

// It is our turn, and nobody has anything to write.
bool CommitQueue::is_idle_turn(Clock::time_point now) {
  return !is_sending_ && pending_.is_empty() && is_nobody_on_the_way() && line_.is_leaving_due(now);
}

CommitQueue::Task CommitQueue::next_task(std::unique_lock<std::mutex>& lock, CommitBatch& batch) {
  for (;;) {
    const auto now = Clock::now();
    if (is_ready_to_send(now)) {
      batch = pending_.take();
      return Task::send;
    }
    if (is_stopping_ && pending_.is_empty()) return Task::stop;
    if (is_joining_due(now)) return Task::join_line;
    idle_until_ = is_idle_turn(now) ? std::min(idle_until_, now + idle_turn) : never;
    if (now >= idle_until_) return Task::leave_line;
    const bool is_gathering = !pending_.is_empty() && pending_.gathered_by() > now;
    const auto again = is_gathering ? std::min(idle_until_, pending_.gathered_by()) : idle_until_;
    if (again == never)
      work_.wait(lock);
    else
      work_.wait_until(lock, again);
  }
}

// Nobody waits for ever, whatever fails here.
void CommitQueue::send(const CommitBatch& batch) try {
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
  apply(batch, sender_.send(batch, counter_revision, change));
} catch (const std::exception& error) {
  answer(batch, StoreStatus::failed, std::string("outcome unknown: ") + error.what());
}

void CommitQueue::apply(const CommitBatch& batch, const SendResult& result) {
  if (result.took) {
    const std::lock_guard lock(mutex_);
    line_.transaction_took(*result.took);
  }
  switch (result.kind) {
    case SendResult::Kind::applied:
      return succeeded(batch, result);
    case SendResult::Kind::applied_before:
      return succeeded_before(batch, result);
    case SendResult::Kind::lost_race:
      return lost_race(batch, result.answer, result.change);
    case SendResult::Kind::found_applied:  // the fence told the counter, and the watch tells our place
      return answer(batch, StoreStatus::done, {}, result.revision);
    case SendResult::Kind::not_arrived:
      return did_not_arrive(batch);
    case SendResult::Kind::refused:
      return refuse(batch, result.status, result.reason);
    case SendResult::Kind::failed:
      return answer(batch, result.status, result.reason);
  }
}

void CommitQueue::succeeded(const CommitBatch& batch, const SendResult& result) {
  {
    const std::lock_guard lock(mutex_);
    numbers_.written(batch.back()->request.last_g, result.revision);
    line_.won(result.change, result.revision, Clock::now());
  }
  answer(batch, StoreStatus::done, {}, result.revision);
}

void CommitQueue::succeeded_before(const CommitBatch& batch, const SendResult& result) {
  {
    const std::lock_guard lock(mutex_);
    numbers_.written(batch.back()->request.last_g, result.revision);
    line_.lost(result.change, result.answer.revision, Clock::now());
    seen_by(result.answer);
  }
  answer(batch, StoreStatus::done, {}, result.revision);
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

void CommitQueue::did_not_arrive(const CommitBatch& batch) {
  if (batch.size() > 1) {  // a member may be set to take less
    const std::lock_guard lock(mutex_);
    pending_.take_singly(batch.size());
  }
  answer(batch, StoreStatus::conflict, "the transaction did not reach etcd");
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

bool CommitQueue::wait_unless_stopping(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ending_.wait_for(lock, time, [this] { return is_stopping_; });
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

}  // namespace statusfs
