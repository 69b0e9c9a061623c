#include "fs/store/local/json_follower.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "fs/store/file_names.hpp"
#include "fs/store/local/lock_holder.hpp"
#include "fs/store/local/outcome.hpp"
#include "fs/store/local/side_file.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

using Clock = std::chrono::steady_clock;

// How often it is looked whether an append has ended that keeps the lock from being let go.
constexpr std::chrono::milliseconds append_patience{5};
constexpr std::chrono::milliseconds removal_patience{200};
constexpr std::chrono::milliseconds removal_pause{10};
// An attempt holds up whoever wants to write.
constexpr std::chrono::milliseconds lock_wait_of_attempt{1000};

constexpr const char* not_up_to_date =
    ": not every JSON is up to date; its journal has everything, and the next mount or statusfs recover writes it";
constexpr const char* caught_up = "the JSON follows its journal again";

bool says(const std::optional<Value>& value, const std::shared_ptr<const StatusDocument>& document) {
  return value && document && *value == document->root();
}

std::optional<Value> parse_if_possible(const std::string& text) try {
  return parse_json(text);
} catch (const ParseError&) {
  return std::nullopt;
}

}  // namespace

JsonFollower::JsonFollower(Files& files, const std::string& path, const OpenedDirectory& directory,
                           const LocalOptions& options)
    : options_(options),
      files_(files),
      directory_(directory),
      file_(files, path),
      signature_(files, path, options.signing_key),
      lock_(files, lock_of(path)),
      like_(ordinary_attributes()),
      checkpointer_([this] { return step(); }, options.idle) {}

JsonFollower::~JsonFollower() {
  checkpointer_.stop();
  settle();
  const auto guard = exclusive();
  release();
}

bool JsonFollower::is_disturbed() {
  {
    const std::lock_guard state(mutex_);
    if (kept_ || paused_) return true;
  }
  return !file_.is_untouched();
}

bool JsonFollower::is_ready() {
  {
    const std::lock_guard state(mutex_);
    if (!held_since_ || draining_ || paused_ || kept_ || failure_.status != StoreStatus::done) return false;
    last_activity_ = Clock::now();
  }
  return file_.is_untouched();
}

bool JsonFollower::forget() {
  const std::unique_lock work(work_, std::try_to_lock);
  if (!work) return false;
  const std::lock_guard state(mutex_);
  const bool is_idle = !has_work() && !held_since_ && !paused_ && !kept_ && failure_.status == StoreStatus::done;
  if (!is_idle) return false;
  newest_.reset();
  written_.reset();
  is_unread_ = true;
  return true;
}

bool JsonFollower::begin_append() {
  const std::lock_guard state(mutex_);
  if (!held_since_ || draining_) return false;
  appending_ = true;
  return true;
}

void JsonFollower::end_append(DocumentPointer newest) {
  const std::lock_guard state(mutex_);
  appending_ = false;
  last_activity_ = Clock::now();
  if (newest) {
    paused_ = false;  // with the new document, not before: the old one must not be written over what was accepted
    newest_ = std::move(newest);
    if (!unwritten_since_) unwritten_since_ = last_activity_;
  }
  appended_.notify_all();
}

bool JsonFollower::has_chain() {
  const std::lock_guard state(mutex_);
  return newest_ != nullptr || is_unread_;
}

/// Whether the JSON that was known and the journal are both gone: then neither they nor the lock file are made anew.
/// Where one of them is missing the other is given the time to follow, for nobody removes both at once. A chain that is
/// not begun yet has no journal to wait for. Nor are they made in another directory that has the name now.
bool JsonFollower::is_removed() {
  if (directory_.is_displaced()) return true;
  if (!file_.status()) return false;
  const Time deadline = Clock::now() + removal_patience;
  for (;;) {
    const int missing = !files_.status(file_.path()) + !files_.status(journal_of(file_.path()));
    if (missing != 1 || !has_chain()) return missing == 2;
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(removal_pause);
  }
}

StoreResult JsonFollower::removed() const { return {StoreStatus::gone, file_.path() + " was removed"}; }

/// What is known beforehand to keep the JSON from following: better refuse a write than have a journal that it cannot
/// follow.
StoreResult JsonFollower::hindrance() {
  if (is_removed()) return removed();
  if (file_.may_be_replaced()) return {};
  return {StoreStatus::refused,
          file_.path() + " cannot be replaced: there is no right to change the directory that it is in"};
}

