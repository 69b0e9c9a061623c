#include "fs/engine/committer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fs/engine/control_commands.hpp"
#include "fs/engine/refusal.hpp"
#include "mapping/rules/proposal.hpp"

namespace statusfs {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

const WriteRequest& write_of(const Job& job) { return std::get<WriteRequest>(job.request); }

}  // namespace

Committer::Committer(std::string stem, StatusSource& source, Store& store, const EngineContext& context,
                     VersionEvents& events)
    : context_(context), writer_(std::move(stem), store, context, events), plan_(source, writer_), foreign_(writer_) {}

std::shared_ptr<const FileState> Committer::load() {
  const bool is_again = writer_.state() != nullptr;
  writer_.load();
  if (plan_.follow() && is_again) writer_.show_late();
  return writer_.state();
}

std::shared_ptr<const FileState> Committer::load_again() {
  const auto before = writer_.state();
  load_or_say_why();
  const auto& now = *writer_.state();
  if (!now.may_pass || now.error != before->error || now.read_only != before->read_only) writer_.show_late();
  return writer_.state();
}

void Committer::load_or_say_why() {
  try {
    load();
  } catch (const std::exception& error) {
    writer_.set_unusable(error.what());
  }
}

// Versions of other hosts are published like our own, and a journal that was closed is nothing to readers; whatever
// else is new is read as a whole.
void Committer::catch_up() {
  if (!writer_.follow_others() && !writer_.follow_continuation()) reload();
}

void Committer::reload() {
  const auto before = writer_.state();
  load_or_say_why();
  // Where load() found which versions there are to tell, they tell all that is another now, but for what is not of
  // them.
  const bool is_told = before && writer_.has_unannounced() && before->read_only == writer_.state()->read_only &&
                       before->plan == writer_.state()->plan;
  if (!is_told && (!before || !looks_the_same(*before, *writer_.state()))) writer_.replace();
  writer_.announce();
}

// --- jobs ------------------------------------------------------------------------------------------------------------

void Committer::run(std::vector<Job> jobs, const MoreWrites& more) {
  if (plan_.follow()) writer_.replace();
  writer_.announce();
  run_all(jobs, more);
  for (const std::string& notice : writer_.store().take_notices()) context_.log(writer_.stem() + ": " + notice);
}

