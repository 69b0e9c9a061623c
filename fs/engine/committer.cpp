#include "fs/engine/committer.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fs/engine/reconciliation.hpp"
#include "fs/engine/record_walk.hpp"
#include "fs/identity/trace_context.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/plan_mirror.hpp"
#include "mapping/rules/proposal.hpp"
#include "mapping/rules/rollback.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// States of partition_status (seed 2.1, ADR-028) that the driver itself sets.
constexpr std::string_view partitioned = "PARTITIONED";
constexpr std::string_view reconciling = "RECONCILING";
constexpr std::string_view consistent = "CONSISTENT";

// The field in which the driver itself keeps that state, if the mapping has one.
const Field* partition_field(const Mapping& mapping) {
  for (const Field* field : mapping.file_fields())
    if (field->access == Access::read_only && field->enumeration && field->enumeration->contains(partitioned)) return field;
  return nullptr;
}

Rejection rejection_of(const StoreResult& result) {
  switch (result.status) {
    case StoreStatus::busy: return {Cause::busy, result.reason};
    case StoreStatus::no_space: return {Cause::no_space, result.reason};
    case StoreStatus::quota: return {Cause::quota, result.reason};
    case StoreStatus::lost: return {Cause::read_only, result.reason};
    case StoreStatus::done:
    case StoreStatus::conflict:
    case StoreStatus::foreign:
    case StoreStatus::failed: break;
  }
  return {Cause::io_failure, result.reason.empty() ? "the store failed; the outcome is unknown" : result.reason};
}

// Whatever is thrown while a request is judged becomes an answer; nothing may end the thread.
template <typename Function>
std::optional<Rejection> refusal_of(Function function) {
  try {
    function();
    return std::nullopt;
  } catch (const Rejection& rejection) {
    return rejection;
  } catch (const std::exception& error) {
    return Rejection(Cause::io_failure, std::string("internal failure: ") + error.what());
  }
}

void answer_all(const std::vector<Job*>& jobs, const std::optional<Rejection>& refusal) {
  for (Job* job : jobs) job->done(refusal);
}

// Whoever a file belongs to: the kernel vouches for the user, and the user database for his groups.
Caller owner_of_file(uid_t uid) {
  Caller owner;
  owner.uid = uid;
  owner.gid = static_cast<gid_t>(-1);
  owner.groups = find_groups_of(uid);
  return owner;
}

const WriteRequest& write_of(const Job& job) { return std::get<WriteRequest>(job.request); }

Author driver(const char* persona) {
  Author author;
  author.persona = persona;
  author.archetype = "SUPERVISOR";
  author.uid = getuid();
  author.trace_id = new_trace_id();
  return author;
}

// What the plan means for a state that may take writes otherwise.
void set_plan(FileState& state, const PlanFile& plan) {
  state.plan = plan.plan();
  state.closed_by_plan = state.read_only.empty() && !plan.hindrance().empty();
  if (state.closed_by_plan) state.read_only = plan.hindrance();
}

}  // namespace

Committer::Committer(std::string stem, const std::string& directory, Store& store, const EngineContext& context,
                     CommitterEvents& events)
    : stem_(std::move(stem)),
      store_(store),
      context_(context),
      events_(events),
      plan_(directory, context.log),
      keys_(store) {}

// --- state -----------------------------------------------------------------------------------------------------------

std::string Committer::reason_for_read_only(const StatusDocument& document) const {
  const Mapping& mapping = document.mapping();
  if (context_.read_only) return "the file system is mounted read-only";
  const Field* schema = field_initialised_by(mapping, "{schema}");
  const Value* value = schema ? document.value_of(*schema) : nullptr;
  if (value && !(value->is_string() && value->as_string() == mapping.schema))
    return "its schema is not " + mapping.schema + ", the one that this mount knows";
  const Field* partition = partition_field(mapping);
  const Value* state = partition ? document.value_of(*partition) : nullptr;
  if (state && *state == Value(partitioned))
    return "it is in quarantine after a foreign change; compare its .foreign files and run statusfs reconcile";
  return {};
}

std::shared_ptr<const FileState> Committer::state_of(const StoredFile& stored) const {
  auto state = std::make_shared<FileState>();
  state->modified = stored.modified;
  state->modified_at_load = stored.modified;
  if (stored.state == StoredFile::State::unusable) {
    state->error = stored.reason;
    return state;
  }
  state->document = stored.document;
  state->chained = stored.state == StoredFile::State::chained;
  state->head = stored.head;
  state->read_only = reason_for_read_only(*stored.document);
  if (state->read_only.empty() && !state->chained)
    state->read_only = stored.reason.empty() ? "it has no chain" : stored.reason;
  return state;
}