/// Nothing was written for want of the lock, so that nothing about it is unknown.
StoreResult JsonFollower::lock_failure(const std::system_error& error) const {
  const StoreResult result = outcome_of(error);
  const int code = error.code().value();
  const bool is_link = code == ELOOP || code == EMLINK;
  if (result.status != StoreStatus::failed || code == EIO) return result;
  return {StoreStatus::refused, is_link ? file_.path() + ".lock is a symbolic link, which is not followed; remove it"
                                        : file_.path() + ".lock cannot be used: " + error.what()};
}

StoreResult JsonFollower::hold(std::chrono::milliseconds allowed) {
  if (StoreResult hindered = guarded([&] { return hindrance(); }); hindered.status != StoreStatus::done) {
    release();
    return hindered;
  }
  if (lock_.is_held()) return {};
  Time rest_until;
  {
    const std::lock_guard state(mutex_);
    rest_until = rest_until_;
  }
  std::this_thread::sleep_until(rest_until);
  try {
    if (!lock_.acquire(allowed, like_))
      return {StoreStatus::busy, "another program has held " + file_.path() + ".lock for too long"};
    {
      const std::lock_guard state(mutex_);
      held_since_ = last_activity_ = Clock::now();
      draining_ = false;
    }
    if (options_.background) checkpointer_.wake();
    return {};
  } catch (const std::system_error& error) {
    release();
    return lock_failure(error);
  }
}

void JsonFollower::was_needed() {
  const std::lock_guard state(mutex_);
  last_activity_ = Clock::now();
}

void JsonFollower::release() {
  {
    std::unique_lock state(mutex_);
    held_since_.reset();  // from here on begin_append() says no
    draining_ = false;
    appended_.wait(state, [&] { return !appending_; });
  }
  let_go();
}

/// The rest begins when the lock is really free.
void JsonFollower::let_go() {
  if (!lock_.is_held()) return;
  lock_.release();
  const std::lock_guard state(mutex_);
  rest_until_ = Clock::now() + options_.hold.rest;
}

/// Lets the lock go unless something would still need it.
bool JsonFollower::try_release(bool only_when_idle) {
  {
    const std::lock_guard state(mutex_);
    const Time now = Clock::now();
    if (has_work() || appending_) return false;
    if (only_when_idle && !draining_ && now < last_activity_ + patience()) return false;
    // In the same breath: from here on begin_append() says no.
    held_since_.reset();
    draining_ = false;
  }
  let_go();
  return true;
}

void JsonFollower::set_newest(DocumentPointer newest, bool is_written) {
  std::unique_lock state(mutex_);
  newest_ = std::move(newest);
  is_unread_ = false;
  if (!is_written) {
    written_.reset();
    unwritten_since_ = Clock::now();
    return;
  }
  written_ = newest_;
  unwritten_since_.reset();
  failure_ = {};
  const bool is_news = retry_.succeeded() && newest_;
  state.unlock();
  if (is_news) tell(caught_up);
}

void JsonFollower::set_unread(const FileStatus& json) {
  file_.set_known(json);
  const std::lock_guard state(mutex_);
  is_unread_ = true;
}

void JsonFollower::set_paused(bool paused) {
  const std::lock_guard state(mutex_);
  paused_ = paused;
}

bool JsonFollower::is_behind() {
  const std::lock_guard state(mutex_);
  return has_work();
}

std::optional<SnapshotFile::Kept> JsonFollower::kept() {
  const std::lock_guard state(mutex_);
  return kept_;
}

void JsonFollower::drop_kept() {
  const std::lock_guard state(mutex_);
  kept_.reset();
}

StoreResult JsonFollower::replace_file(const DocumentPointer& newest, const DocumentPointer& previous) {
  return guarded([&]() -> StoreResult {
    if (directory_.is_displaced()) return removed();
    const std::string text = indented_document(newest->root());
    const auto is_ours = [&](const std::string& brought_out) {
      const auto value = parse_if_possible(brought_out);
      return says(value, newest) || says(value, previous);
    };
    if (!file_.replace(text, like_, is_ours, [&] { return is_removed(); })) return removed();
    signature_.write(text, file_.status().value_or(like_));
    return {};
  });
}

