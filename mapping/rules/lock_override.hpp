// Overrides of locks: {"field": ..., "value": ..., "reason": ...} written to a task's override file.
#pragma once

#include <string>

#include "mapping/tree/change.hpp"
#include "mapping/tree/node.hpp"

namespace statusfs {

struct LockOverrideRequest {
  std::string reason;
  FieldChange change;  ///< of the field that is named
  FieldChange record;  ///< one entry more in the task's log of overrides
};

/// Throws Rejection(invalid, too_large) for a reason that the log of overrides does not take.
void require_valid_reason(const LockOverrideRequest& request);

/// Whether overrides are written to this node.
bool is_override_node(const StatusDocument& document, const Node& node);

/// Throws Rejection(invalid) for text that is no override or names no field of the task.
/// Precondition: is_override_node(document, node), and the task exists.
LockOverrideRequest read_override(const StatusDocument& document, const Node& node, const std::string& text);

}  // namespace statusfs