std::shared_ptr<const FileState> Committer::load() {
  const StoredFile stored = store_.load();
  for (const std::string& notice : stored.notices) context_.log(stem_ + ": " + notice);
  state_ = state_of(stored);
  if (state_->chained) context_.counter.raise(state_->head.g);
  if (context_.adopt_unhashed && !context_.read_only && state_->document && !state_->chained &&
      !has_any_hash(*state_->document)) {
    if (const auto refusal = refusal_of([&] { adopt(driver("STATUSFS")); }))
      context_.log(stem_ + ": not adopted: " + refusal->what());
  }
  follow_plan();
  return state_;
}

void Committer::reload() {
  chain_.reset();
  keys_.read_again();
  try {
    load();
  } catch (const std::exception& error) {
    auto unusable = std::make_shared<FileState>();
    unusable->error = error.what();
    state_ = std::move(unusable);
  }
  events_.replace(state_);
  announce();
}

std::shared_ptr<const FileState> Committer::state_after(const Version& version) const {
  auto state = std::make_shared<FileState>();
  state->document = version.document;
  state->head = version.head;
  state->chained = true;
  state->read_only = reason_for_read_only(*version.document);
  set_plan(*state, plan_);
  state->modified = system_clock::now();
  state->modified_at_load = state_->modified_at_load;
  return state;
}

void Committer::publish(std::span<const Version> versions) {
  if (versions.empty()) return;
  announce();
  state_ = state_after(versions.back());
  events_.publish(versions, state_);
}

void Committer::take_over_by_driver(const Version& version) {
  state_ = state_after(version);
  unannounced_.push_back(version);
}

void Committer::announce() {
  if (unannounced_.empty()) return;
  events_.publish(std::exchange(unannounced_, {}), state_);
}

void Committer::require_open_for_writes() const {
  if (!state_->document) throw Rejection(Cause::read_only, stem_ + " is unusable: " + state_->error);
  if (!state_->read_only.empty()) throw Rejection(Cause::read_only, stem_ + " is read-only: " + state_->read_only);
}

void Committer::require_chain() {
  if (!chain_) chain_.emplace(state_->document, state_->head);
}

Judge Committer::judge_for(const Author& author) const { return {author, plan_.plan().get(), &keys_}; }

// --- the plan --------------------------------------------------------------------------------------------------------

// Looks whether the plan is another than before. Whether anything that readers see changed.
bool Committer::follow_plan() {
  if (!state_->document || !plan_.refresh(*state_->document)) return mirror_plan_values();
  auto state = std::make_shared<FileState>(*state_);
  if (state->closed_by_plan) state->read_only.clear();
  set_plan(*state, plan_);
  state_ = std::move(state);
  mirror_plan_values();
  return true;
}

// What the plan says of itself is written down even where that closes the file. What hinders it now is tried again later.
bool Committer::mirror_plan_values() {
  const bool takes_versions = state_->chained && (state_->read_only.empty() || state_->closed_by_plan);
  if (!takes_versions || !plan_.plan()) return false;
  const Proposal proposal = mirror_plan(*state_->document, *plan_.plan());
  if (proposal.changes.empty()) return false;
  const auto refusal = refusal_of([&] {
    if (const StoreResult result = store_.prepare(); result.status != StoreStatus::done) throw rejection_of(result);
    require_chain();
    take_over_by_driver(commit_by_driver(proposal, "PLAN").back());
  });
  if (refusal) {
    if (chain_) chain_->reset(state_->document, state_->head);
    context_.log(stem_ + ": the plan's final status is not mirrored yet: " + refusal->what());
  }
  return !refusal;
}

// One durable mutation that nobody asked for. Throws Rejection; the chain must be reset then.
std::vector<Version> Committer::commit_by_driver(const Proposal& proposal, const char* persona) {
  const auto lease = context_.counter.begin();
  const std::uint64_t expected_version = chain_->head().version;
  const MutationStamp stamp{lease->next(), format_timestamp(system_clock::now()), driver(persona)};
  std::vector<Version> versions{chain_->append(proposal, stamp)};
  lease->commit();
  const StoreResult result = make_durable(versions, expected_version);
  if (result.status != StoreStatus::done) throw rejection_of(result);
  return versions;
}

// --- jobs ------------------------------------------------------------------------------------------------------------

