// Writes to the file of one field or lock, and lines appended to lists, texts and logs.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Completes the proposal of a write to a field, judged. Throws Rejection with the first cause that applies.
void propose_field(const StatusDocument& document, const WriteRequest& request, const Judge& judge, Proposal& proposal);

/// Throws Rejection(access_denied, not_permitted) where no content could be written to the node.
void require_field_writable(const StatusDocument& document, const Node& node, const Judge& judge);

/// Throws Rejection(not_permitted) where the node is locked.
void require_field_unlocked(const StatusDocument& document, const Node& node);

}  // namespace statusfs
