// What the mapping lets anybody change: read-only fields, append-only logs, locks.
#pragma once

#include <string>

#include "mapping/tree/change.hpp"

namespace statusfs {

/// Whether writers may make this change at all: a read-write field, more entries of an append-only log, a lock.
bool is_writable(const StatusDocument& document, const FieldChange& change);

/// Throws Rejection(not_permitted) where a change is not writable or touches something locked. A key that nobody knows
/// and that was not there before passes: it is a mistake, and judged with validity. Locks of `overridden_task` are
/// passed over.
void require_permitted(const StatusDocument& document, const ChangeSet& changes,
                       const std::string& overridden_task = {});

/// Throws Rejection(not_permitted), saying what the value must stay.
[[noreturn]] void refuse_read_only(const StatusDocument& document, const FieldChange& change);

}  // namespace statusfs