void Committer::run_all(std::vector<Job>& jobs, const MoreWrites& more) {
  const MoreWrites none;
  auto first = jobs.begin();
  while (first != jobs.end()) {
    const auto is_write = [](const Job& job) { return std::holds_alternative<WriteRequest>(job.request); };
    const auto end_of_writes = std::find_if_not(first, jobs.end(), is_write);
    if (end_of_writes != first) run_writes({first, end_of_writes}, end_of_writes == jobs.end() ? more : none);
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

void Committer::run_control(Job& job) {
  const ControlRequest& request = std::get<ControlRequest>(job.request);
  const bool needs_store = request.command != ControlRequest::Command::adopt && writer_.state()->chained;
  auto refusal = needs_store && !context_.read_only ? prepare() : std::nullopt;
  if (refusal) return job.done(refusal);
  refusal = refusal_of([&] { carry_out(writer_, request, job.author); });
  if (!refusal) {
    // A rollback is a version like any other, and was told; the others change what the file is to readers.
    const bool is_replaced = plan_.follow() || request.command != ControlRequest::Command::rollback;
    if (is_replaced) writer_.replace();
  }
  job.done(refusal);
}

void Committer::run_check() {
  if (!writer_.state()->chained || context_.read_only) return reload();
  const StoreResult result = writer_.store().prepare();
  if (result.status == StoreStatus::done)
    foreign_.record_quarantine();
  else if (result.status == StoreStatus::foreign)
    foreign_.resolve();
  else if (result.status == StoreStatus::conflict)
    catch_up();
  else if (result.status == StoreStatus::failed && writer_.store().recheck().status == StoreStatus::done)
    reload();
  else
    context_.log(writer_.stem() + ": " + result.reason);
}

// --- writes ----------------------------------------------------------------------------------------------------------

void Committer::answer_all(const std::vector<Candidate>& candidates, const std::optional<Rejection>& refusal) {
  for (const Candidate& candidate : candidates) candidate.job->done(candidate.refusal ? candidate.refusal : refusal);
}

void Committer::run_writes(std::span<Job> jobs, const MoreWrites& more) {
  std::vector<Candidate> candidates = judge_beforehand(jobs);
  while (!candidates.empty()) {
    if (const auto refusal = prepare()) {
      answer_all(std::exchange(candidates, {}), refusal);
      continue;
    }
    std::vector<Candidate> later = split_off(candidates, writer_.store().group_limit().mutations);
    candidates = commit(std::move(candidates), later.empty() ? more : MoreWrites{});
    std::ranges::move(later, std::back_inserter(candidates));
  }
  latecomers_.clear();
}

// The store may take fewer than it was asked for before.
std::vector<Committer::Candidate> Committer::split_off(std::vector<Candidate>& candidates, std::size_t most) {
  if (candidates.size() <= most) return {};
  const auto first = candidates.begin() + static_cast<std::ptrdiff_t>(most);
  std::vector<Candidate> later(std::make_move_iterator(first), std::make_move_iterator(candidates.end()));
  candidates.erase(first, candidates.end());
  return later;
}

// They are judged when they are stamped.
void Committer::add_latecomers(std::vector<Candidate>& candidates, const MoreWrites& more) {
  if (!more) return;
  GroupLimit room = writer_.store().group_limit();
  room.mutations -= std::min(room.mutations, candidates.size());
  for (const Candidate& candidate : candidates)
    room.bytes -= std::min(room.bytes, write_of(*candidate.job).text.size());
  latecomers_.push_back(more(room));
  for (Job& job : latecomers_.back()) candidates.push_back({&job});
}

// Requests that are refused for what they ask are answered before anything is waited for; but none for what the newest
// version does not say any more.
std::vector<Committer::Candidate> Committer::judge_beforehand(std::span<Job> jobs) {
  std::vector<Candidate> candidates;
  bool is_newest = false;
  for (Job& job : jobs) {
    Candidate candidate{&job};
    auto refusal = judge(candidate);
    if (refusal && !std::exchange(is_newest, true) && take_over_news()) refusal = judge(candidate);
    if (refusal)
      job.done(refusal);
    else
      candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// By the version that is known now.
std::optional<Rejection> Committer::judge(Candidate& candidate) {
  candidate.judged_by = writer_.state();
  return refusal_of([&] {
    writer_.require_open_for_writes();
    const Job& job = *candidate.job;
    candidate.proposal = propose(*candidate.judged_by->document, write_of(job), writer_.judge_for(job.author));
  });
}

// Whether others had written what was not known here.
bool Committer::take_over_news() {
  if (context_.read_only || !writer_.state()->chained) return false;
  if (writer_.store().look_for_news().status != StoreStatus::conflict) return false;
  catch_up();
  return true;
}

// Makes the store ready for a commit, or says why it cannot be.
std::optional<Rejection> Committer::prepare() {
  const auto deadline = steady_clock::now() + VersionWriter::patience_with_others;
  const auto is_time_left = [&] { return steady_clock::now() < deadline; };
  for (int attempt = 0; attempt < 3 || is_time_left(); ++attempt) {
    const StoreResult result = writer_.store().prepare();
    switch (result.status) {
      case StoreStatus::done:
        return foreign_.record_quarantine();
      case StoreStatus::foreign:
        // Busy is what it is when the other program changed it once more meanwhile, as one that keeps the rules may.
        if (auto refusal = foreign_.resolve(); refusal && !(refusal->cause() == Cause::busy && is_time_left()))
          return refusal;
        break;
      case StoreStatus::conflict:
        catch_up();
        break;
      case StoreStatus::failed:
        if (attempt == 0 && writer_.store().recheck().status == StoreStatus::done) {
          reload();
          break;
        }
        [[fallthrough]];
      default:
        return rejection_of(result);
    }
  }
  return Rejection(Cause::busy, writer_.stem() + " is changed by other programs again and again");
}

// Answers the candidates, but for those that it returns.
std::vector<Committer::Candidate> Committer::commit(std::vector<Candidate> candidates, const MoreWrites& more) {
  const auto started = steady_clock::now();
  std::unique_ptr<GlobalCounter::Lease> lease;  // until the store has the numbers, or will never have them
  auto failure = refusal_of([&] {
    writer_.require_open_for_writes();  // preparing may have found the file changed
    lease = context_.counter.begin();
  });
  if (failure) {
    answer_all(candidates, failure);
    return {};
  }
  // Beginning may have waited for another host's turn.
  if (writer_.store().has_news()) {
    lease->lost_to_others();
    lease.reset();
    return to_be_judged_again(std::move(candidates), {StoreStatus::conflict, "another host wrote first"});
  }
  add_latecomers(candidates, more);
  Group group;
  group.expected_version = writer_.chain().head().version;
  for (Candidate& candidate : candidates) judge_and_stamp(std::move(candidate), *lease, group);
  failure = refusal_of([&] {
    if (!group.versions.empty()) lease->commit();
  });
  StoreResult result;
  if (!failure && !group.versions.empty()) result = writer_.make_durable(group.versions, group.expected_version);
  lease.reset();
  // Nothing is sent that would be compared with what others wrote: what was met, or refused, must be by the newest.
  if (!failure && group.versions.empty()) result = writer_.store().look_for_news();
  if (result.status == StoreStatus::conflict || result.status == StoreStatus::foreign)
    return to_be_judged_again(std::move(group.judged), result);
  if (result.status != StoreStatus::done) failure = rejection_of(result);
  if (failure) {
    writer_.take_back();
    writer_.keys().take_back();
    for (Candidate& candidate : group.judged)
      if (candidate.follows_others) candidate.refusal.reset();  // it was for what is not so
    answer_all(group.judged, failure);
    return {};
  }
  conflict_since_.reset();
  if (!group.versions.empty()) context_.metrics.observe_commit(steady_clock::now() - started, group.versions.size());
  writer_.keys().confirm();
  writer_.publish(group.versions);
  for (const Candidate& candidate : group.judged)
    if (!candidate.refusal) warn(candidate);
  answer_all(group.judged, std::nullopt);
  return {};
}

// What was judged beforehand still holds while nothing has changed since, by others or in this group.
void Committer::judge_anew(Candidate& candidate, const Group& group) {
  if (!group.has_accepted && candidate.judged_by == writer_.state()) return;
  const Job& job = *candidate.job;
  candidate.proposal = propose(*writer_.chain().document(), write_of(job), writer_.judge_for(job.author));
}

void Committer::judge_and_stamp(Candidate candidate, GlobalCounter::Lease& lease, Group& group) {
  Job& job = *candidate.job;
  candidate.follows_others = group.has_accepted;
  candidate.refusal = refusal_of([&] {
    judge_anew(candidate, group);
    const Proposal& proposal = candidate.proposal;
    if (!proposal.changes.empty())
      group.versions.push_back(writer_.chain().append(proposal, writer_.stamp_of(lease, job.author)));
    if (proposal.idempotency && !proposal.is_replay)
      writer_.keys().add(job.author.uid, proposal.path, *proposal.idempotency, system_clock::now());
  });
  // Should it be judged once more, it is by another state. What it says of itself is still to be told.
  candidate.judged_by.reset();
  candidate.proposal.changes = {};
  group.has_accepted = group.has_accepted || !candidate.refusal;
  group.judged.push_back(std::move(candidate));
}

// Only of what was accepted and is durable.
void Committer::warn(const Candidate& candidate) {
  const Proposal& proposal = candidate.proposal;
  for (const RuleWarning& warning : proposal.warnings) {
    context_.metrics.count_rule(warning.rule, false);
    context_.log(writer_.stem() + ": " + proposal.path + ": rule " + warning.rule + ": " + warning.message);
    if (candidate.job->warned) candidate.job->warned(warning);
  }
}

// Nothing was written: the chain moved on in between (another host wrote, a journal was closed). What was refused is
// judged again, too: it may have been for what others in its group would have written.
std::vector<Committer::Candidate> Committer::to_be_judged_again(std::vector<Candidate> candidates,
                                                                const StoreResult& conflict) {
  writer_.keys().take_back();
  writer_.take_back();
  if (!conflict_since_) conflict_since_ = steady_clock::now();
  if (steady_clock::now() - *conflict_since_ < VersionWriter::patience_with_others) {
    for (Candidate& candidate : candidates) candidate.refusal.reset();
    return candidates;
  }
  conflict_since_.reset();
  answer_all(candidates, Rejection(Cause::busy, writer_.stem() + " is changed again and again: " + conflict.reason));
  return {};
}

}  // namespace statusfs
