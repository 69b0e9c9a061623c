#include "fs/engine/plan_follower.hpp"

#include "fs/engine/refusal.hpp"
#include "mapping/rules/plan_mirror.hpp"

namespace statusfs {

PlanFollower::PlanFollower(StatusSource& source, VersionWriter& writer)
    : writer_(writer), warn_([&writer](const std::string& message) { writer.warn(message); }), plan_(source, warn_) {}

bool PlanFollower::follow() {
  const auto& document = writer_.state()->document;
  if (!document || !plan_.refresh(*document)) return mirror_plan_values();
  writer_.set_plan(plan_.plan(), plan_.hindrance());
  mirror_plan_values();
  return true;
}

// What the plan says of itself is written down even where that closes the file. What hinders it now is tried again
// later.
bool PlanFollower::mirror_plan_values() {
  const FileState& state = *writer_.state();
  const bool takes_versions = state.chained && (state.read_only.empty() || state.closed_by_plan);
  if (!takes_versions || !plan_.plan()) return false;
  const Proposal proposal = mirror_plan(*state.document, *plan_.plan());
  if (proposal.changes.empty()) return false;
  const auto refusal = refusal_of([&] {
    if (const StoreResult result = writer_.store().prepare(); result.status != StoreStatus::done)
      throw rejection_of(result);
    writer_.advance(writer_.commit_alone(proposal, driver_author(writer_.context(), "PLAN")));
  });
  if (refusal)
    writer_.context().log(writer_.stem() + ": the plan's final status is not mirrored yet: " + refusal->what());
  return !refusal;
}

}  // namespace statusfs