void Committer::run(std::vector<Job> jobs) {
  if (follow_plan()) events_.replace(state_);
  announce();
  run_all(jobs);
  for (const std::string& notice : store_.take_notices()) context_.log(stem_ + ": " + notice);
}

void Committer::run_all(std::vector<Job>& jobs) {
  auto first = jobs.begin();
  while (first != jobs.end()) {
    const auto is_write = [](const Job& job) { return std::holds_alternative<WriteRequest>(job.request); };
    const auto end_of_writes = std::find_if_not(first, jobs.end(), is_write);
    if (end_of_writes != first) run_writes({first, end_of_writes});
    first = end_of_writes;
    if (first == jobs.end()) break;
    if (std::holds_alternative<ControlRequest>(first->request)) {
      run_control(*first);
    } else {
      if (std::holds_alternative<CheckRequest>(first->request)) run_check();
      first->done(std::nullopt);
    }
    ++first;
  }
}

// Requests that are refused for what they ask are answered before anything is waited for.
std::vector<Job*> Committer::judge_beforehand(std::span<Job> jobs) {
  std::vector<Job*> acceptable;
  for (Job& job : jobs) {
    const auto refusal = refusal_of([&] {
      require_open_for_writes();
      propose(*state_->document, write_of(job), judge_for(job.author));
    });
    if (refusal)
      job.done(refusal);
    else
      acceptable.push_back(&job);
  }
  return acceptable;
}

// Whether the store is ready for a commit; else the jobs have been answered.
bool Committer::prepare(std::vector<Job*>& jobs) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    const StoreResult result = store_.prepare();
    switch (result.status) {
      case StoreStatus::done: return true;
      case StoreStatus::foreign: resolve_foreign_change(); break;
      case StoreStatus::conflict: reload(); break;
      case StoreStatus::failed:
        if (attempt == 0 && store_.recheck().status == StoreStatus::done) {
          reload();
          break;
        }
        [[fallthrough]];
      default: answer_all(jobs, rejection_of(result)); return false;
    }
  }
  answer_all(jobs, Rejection(Cause::busy, stem_ + " is changed by other programs again and again"));
  return false;
}

void Committer::run_writes(std::span<Job> jobs) {
  std::vector<Job*> acceptable = judge_beforehand(jobs);
  if (acceptable.empty() || !prepare(acceptable)) return;
  commit(acceptable);
}

void Committer::commit(const std::vector<Job*>& jobs) {
  const auto started = steady_clock::now();
  std::vector<Version> versions;
  std::vector<Job*> accepted;
  std::uint64_t expected_version = 0;
  std::unique_ptr<GlobalCounter::Lease> lease;
  if (const auto refusal = refusal_of([&] {
        require_open_for_writes();  // preparing may have found the file changed
        require_chain();
        expected_version = chain_->head().version;
        lease = context_.counter.begin();
      })) {
    return answer_all(jobs, refusal);
  }
  std::optional<Rejection> failure = refusal_of([&] {
    for (Job* job : jobs) judge_and_stamp(*job, *lease, versions, accepted);
    if (!versions.empty()) lease->commit();
  });
  lease.reset();
  if (!failure && !versions.empty()) {
    const StoreResult result = make_durable(versions, expected_version);
    if (result.status == StoreStatus::conflict) return commit_again(accepted, result);
    if (result.status != StoreStatus::done) failure = rejection_of(result);
  }
  if (failure) {
    chain_->reset(state_->document, state_->head);
    keys_.take_back();
    return answer_all(accepted, failure);
  }
  attempts_ = 0;
  if (!versions.empty()) context_.metrics.observe_commit(steady_clock::now() - started, versions.size());
  keys_.confirm();
  publish(versions);
  answer_all(accepted, std::nullopt);
}

void Committer::judge_and_stamp(Job& job, GlobalCounter::Lease& lease, std::vector<Version>& versions,
                                std::vector<Job*>& accepted) {
  const auto refusal = refusal_of([&] {
    const Proposal proposal = propose(*chain_->document(), write_of(job), judge_for(job.author));
    for (const RuleWarning& warning : proposal.warnings) {
      context_.metrics.count_rule(warning.rule, false);
      context_.log(stem_ + ": " + proposal.path + ": rule " + warning.rule + ": " + warning.message);
      if (job.warned) job.warned(warning);
    }
    if (!proposal.changes.empty()) {
      const MutationStamp stamp{lease.next(), format_timestamp(system_clock::now()), job.author};
      versions.push_back(chain_->append(proposal, stamp));
    }
    if (proposal.idempotency && !proposal.is_replay)
      keys_.add(job.author.uid, proposal.path, *proposal.idempotency, system_clock::now());
  });
  if (refusal)
    job.done(refusal);
  else
    accepted.push_back(&job);
}

