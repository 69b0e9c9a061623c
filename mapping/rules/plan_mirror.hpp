// Fields that repeat what the plan says of itself as a whole (`mirrors_plan` in the mapping).
#pragma once

#include "mapping/rules/plan.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Throws Rejection(invalid) where a change gives such a field anything else: what the plan says of itself is nobody
/// else's to say.
void require_plan_mirrored(const StatusDocument& document, const ChangeSet& changes, const Plan* plan);

/// The mutation after which every such field holds what the plan says. Locked fields stay as they are. Empty where
/// nothing differs.
Proposal mirror_plan(const StatusDocument& document, const Plan& plan);

}  // namespace statusfs
