#include "mapping/rules/plan_mirror.hpp"

#include "mapping/rules/locks.hpp"

namespace statusfs {

std::optional<std::string> plan_value(const Field* field, const Plan* plan) {
  if (!field || !field->mirrors_plan || !plan) return std::nullopt;
  switch (*field->mirrors_plan) {
    case PlanMember::final_execution_status:
      return plan->final_execution_status();
    case PlanMember::final_validation_status:
      return plan->final_validation_status();
  }
  return std::nullopt;
}

Proposal mirror_plan(const StatusDocument& document, const Plan& plan) {
  Proposal proposal;
  proposal.op = "plan";
  proposal.path = plan.id();
  for (const Field* field : document.mapping().file_fields()) {
    const auto said = plan_value(field, &plan);
    if (!said) continue;
    const Value after(*said);
    const Value* before = document.value_of(*field);
    if ((before && *before == after) || lock_of(document, {}, field->pointer, false)) continue;
    proposal.changes.fields.push_back(
        {{}, field, field->pointer, before ? std::optional(*before) : std::nullopt, after, {}});
  }
  return proposal;
}

}  // namespace statusfs
