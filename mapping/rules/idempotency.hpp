// Requests that were carried out before, told by their idempotency key.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// True when the request was carried out before and nothing is left to do.
bool is_replay(const Proposal& proposal, const Judge& judge);

/// Throws Rejection(invalid) where its key was used for another request. For when nothing graver is wrong with it.
void require_unused_key(const Proposal& proposal, const Judge& judge);

/// The proposal that changes nothing and says that the request was carried out before.
Proposal as_replay(Proposal proposal);

}  // namespace statusfs