// Nothing was written: the chain moved on in between (a journal was closed), so everything is judged anew.
void Committer::commit_again(std::vector<Job*> jobs, const StoreResult& conflict) {
  keys_.take_back();
  reload();
  if (++attempts_ > most_attempts) {
    attempts_ = 0;
    return answer_all(jobs, Rejection(Cause::busy, stem_ + " is changed again and again: " + conflict.reason));
  }
  if (prepare(jobs)) commit(jobs);
}

StoreResult Committer::make_durable(std::span<const Version> versions, std::uint64_t expected_version) {
  std::vector<CommitEntry> entries;
  entries.reserve(versions.size());
  for (const Version& version : versions) entries.push_back({version.record, version.head, version.document});
  StoreResult result = store_.commit(expected_version, entries);
  if (result.status == StoreStatus::done) context_.metrics.count_mutations(entries.size());
  return result;
}

// --- control ---------------------------------------------------------------------------------------------------------

void Committer::run_control(Job& job) {
  const ControlRequest& request = std::get<ControlRequest>(job.request);
  std::vector<Job*> jobs{&job};
  if (request.command != ControlRequest::Command::adopt && state_->chained && !context_.read_only && !prepare(jobs))
    return;
  const auto refusal = refusal_of([&] {
    switch (request.command) {
      case ControlRequest::Command::adopt: adopt(job.author); break;
      case ControlRequest::Command::rollback: roll_back(request, job.author); break;
      case ControlRequest::Command::reconcile: reconcile(request, job.author); break;
    }
  });
  if (!refusal) {
    follow_plan();
    events_.replace(state_);
    announce();
  }
  job.done(refusal);
}

void Committer::carry_out(const Proposal& proposal, const Author& author) {
  require_chain();
  const std::uint64_t expected_version = chain_->head().version;
  try {
    const auto lease = context_.counter.begin();
    const MutationStamp stamp{lease->next(), format_timestamp(system_clock::now()), author};
    const std::vector<Version> versions{chain_->append(proposal, stamp)};
    lease->commit();
    const StoreResult result = make_durable(versions, expected_version);
    if (result.status != StoreStatus::done) throw rejection_of(result);
    publish(versions);
  } catch (...) {
    chain_->reset(state_->document, state_->head);
    throw;
  }
}

void Committer::roll_back(const ControlRequest& request, const Author& author) {
  require_open_for_writes();
  const StatusDocument earlier(state_->document->shared_mapping(),
                               document_at(store_, context_.mapping, request.version));
  const Proposal proposal =
      propose_rollback(*state_->document, earlier, request.version, request.task, judge_for(author));
  if (!proposal.changes.empty()) carry_out(proposal, author);
}

// Readers see that it runs; the journal has the outcome alone.
void Committer::show_reconciling() {
  auto state = std::make_shared<FileState>(*state_);
  const Field& field = *partition_field(*context_.mapping);
  state->document = std::make_shared<const StatusDocument>(state_->document->with_field(field, Value(reconciling)));
  state->read_only = "it is being reconciled";
  events_.replace(state);
}

void Committer::reconcile(const ControlRequest& request, const Author& author) {
  if (context_.read_only) throw Rejection(Cause::read_only, "the file system is mounted read-only");
  const Field* field = partition_field(*context_.mapping);
  const Value* before = field && state_->document && state_->chained ? state_->document->value_of(*field) : nullptr;
  if (!before || !(*before == Value(partitioned)))
    throw Rejection(Cause::not_permitted, stem_ + " is not in quarantine; there is nothing to reconcile");
  show_reconciling();
  try {
    const ForeignFile foreign = last_foreign_file(store_, context_.mapping);
    Proposal proposal =
        propose_reconciliation(*state_->document, foreign, request.resolution, request.preferred, {author});
    proposal.changes.fields.push_back({{}, field, field->pointer, *before, Value(consistent), {}});
    carry_out(proposal, author);
  } catch (...) {
    events_.replace(state_);
    throw;
  }
}

