#include "fs/engine/status_file.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <system_error>

#include "fs/engine/partition_state.hpp"
#include "fs/engine/refusal.hpp"
#include "fs/engine/shown_partition.hpp"

namespace statusfs {
namespace {

std::size_t size_of(const Job& job) {
  const auto* write = std::get_if<WriteRequest>(&job.request);
  return write ? write->text.size() : 0;
}

// Whether somebody wants something of the file.
bool asks(const Job& job) {
  return !std::holds_alternative<Barrier>(job.request) && !std::holds_alternative<CheckRequest>(job.request);
}

bool is_write(const Job& job) { return std::holds_alternative<WriteRequest>(job.request); }

// Nobody is to take for good what is about to go into quarantine.
std::shared_ptr<const FileState> as_shown(const std::shared_ptr<const FileState>& durable) {
  return durable->has_foreign_content ? with_partition(durable, partition_partitioned) : durable;
}

Rejection lost(const std::string& reason) {
  return {Cause::read_only, "there is no quorum, nothing can be written: " + reason};
}

}  // namespace

StatusFile::StatusFile(std::string name, StatusSource& source, std::unique_ptr<Store> store,
                       const EngineContext& context, StatusFileObserver& observer)
    : name_(std::move(name)),
      context_(context),
      observer_(observer),
      store_(std::move(store)),
      history_(context.mapping, *store_),
      committer_(name_, source, *store_, context, *this),
      thread_([this] { return step(); }) {
  store_->tell_trouble_to([this](const std::string& message) {
    context_.log(name_ + ": " + message);
    observer_.warned(name_, message);
  });
}

StatusFile::~StatusFile() {
  thread_.stop();
  while (take_turn()) {  // whatever is still queued is answered
  }
  if (context_.cache) context_.cache->remove(*this);  // last: a step that loads the file adds it
}

std::optional<OnDemandThread::Time> StatusFile::step() {
  if (take_turn()) return OnDemandThread::at_once;
  const auto due = next_attempt();
  if (!due || *due > std::chrono::steady_clock::now()) return due;
  load_again();
  return OnDemandThread::at_once;
}

// Whether there was something to do, so that there may be more.
bool StatusFile::take_turn() {
  turn_.take();
  const bool was_busy = commit_step();
  turn_.give_back();
  return was_busy;
}

std::shared_ptr<const FileState> StatusFile::loaded_state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

std::shared_ptr<const FileState> StatusFile::state() {
  last_use_.store(context_.cache ? context_.cache->now() : 1, std::memory_order_relaxed);
  auto state = loaded();
  if (!state->may_pass || !is_attempt_worthwhile()) return state;
  load_again();
  return loaded();
}

std::shared_ptr<const FileState> StatusFile::loaded() {
  if (auto state = loaded_state()) return state;
  auto state = load();
  if (context_.cache) context_.cache->add(*this);
  return state;
}

std::uint64_t StatusFile::size() const {
  const auto state = loaded_state();
  return state && state->chained ? state->head.size : 0;
}

bool StatusFile::free() {
  if (!turn_.try_take()) return false;
  const bool is_free = !has_queued() && forget_state();
  turn_.give_back();
  if (has_queued()) wake_or_work();  // whoever queued it may have found the turn taken
  if (is_free) observer_.document_freed(*this);
  return is_free;
}

// Precondition: turn_ is taken. What a networked store shows of its connection is not freed.
bool StatusFile::forget_state() {
  const std::unique_lock loading(load_mutex_, std::try_to_lock);
  if (!loading) return false;
  {
    const std::lock_guard lock(state_mutex_);
    if (!durable_state_ || durable_state_->is_gone || partition_) return false;
  }
  if (!history_.try_forget() || !committer_.forget()) return false;
  const std::lock_guard lock(state_mutex_);
  if (durable_state_->is_gone) return true;
  durable_state_.reset();
  state_.reset();
  return true;
}

void StatusFile::submit(Job job) {
  if (enqueue(std::move(job))) wake_or_work();
}

void StatusFile::carry_out(Job job) {
  if (!enqueue(std::move(job))) return;
  if (!turn_.try_take()) return wake_or_work();
  commit_step();
  turn_.give_back();
  // Whoever queued a job meanwhile found the turn taken and woke the thread; what one group did not take is left to it.
  if (has_queued()) wake_or_work();
}

// A queued job is answered once, so its caller must not hear of a thread that cannot be had: then he does the work. Who
// has the turn comes here again with what was queued meanwhile, or is a loop that ends when nothing is left; he may be
// this thread, which loads the file.
void StatusFile::wake_or_work() {
  try {
    thread_.wake();
  } catch (const std::exception&) {
    while (has_queued() && turn_.try_take()) {
      commit_step();
      turn_.give_back();
    }
  }
}

// Whether the job was queued; else it has been answered.
bool StatusFile::enqueue(Job job) {
  std::unique_lock lock(queue_mutex_);
  if (const std::optional<Rejection> refusal = reason_to_refuse(job)) {
    lock.unlock();
    job.done(refusal);
    return false;
  }
  queue_.push_back(std::move(job));
  return true;
}

bool StatusFile::is_retired() const {
  const std::lock_guard lock(queue_mutex_);
  return is_retired_;
}

// One that has not begun sees whatever another one would.
bool StatusFile::is_check_queued() const {
  const std::lock_guard lock(queue_mutex_);
  return std::ranges::any_of(queue_, [](const Job& job) { return std::holds_alternative<CheckRequest>(job.request); });
}

bool StatusFile::has_queued() const {
  const std::lock_guard lock(queue_mutex_);
  return !queue_.empty();
}

// Precondition: queue_mutex_ is held.
std::optional<Rejection> StatusFile::reason_to_refuse(const Job& job) const {
  if (is_retired_ && asks(job)) return removed();
  if (!lost_because_.empty() && is_write(job)) return lost(lost_because_);
  return std::nullopt;
}

Rejection StatusFile::removed() const { return {Cause::not_found, name_ + ": the file was removed"}; }

void StatusFile::retire() {
  {
    const std::lock_guard lock(queue_mutex_);
    is_retired_ = true;
  }
  auto gone = std::make_shared<FileState>();
  gone->error = "the file was removed";
  gone->is_gone = true;
  gone->modified = gone->modified_at_load = std::chrono::system_clock::now();
  set_state(std::move(gone));
  tell_no_trouble();
  // Whoever still has it open holds this object, and must not hold the file on disk with it. A commit that goes on for
  // longer than any should leaves that to the end of this object.
  constexpr std::chrono::seconds longest_commit{10};
  if (!turn_.try_take_for(longest_commit)) return;
  {
    const std::lock_guard loading(load_mutex_);
    store_->let_go();
  }
  turn_.give_back();
  if (has_queued()) wake_or_work();
}

// --- the connection to where the file is stored ----------------------------------------------------------------------

void StatusFile::connection_lost(const std::string& reason) {
  std::vector<Job> refused;
  {
    const std::lock_guard lock(queue_mutex_);
    lost_because_ = reason;
    const auto rest =
        std::stable_partition(queue_.begin(), queue_.end(), [](const Job& job) { return !is_write(job); });
    std::move(rest, queue_.end(), std::back_inserter(refused));
    queue_.erase(rest, queue_.end());
  }
  for (const Job& job : refused) job.done(lost(reason));
  show_partition(partition_partitioned);
}

void StatusFile::connection_returned() {
  show_partition(partition_reconciling);
  {
    const std::lock_guard lock(queue_mutex_);
    lost_because_.clear();
  }
  submit({CheckRequest{}, {}, [this](const std::optional<Rejection>&) { show_reconciled(); }});
}

// Unless it was lost again meanwhile, which shows another state.
void StatusFile::show_reconciled() {
  {
    const std::lock_guard lock(state_mutex_);
    if (partition_ != partition_reconciling) return;
    partition_.reset();
    if (!durable_state_) return;
    state_ = as_shown(durable_state_);
  }
  observer_.state_replaced(*this);
}

void StatusFile::show_partition(std::string_view value) {
  {
    const std::lock_guard lock(state_mutex_);
    partition_ = value;
    if (!durable_state_) return;
    state_ = with_partition(durable_state_, value);
  }
  observer_.state_replaced(*this);
}

void StatusFile::set_state(std::shared_ptr<const FileState> state) {
  const bool may_pass = state->may_pass;
  {
    const std::lock_guard lock(state_mutex_);
    if (durable_state_ && durable_state_->is_gone) return;  // a commit that ended just then
    durable_state_ = std::move(state);
    state_ = partition_ ? with_partition(durable_state_, *partition_) : as_shown(durable_state_);
    plan_next_attempt();
  }
  if (!may_pass) return;
  try {
    thread_.wake();
  } catch (const std::system_error&) {  // then the next use is the next attempt
  }
}

void StatusFile::check() {
  const bool is_new = !was_loaded_.load();
  if (is_new) loaded();
  if ((is_new || store_->looks_changed()) && !is_check_queued())
    submit({CheckRequest{}, {}, [](const std::optional<Rejection>&) {}});
}

void StatusFile::look() {
  loaded();  // which queues what has to be done about what it finds
  check();   // for what changed before anybody told
  drain();
  settle();  // a JSON that has to be mended or signed
  if (last_use() == 0) free();
}

void StatusFile::check_plan(const std::string& file_name) {
  const auto state = loaded_state();
  if (!state || !state->document) return;
  if (!file_name.empty() && plan_file_name(*state->document) != file_name) return;
  submit(
      {Barrier{}, {}, [](const std::optional<Rejection>&) {}});  // every group of jobs begins with a look at the plan
}

// Whether a job is queued or being carried out. One may be although the file is not loaded: its document was freed
// since.
bool StatusFile::is_at_work() {
  if (!turn_.try_take()) return true;
  const bool was_queued = has_queued();  // asked while nobody else can take a job from the queue to carry it out
  turn_.give_back();
  if (!was_queued && !has_queued()) return false;
  thread_.wake();  // whoever queued it may have found the turn taken
  return true;
}

void StatusFile::drain() {
  if (!is_at_work()) return;
  std::promise<void> reached;
  submit({Barrier{}, {}, [&reached](const std::optional<Rejection>&) { reached.set_value(); }});
  reached.get_future().wait();
}

void StatusFile::settle() {
  if (!was_loaded_.load()) return;
  const StoreResult result = store_->settle();
  if (result.status != StoreStatus::done) throw rejection_of(result);
}

// How many jobs at the front of the queue have room, as far as they may go.
std::size_t StatusFile::fitting(const GroupLimit& room, bool (*may_go)(const Job&)) const {
  std::size_t count = 0, bytes = 0;
  while (count < std::min(queue_.size(), room.mutations) && may_go(queue_[count])) {
    bytes += size_of(queue_[count]);
    if (bytes > room.bytes) break;
    ++count;
  }
  return count;
}

// One goes however large it is.
std::vector<Job> StatusFile::take_group() {
  const std::lock_guard lock(queue_mutex_);
  const std::size_t count = fitting(store_->group_limit(), [](const Job&) { return true; });
  return take(std::max(count, std::min<std::size_t>(queue_.size(), 1)));
}

std::vector<Job> StatusFile::take_writes(const GroupLimit& room) {
  const std::lock_guard lock(queue_mutex_);
  return take(fitting(room, [](const Job& job) { return std::holds_alternative<WriteRequest>(job.request); }));
}

std::vector<Job> StatusFile::take(std::size_t count) {
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Job> jobs(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return jobs;
}

// Jobs that were taken have to be answered: what cannot even be refused ends the daemon and not the order of answers.
bool StatusFile::commit_step() noexcept { return commit_group(); }

bool StatusFile::commit_group() {
  std::vector<Job> group = take_group();
  if (group.empty()) return false;
  if (is_retired()) {
    for (Job& job : group) job.done(asks(job) ? std::optional(removed()) : std::nullopt);
    return true;
  }
  try {
    loaded();  // the committer works on a loaded file
  } catch (const std::exception& error) {
    const Rejection refusal(Cause::io_failure, name_ + " cannot be loaded: " + error.what());
    for (Job& job : group) job.done(refusal);
    return true;
  }
  committer_.run(std::move(group), [this](const GroupLimit& room) { return take_writes(room); });
  return true;
}

// Before anybody else may commit: the store's count is that of the state.
void StatusFile::anchor(const FileState& state) {
  if (!context_.chain_stands_at || !state.chained) return;
  try {
    const std::uint64_t lines = store_->record_count();
    if (lines == 0) return;
    context_.chain_stands_at({name_, state.head.version, lines, state.head.record_hash, state.head.payload_hash_current,
                              state.head.time, std::nullopt});
  } catch (const std::exception& error) {
    context_.log(name_ + ": cannot be anchored: " + error.what());
  }
}

void StatusFile::publish(std::span<const Version> versions, std::shared_ptr<const FileState> state) {
  anchor(*state);
  set_state(std::move(state));
  observer_.versions_published(*this, versions);
}

void StatusFile::replace(std::shared_ptr<const FileState> state) {
  anchor(*state);
  set_state(std::move(state));
  observer_.state_replaced(*this);
}

}  // namespace statusfs
