#include "mapping/rules/plan_mirror.hpp"

#include <optional>
#include <string>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

std::optional<std::string> said_by(const Plan& plan, PlanMember member) {
  switch (member) {
    case PlanMember::final_execution_status:
      return plan.final_execution_status();
    case PlanMember::final_validation_status:
      return plan.final_validation_status();
  }
  return std::nullopt;
}

// What the field has to hold. A plan may say anything; what the field does not take is as good as not said.
std::optional<std::string> plan_value(const Field* field, const Plan* plan) {
  if (!field || !field->mirrors_plan || !plan) return std::nullopt;
  const auto said = said_by(*plan, *field->mirrors_plan);
  return said && !complaint_about(*field, Value(*said)) ? said : std::nullopt;
}

}  // namespace

void require_plan_mirrored(const StatusDocument& document, const ChangeSet& changes, const Plan* plan) {
  for (const FieldChange& change : changes.fields) {
    const auto said = plan_value(change.field, plan);
    if (!said || (change.after && *change.after == Value(*said))) continue;
    throw Rejection(Cause::invalid, file_pointer(document, change).text() + " mirrors plan " + plan->id() +
                                        ", which says " + compact(Value(*said)) + "; nothing else is accepted");
  }
}

Proposal mirror_plan(const StatusDocument& document, const Plan& plan) {
  Proposal proposal;
  proposal.op = "plan";
  proposal.path = plan.id();
  for (const Field* field : document.mapping().file_fields()) {
    const auto said = plan_value(field, &plan);
    if (!said) continue;
    FieldChange change = change_at(document, {}, field, field->pointer);
    change.after = Value(*said);
    if (change.before == change.after || lock_of(document, {}, field->pointer, false)) continue;
    proposal.changes.fields.push_back(std::move(change));
  }
  return proposal;
}

}  // namespace statusfs
