// CommitQueue: what is ready is sent, by whoever hands it in or by the thread, and everybody hears what became of it.
#include <algorithm>
#include <exception>
#include <utility>

#include "fs/store/etcd/commit_queue.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience_with_place{500};  // a change of our place in the line is worth no more
constexpr milliseconds idle_turn{3};              // then it is given up
constexpr milliseconds longest_pause{8};

}  // namespace

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

// --- the thread ------------------------------------------------------------------------------------------------------

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
  const bool is_somebody_waiting = !wanting_.empty() || now < losers_return_by_;
  return !is_sending_ && is_somebody_waiting && line_.is_joining_due(now);
}

// It is our turn, and nobody has anything to write.
bool CommitQueue::is_idle_turn(Clock::time_point now) {
  return !is_sending_ && now >= losers_return_by_ && pending_.is_empty() && is_nobody_on_the_way() &&
         line_.is_leaving_due(now);
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
    auto again = is_gathering ? std::min(idle_until_, pending_.gathered_by()) : idle_until_;
    if (losers_return_by_ > now) again = std::min(again, losers_return_by_);
    if (again == never)
      work_.wait(lock);
    else
      work_.wait_until(lock, again);
  }
}

// --- a transaction and its outcome -----------------------------------------------------------------------------------

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
  if (is_behind) return lost_before_sending(batch);
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

void CommitQueue::lost_before_sending(const CommitBatch& batch) {
  bool is_joining = false;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    line_.lost_unsent(now);
    note_loss(now);
    is_joining = line_.is_joining_due(now);  // the thread does it
    for (const auto& item : batch) item->decide({StoreStatus::conflict, "another host wrote first"});
    end_epoch(StoreStatus::conflict, "another host wrote first");
  }
  if (!is_joining) pause();
}

void CommitQueue::lost_race(const CommitBatch& batch, const EtcdTransactionResult& result, const LineChange& change) {
  {
    const std::lock_guard lock(mutex_);
    line_.lost(change, result.revision, Clock::now());
    note_loss(Clock::now());
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

void CommitQueue::answer(const CommitBatch& batch, StoreStatus status, const std::string& reason,
                         std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  for (const auto& item : batch) item->decide({status, reason, revision});
  if (status != StoreStatus::done) end_epoch(status == StoreStatus::lost ? status : StoreStatus::conflict, reason);
  wake();
}

bool CommitQueue::wait_unless_stopping(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ending_.wait_for(lock, time, [this] { return is_stopping_; });
}

// --- our place in the line -------------------------------------------------------------------------------------------

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