StoreResult JsonFollower::write() {
  DocumentPointer newest, previous;
  {
    const std::lock_guard state(mutex_);
    newest = newest_;
    previous = written_;
  }
  const Time begun = Clock::now();
  StoreResult result = replace_file(newest, previous);
  auto kept = file_.take_kept();

  std::unique_lock state(mutex_);
  if (kept) kept_ = std::move(kept);
  failure_ = result;
  if (result.status != StoreStatus::done) return result;
  cost_ = Clock::now() - begun;
  written_ = newest;
  unwritten_since_.reset();
  if (newest_ != newest) unwritten_since_ = begun;
  const bool is_news = retry_.succeeded();
  state.unlock();
  if (is_news) tell(caught_up);
  return result;
}

bool JsonFollower::tell(const std::string& trouble) {
  const std::lock_guard telling(telling_);
  if (told_) told_(trouble);
  return told_ != nullptr;
}

void JsonFollower::try_again_after(const StoreResult& failure) {
  if (!options_.background || failure.status == StoreStatus::gone) return;
  bool is_news = false;
  {
    const std::lock_guard state(mutex_);
    if (!has_work()) return;
    is_news = retry_.failed(Clock::now());
  }
  if (is_news) tell("the JSON cannot follow its journal, which has everything, and is tried again: " + failure.reason);
  try {
    checkpointer_.wake();
  } catch (const std::system_error&) {  // without a thread the next write tries it
  }
}

StoreResult JsonFollower::settle() {
  if (options_.read_only) return {};
  const auto guard = exclusive();
  {
    const std::lock_guard state(mutex_);
    if (paused_) return {StoreStatus::foreign, file_.path() + " was changed by another program"};
  }
  if (is_behind()) {
    StoreResult result = hold();
    if (result.status == StoreStatus::done) result = write();
    if (result.status != StoreStatus::done) {
      release();
      try_again_after(result);
      if (result.status == StoreStatus::gone) return {};  // nobody wants it any more
      return {result.status, result.reason + not_up_to_date};
    }
  }
  // With a thread the lock goes when nothing more comes; without one nobody else would let it go.
  if (!options_.background) try_release(false);
  return {};
}

HoldPolicy::Time JsonFollower::next_due(Time now) const {
  const HoldPolicy& policy = options_.hold;
  const Time drain = policy.drain_due(*held_since_, cost_);
  if (has_work()) return std::min(drain, policy.write_due(*unwritten_since_, cost_));
  const Time release = std::min(drain, last_activity_ + patience());
  return appending_ ? std::max(release, now + append_patience) : release;
}

std::optional<JsonFollower::Time> JsonFollower::step() {
  const Time now = Clock::now();
  {
    const std::lock_guard state(mutex_);
    const std::optional<Time> next = due(now);
    if (!next || *next > now) return next;
  }
  const auto guard = exclusive();
  return work(Clock::now());
}

void JsonFollower::drain_if_due(Time now) {
  std::unique_lock state(mutex_);
  if (!options_.hold.must_drain(now, *held_since_, cost_)) return;
  draining_ = true;
  appended_.wait(state, [&] { return !appending_; });
}

std::optional<JsonFollower::Time> JsonFollower::work(Time now) {
  if (!lock_.is_held()) return try_again(now);
  drain_if_due(now);
  if (is_behind()) {
    if (const StoreResult result = write(); result.status != StoreStatus::done) {
      release();
      try_again_after(result);
    }
  }
  try_release(true);
  const std::lock_guard state(mutex_);
  return due(Clock::now());
}

/// Whoever had the lock until now may have put something there, which is judged before it is written over.
StoreResult JsonFollower::write_over_known() {
  const StoreResult looked = guarded([&]() -> StoreResult {
    if (file_.is_untouched() || !file_.look()) return {};  // what was removed is told by the write
    return {StoreStatus::foreign, file_.path() + " was changed by another program"};
  });
  return looked.status == StoreStatus::done ? write() : looked;
}

std::optional<JsonFollower::Time> JsonFollower::try_again(Time now) {
  {
    const std::lock_guard state(mutex_);
    const std::optional<Time> next = next_attempt();
    if (!next || *next > now) return next;
    retry_.attempt();  // none follows one of a file that is gone
  }
  StoreResult result = hold(lock_wait_of_attempt);
  if (result.status == StoreStatus::done) result = write_over_known();
  // From hold() on a version may be appended; with the lock it is written, too.
  if (result.status == StoreStatus::done) {
    try_release(true);
  } else {
    release();
    try_again_after(result);
  }
  const std::lock_guard state(mutex_);
  return due(Clock::now());
}

}  // namespace statusfs