void Committer::adopt(const Author& author) {
  if (!state_->document) throw Rejection(Cause::read_only, stem_ + " is unusable: " + state_->error);
  if (context_.read_only) throw Rejection(Cause::read_only, "the file system is mounted read-only");
  if (state_->chained) throw Rejection(Cause::not_permitted, stem_ + " has a chain already");
  if (author.archetype != context_.mapping->archetypes.front())
    throw Rejection(Cause::access_denied, author.persona + " is " + author.archetype + " and may not adopt; allowed for: " +
                                              context_.mapping->archetypes.front());
  const auto lease = context_.counter.begin();
  const std::int64_t g = lease->next();
  const Version version =
      begin_chain(*state_->document, {stem_, {}, {}, g}, {g, format_timestamp(system_clock::now()), author}, "adopt");
  lease->commit();
  const StoreResult result = store_.begin({version.record, version.head, version.document});
  if (result.status != StoreStatus::done) throw rejection_of(result);
  context_.metrics.count_mutations(1);
  take_over_by_driver(version);
  chain_.reset();
}

// --- changes by other programs ---------------------------------------------------------------------------------------

void Committer::run_check() {
  if (!state_->chained || context_.read_only) return reload();
  const StoreResult result = store_.prepare();
  if (result.status == StoreStatus::foreign)
    resolve_foreign_change();
  else if (result.status == StoreStatus::conflict)
    reload();
  else if (result.status != StoreStatus::done)
    context_.log(stem_ + ": " + result.reason);
}

void Committer::resolve_foreign_change() {
  const auto change = store_.foreign_change();
  if (!change) return;
  require_chain();
  if (change->kept_as.empty() && adopt_foreign(*change)) return;
  quarantine(*change);
}

namespace {

bool is_successor(const StatusDocument& document, const ChainHead& head) {
  const Mapping& mapping = document.mapping();
  const Value* version = document.value_of(*mapping.stamped(Stamp::version, false));
  const Value* previous = document.value_of(*mapping.stamped(Stamp::payload_hash_previous, false));
  return version && *version == Value(static_cast<std::int64_t>(head.version + 1)) && previous &&
         *previous == Value(head.payload_hash_current) && verify_hashes(document, 1).empty();
}

}  // namespace

// A change that fits the chain, or that the configuration lets pass, becomes a version; false leaves it to quarantine.
bool Committer::adopt_foreign(const ForeignChange& change) {
  const auto refusal = refusal_of([&] {
    if (state_->closed_by_plan) throw Rejection(Cause::read_only, state_->read_only);
    const StatusDocument document(context_.mapping, parse_json(change.text));
    const Config config = context_.config();
    Author author = config.writers->author_of(owner_of_file(change.owner), {});
    author.persona = "EXTERNAL";
    const Proposal proposal = propose_replacement(*chain_->document(), document.root(), judge_for(author));
    const bool continues_chain = is_successor(document, chain_->head());
    if (!continues_chain && config.external != ExternalChanges::adopt)
      throw Rejection(Cause::invalid, "it does not continue the chain");
    const auto lease = context_.counter.begin();
    const MutationStamp stamp{lease->next(), format_timestamp(system_clock::now()), author};
    const std::uint64_t expected_version = chain_->head().version;
    std::vector<Version> versions;
    if (continues_chain)
      versions.push_back(chain_->append_document(document, stamp, "external"));
    else if (!proposal.changes.empty())
      versions.push_back(chain_->append(proposal, stamp));
    lease->commit();
    store_.accept_foreign();
    if (!versions.empty()) {
      const StoreResult result = make_durable(versions, expected_version);
      if (result.status != StoreStatus::done) throw rejection_of(result);
    }
    publish(versions);
    events_.replace(state_);
  });
  if (refusal) {
    chain_->reset(state_->document, state_->head);
    context_.log(stem_ + ": a foreign change is not adopted: " + refusal->what());
  }
  return !refusal;
}

void Committer::quarantine(const ForeignChange& change) {
  std::string kept_as = change.kept_as;
  const auto refusal = refusal_of([&] {
    if (const StoreResult result = store_.set_foreign_aside(kept_as); result.status != StoreStatus::done)
      throw rejection_of(result);
    const Field* field = partition_field(*context_.mapping);
    if (!field) return;
    const Value* before = chain_->document()->value_of(*field);
    Proposal proposal;
    proposal.op = "quarantine";
    proposal.path = kept_as;
    proposal.changes.fields.push_back({{}, field, field->pointer, before ? std::optional(*before) : std::nullopt,
                                       Value(partitioned), {}});
    publish(commit_by_driver(proposal, "STATUSFS"));
  });
  if (refusal) chain_->reset(state_->document, state_->head);
  context_.log(stem_ + ": another program put content in its place that is no version of it; kept as " + kept_as +
               (refusal ? std::string("; ") + refusal->what() : std::string()));
}

}  // namespace statusfs
