// Writes to a patch file: merge patches (RFC 7396) and JSON patches (RFC 6902) of the file or of one task.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Completes the proposal of a patch, judged. Throws Rejection with the first cause, in the order of Cause, that
/// applies; a patch that does not fit is refused first for what it would not be allowed to change.
void propose_patch(const StatusDocument& document, const WriteRequest& request, const Judge& judge, Proposal& proposal);

}  // namespace statusfs
