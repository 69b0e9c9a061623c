// Whether every value that a write leaves behind is what its field takes.
#pragma once

#include <string>

#include "mapping/rules/plan.hpp"
#include "mapping/tree/change.hpp"

namespace statusfs {

/// Throws Rejection(invalid, too_large) for the first change whose outcome its field, lock or log does not take; what
/// passes is brought into the field's form (50.0 as 50).
void require_valid_changes(const StatusDocument& document, ChangeSet& changes);

/// Throws Rejection(too_large) for a text longer than one field may have.
void require_small_enough(const Value& value);

/// Throws Rejection(invalid, exists) for an id that no new task can have.
void require_new_id(const StatusDocument& document, const std::string& id, const Plan* plan);

}  // namespace statusfs
