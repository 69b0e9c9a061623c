// Fields that repeat what the plan says of itself as a whole (`mirrors_plan` in the mapping).
#pragma once

#include <optional>
#include <string>

#include "mapping/rules/plan.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// What the plan says where the field mirrors it; nothing for other fields, without a plan, and while it says nothing.
std::optional<std::string> plan_value(const Field* field, const Plan* plan);

/// Throws Rejection(invalid) where a change gives such a field anything else: what the plan says of itself is nobody
/// else's to say.
void require_plan_mirrored(const StatusDocument& document, const ChangeSet& changes, const Plan* plan);

/// The mutation after which every such field holds what the plan says. Locked fields stay as they are. Empty where
/// nothing differs.
Proposal mirror_plan(const StatusDocument& document, const Plan& plan);

}  // namespace statusfs
