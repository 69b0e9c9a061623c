#include "mapping/rules/acceptable.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "mapping/rejection.hpp"
#include "mapping/rules/judgement.hpp"
#include "mapping/rules/proposal.hpp"

namespace statusfs {
namespace {

/// One change, and why it was refused when it was last looked at alone.
struct Candidate {
  ChangeSet change;
  std::string reason;
};

std::vector<Candidate> candidates_of(ChangeSet all) {
  std::vector<Candidate> candidates;
  for (FieldChange& field : all.fields) candidates.push_back({{{std::move(field)}, {}, {}}, {}});
  for (Value& task : all.added_tasks) candidates.push_back({{{}, {std::move(task)}, {}}, {}});
  for (std::string& task : all.removed_tasks) candidates.push_back({{{}, {}, {std::move(task)}}, {}});
  return candidates;
}

void add(ChangeSet& to, const ChangeSet& more) {
  std::ranges::copy(more.fields, std::back_inserter(to.fields));
  std::ranges::copy(more.added_tasks, std::back_inserter(to.added_tasks));
  std::ranges::copy(more.removed_tasks, std::back_inserter(to.removed_tasks));
}

LeftOut left_out(const StatusDocument& document, const Candidate& candidate) {
  const ChangeSet& change = candidate.change;
  if (!change.fields.empty()) return {change.fields.front().task, change.fields.front().pointer, candidate.reason};
  if (!change.removed_tasks.empty()) return {change.removed_tasks.front(), Pointer(), candidate.reason};
  const Value* id = change.added_tasks.front().find(document.mapping().collection_id);
  return {std::string(id->as_string()), Pointer(), candidate.reason};
}

class Selection {
 public:
  Selection(const StatusDocument& document, const Judge& judge) : document_(document), judge_(judge) {}

  /// Takes what is allowed beside what was taken before. What is refused stays, for what comes later may allow it.
  void take(std::vector<Candidate>& candidates) {
    for (std::size_t before = candidates.size() + 1; !candidates.empty() && candidates.size() < before;) {
      before = candidates.size();
      std::vector<Candidate> refused;
      take_or_halve(candidates, refused);
      candidates = std::move(refused);
    }
  }
  Proposal proposal() const { return judged(taken_); }

 private:
  Proposal judged(ChangeSet changes) const {
    Proposal proposal;
    proposal.changes = std::move(changes);
    judge_changes(document_, proposal, judge_);
    return proposal;
  }

  // All at once where that is allowed, so that a few bad values among thousands cost a few judgements each.
  void take_or_halve(std::span<Candidate> candidates, std::vector<Candidate>& refused) {
    ChangeSet together = taken_;
    for (const Candidate& candidate : candidates) add(together, candidate.change);
    try {
      judged(together);
      taken_ = std::move(together);
    } catch (const Rejection& refusal) {
      if (candidates.size() == 1) {
        candidates.front().reason = refusal.what();
        refused.push_back(std::move(candidates.front()));
        return;
      }
      const std::size_t half = candidates.size() / 2;
      take_or_halve(candidates.first(half), refused);
      take_or_halve(candidates.subspan(half), refused);
    }
  }

  const StatusDocument& document_;
  const Judge& judge_;
  ChangeSet taken_;
};

}  // namespace

Acceptable propose_acceptable(const StatusDocument& document, const Value& replacement, const Judge& judge) {
  std::vector<Candidate> candidates = candidates_of(changes_of_replacement(document, replacement));
  Selection selection(document, judge);
  selection.take(candidates);
  Acceptable acceptable{selection.proposal(), {}};
  for (const Candidate& candidate : candidates) acceptable.left_out.push_back(left_out(document, candidate));
  return acceptable;
}

}  // namespace statusfs
