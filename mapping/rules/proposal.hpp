// Judging a write: from what a writer asks for to changes that are allowed and valid.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Judges the request against this version of the document. Throws Rejection with the first cause, in the order of
/// Cause, that applies. A proposal whose changes are empty asks for what is there already.
Proposal propose(const StatusDocument& document, const WriteRequest& request, const Judge& judge);

/// What a whole document that another program left in place of this one changes, but for what the driver sets itself.
/// Throws as difference() does.
ChangeSet changes_of_replacement(const StatusDocument& document, const Value& replacement);

/// Judges a whole document that another program left in place of this one, as if its owner had written it as a patch.
Proposal propose_replacement(const StatusDocument& document, const Value& replacement, const Judge& judge);

/// Throws what a write to this node would be refused with whatever its content: access_denied and not_permitted
/// of fields. For open(2).
void require_writable(const StatusDocument& document, const Node& node, const Judge& judge);

/// The same, and not_permitted where the node is locked. For a write that is refused for how it was written, which is
/// less than either.
void require_write_permitted(const StatusDocument& document, const Node& node, const Judge& judge);

/// Throws what adding a task would be refused with whatever its id: access_denied and not_permitted.
void require_adding_permitted(const StatusDocument& document, const Judge& judge);

}  // namespace statusfs
