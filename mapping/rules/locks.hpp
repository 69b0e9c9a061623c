// Locks: members that protect what they stand beside while they are true.
//
// Three forms, by the names in the mapping: one locks the object it stands in, one a single field beside it, one the
// membership of a list beside it.
#pragma once

#include <optional>
#include <string>

#include "mapping/tree/change.hpp"

namespace statusfs {

/// Whether what changes is a lock itself, known by its name.
bool is_lock_change(const StatusDocument& document, const FieldChange& change);

/// Throws Rejection(not_permitted), naming the lock, where a change touches something locked. Changing a lock itself is
/// not hindered by that lock. Fields of `overridden_task` are passed over: an override of a lock sets one, and what
/// follows from it.
void require_unlocked(const StatusDocument& document, const ChangeSet& changes,
                      const std::string& overridden_task = {});

/// The pointer of the lock that protects the value at `pointer` of the scope, if there is one.
std::optional<Pointer> lock_of(const StatusDocument& document, const std::string& task, const Pointer& pointer,
                               bool is_list);

/// How many locks are set in the whole file: those that can lock something, and no members of a document or of a log's
/// entry that are named like one.
std::size_t count_locks(const StatusDocument& document);

}  // namespace statusfs
