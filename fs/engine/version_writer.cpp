#include "fs/engine/version_writer.hpp"

#include <unistd.h>

#include <utility>

#include "fs/engine/followed_records.hpp"
#include "fs/engine/partition_state.hpp"
#include "fs/engine/refusal.hpp"
#include "fs/identity/trace_context.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/chain/followed_version.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

using std::chrono::system_clock;

}  // namespace

bool looks_the_same(const FileState& left, const FileState& right) {
  return left.chained && right.chained && left.head == right.head && left.read_only == right.read_only &&
         left.has_foreign_content == right.has_foreign_content && left.plan == right.plan;
}

Author driver_author(const EngineContext& context, const char* persona) {
  Author author;
  author.persona = persona;
  author.archetype = context.mapping->archetypes.front();
  author.uid = getuid();
  author.trace_id = new_trace_id();
  return author;
}

VersionWriter::VersionWriter(std::string stem, Store& store, const EngineContext& context, VersionEvents& events)
    : stem_(std::move(stem)), store_(store), context_(context), events_(events), keys_(store) {}

// --- state -----------------------------------------------------------------------------------------------------------

std::string VersionWriter::reason_for_read_only(const StatusDocument& document) const {
  if (context_.read_only) return "the file system is mounted read-only";
  if (std::string hindrance = hindrance_of_schema(document); !hindrance.empty()) return hindrance;
  if (is_partitioned(document))
    return "it is in quarantine after a foreign change; compare its .foreign files and run statusfs reconcile";
  return {};
}

// What the plan means for a state that may take writes otherwise.
void VersionWriter::apply_plan(FileState& state) const {
  state.plan = plan_;
  state.plan_hindrance = plan_hindrance_;
  state.closed_by_plan = state.read_only.empty() && !plan_hindrance_.empty();
  if (state.closed_by_plan) state.read_only = plan_hindrance_;
}

std::shared_ptr<const FileState> VersionWriter::state_of(const StoredFile& stored) const {
  auto state = std::make_shared<FileState>();
  state->modified = stored.modified;
  state->modified_at_load = stored.modified;
  state->may_pass = stored.may_pass;
  if (stored.state == StoredFile::State::unusable) {
    state->error = stored.reason;
    return state;
  }
  state->document = stored.document;
  state->chained = stored.state == StoredFile::State::chained;
  state->has_foreign_content = stored.has_foreign_content;
  state->head = stored.head;
  state->read_only = reason_for_read_only(*stored.document);
  if (state->read_only.empty() && !state->chained)
    state->read_only = stored.reason.empty() ? "it has no chain" : stored.reason;
  apply_plan(*state);
  return state;
}

std::shared_ptr<const FileState> VersionWriter::state_after(const Version& version) const {
  auto state = std::make_shared<FileState>();
  state->document = version.document;
  state->head = version.head;
  state->chained = true;
  state->read_only = reason_for_read_only(*version.document);
  apply_plan(*state);
  state->modified = system_clock::now();
  state->modified_at_load = state_->modified_at_load;
  return state;
}

void VersionWriter::set_plan(std::shared_ptr<const Plan> plan, std::string hindrance) {
  auto state = std::make_shared<FileState>(*state_);
  if (state->closed_by_plan) state->read_only.clear();
  plan_ = std::move(plan);
  plan_hindrance_ = std::move(hindrance);
  apply_plan(*state);
  state_ = std::move(state);
}

void VersionWriter::set_unusable(const std::string& reason) {
  auto state = std::make_shared<FileState>();
  state->error = reason;
  state->may_pass = true;  // what loading throws is not about what the file says
  state_ = std::move(state);
}

void VersionWriter::require_open_for_writes() const {
  if (!state_->document) throw unusable(stem_, *state_);
  if (!state_->read_only.empty()) throw closed(stem_, *state_);
}

Chain& VersionWriter::chain() {
  if (!chain_) chain_.emplace(state_->document, state_->head);
  return *chain_;
}

Judge VersionWriter::judge_for(const Author& author) const { return {author, state_->plan.get(), &keys_}; }

// --- loading ---------------------------------------------------------------------------------------------------------

bool VersionWriter::forget() {
  if (!state_->chained || !state_->document || state_->stored_document || has_unannounced()) return false;
  if (!store_.forget_document()) return false;
  auto known = std::make_shared<FileState>(*state_);
  known->document.reset();
  state_ = std::move(known);
  chain_.reset();
  return true;
}

void VersionWriter::load() {
  const std::shared_ptr<const FileState> before = state_;
  const std::shared_ptr<const FileState> known = state_ && state_->chained && !state_->document ? state_ : nullptr;
  chain_.reset();
  keys_.read_again();
  const StoredFile stored = store_.load();
  for (const std::string& notice : stored.notices) context_.log(stem_ + ": " + notice);
  state_ = state_of(stored);
  if (before) keep_times(*before);
  if (known) is_shown_late_ = !looks_the_same(*known, *state_);
  if (before) follow_journal(*before);
  if (state_->document) context_.counter.raise(largest_g_in(*state_));
  if (context_.adopt_unhashed && !context_.read_only && state_->document && !state_->chained &&
      !has_any_hash(*state_->document)) {
    if (const auto refusal = refusal_of([&] { begin_chain(driver_author(context_, "STATUSFS")); }))
      context_.log(stem_ + ": not adopted: " + refusal->what());
  }
}

// A version is no newer for having been read again.
void VersionWriter::keep_times(const FileState& before) {
  if (!before.chained || !state_->chained || !(before.head == state_->head)) return;
  auto state = std::make_shared<FileState>(*state_);
  state->modified = before.modified;
  state->modified_at_load = before.modified_at_load;
  state_ = std::move(state);
}

