// Judging changes: access, locks, validity, the plan and the rules, in the order of Cause.
#pragma once

#include "mapping/rules/write_request.hpp"

namespace statusfs {

/// Judges the proposal's changes, completes added tasks from the mapping's template, adds what follows from the changes
/// and collects warnings. What is there already is dropped. Throws Rejection with the first cause that applies. Locks
/// of `overridden_task` are passed over, because its field is set by an override.
void judge_changes(const StatusDocument& document, Proposal& proposal, const Judge& judge,
                   const std::string& overridden_task = {});

}  // namespace statusfs
