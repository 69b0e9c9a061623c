#include "fs/store/etcd/commit_queue.hpp"

#include <utility>

namespace statusfs {
CommitQueue::CommitQueue(EtcdClient& client, QuorumMonitor& monitor, CommitKeys keys, Events events)
    : client_(client),
      monitor_(monitor),
      keys_(std::move(keys)),
      events_(std::move(events)),
      line_(keys_.waiting),
      unknown_(
          client, keys_,
          {[this](const CounterState& counter) { counter_seen(counter.value, counter.revision); }, events_.found_out}),
      sender_(client, monitor, unknown_, keys_,
              [this](std::chrono::milliseconds time) { return wait_unless_stopping(time); }) {
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
  void lost_to_others() override { queue_.lost_unsent(); }

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
  losers_return_by_ = {};
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

// The lease is still open; its end wakes whoever has something to do.
void CommitQueue::lost_unsent() {
  const std::lock_guard lock(mutex_);
  line_.lost_unsent(Clock::now());
  note_loss(Clock::now());
}

// Others pass us over when that takes longer.
void CommitQueue::note_loss(Clock::time_point now) { losers_return_by_ = now + line_.patience(); }

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

// --- news of etcd ----------------------------------------------------------------------------------------------------

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

}  // namespace statusfs