// What somebody else wrote, or what became of a write of ours whose outcome was unknown.
void VersionWriter::follow_journal(const FileState& before) {
  const std::vector<Version> versions = versions_between(store_, before, *state_);
  if (versions.empty()) return;
  unannounced_.insert(unannounced_.end(), versions.begin(), versions.end());
  auto state = std::make_shared<FileState>(*state_);
  state->modified_at_load = before.modified_at_load;
  state_ = std::move(state);
}

void VersionWriter::begin_chain(const Author& author) {
  const auto lease = context_.counter.begin();
  const std::int64_t g = lease->next();
  const Version version = statusfs::begin_chain(*state_->document, {stem_, {}, {}, g},
                                                {g, format_timestamp(system_clock::now()), author}, "adopt");
  lease->commit();
  const StoreResult result = store_.begin({version.record, version.head, version.document});
  if (result.status != StoreStatus::done) throw rejection_of(result);
  context_.metrics.count_mutations(1);
  advance({&version, 1});
  chain_.reset();
}

// --- versions --------------------------------------------------------------------------------------------------------

StoreResult VersionWriter::make_durable(std::span<const Version> versions, std::uint64_t expected_version) {
  std::vector<CommitEntry> entries;
  entries.reserve(versions.size());
  for (const Version& version : versions) entries.push_back({version.record, version.head, version.document});
  StoreResult result = store_.commit(expected_version, entries);
  if (result.status == StoreStatus::done) context_.metrics.count_mutations(entries.size());
  return result;
}

void VersionWriter::take_back() {
  if (chain_) chain_->reset(state_->document, state_->head);
}

MutationStamp VersionWriter::stamp_of(GlobalCounter::Lease& lease, Author author) const {
  author.host = context_.host;
  return {lease.next(), format_timestamp(system_clock::now()), std::move(author)};
}

MutationStamp VersionWriter::stamp_with(std::int64_t g, const std::string& trace_id, Author author) const {
  author.host = context_.host;
  if (!trace_id.empty()) author.trace_id = trace_id;
  return {g, format_timestamp(system_clock::now()), std::move(author)};
}

std::vector<Version> VersionWriter::commit_alone(
    const std::function<std::vector<Version>(GlobalCounter::Lease& lease)>& make) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + patience_with_others;
  try {
    for (;;) {
      const std::uint64_t expected_version = chain().head().version;
      const auto lease = context_.counter.begin();
      std::vector<Version> versions = make(*lease);
      if (versions.empty()) return versions;
      lease->commit();
      const StoreResult result = make_durable(versions, expected_version);
      if (result.status == StoreStatus::done) return versions;
      // Nothing but the number was taken by others: the same can be asked for again.
      const bool may_be_tried_again = result.status == StoreStatus::conflict && steady_clock::now() < deadline &&
                                      store_.prepare().status == StoreStatus::done;
      if (!may_be_tried_again) throw_rejection_of(result);
      take_back();
    }
  } catch (...) {
    take_back();
    throw;
  }
}

std::vector<Version> VersionWriter::commit_alone(const Proposal& proposal, const Author& author) {
  return commit_alone([&](GlobalCounter::Lease& lease) {
    return std::vector<Version>{chain().append(proposal, stamp_of(lease, author))};
  });
}

bool VersionWriter::follow_others() {
  const std::vector<CommitEntry> entries = store_.take_versions();
  if (entries.empty() || !state_->chained || entries.front().head.version != state_->head.version + 1) return false;
  std::vector<Version> versions;
  std::shared_ptr<const StatusDocument> before = state_->document;
  for (const CommitEntry& entry : entries) {
    versions.push_back(followed_version(*before, entry.document, entry.record, entry.head));
    before = entry.document;
  }
  chain_.reset();
  keys_.read_again();
  publish(versions);
  return true;
}

bool VersionWriter::follow_continuation() {
  if (!state_->chained || !state_->document) return false;
  const std::optional<ChainHead> head = store_.take_continuation();
  if (!head || head->version != state_->head.version) return false;
  auto state = std::make_shared<FileState>(*state_);
  state->head = *head;
  state_ = std::move(state);
  if (chain_) chain_->reset(state_->document, state_->head);
  events_.publish({}, state_);
  return true;
}

void VersionWriter::advance(std::span<const Version> versions) {
  if (versions.empty()) return;
  state_ = state_after(versions.back());
  unannounced_.insert(unannounced_.end(), versions.begin(), versions.end());
}

void VersionWriter::announce() {
  if (std::exchange(is_shown_late_, false)) events_.replace(state_);
  if (unannounced_.empty()) return;
  events_.publish(std::exchange(unannounced_, {}), state_);
}

void VersionWriter::publish(std::span<const Version> versions) {
  if (versions.empty()) return;
  announce();
  const bool showed_foreign_content = state_->has_foreign_content;
  state_ = state_after(versions.back());
  events_.publish(versions, state_);
  if (showed_foreign_content) events_.replace(state_);
}

void VersionWriter::foreign_content_is_gone() {
  if (!state_->has_foreign_content) return;
  auto state = std::make_shared<FileState>(*state_);
  state->has_foreign_content = false;
  state_ = std::move(state);
  replace();
}

void VersionWriter::warn(const std::string& message) {
  context_.log(stem_ + ": " + message);
  events_.warn(message);
}

void VersionWriter::replace() {
  is_shown_late_ = false;
  events_.replace(state_);
  announce();
}

}  // namespace statusfs
