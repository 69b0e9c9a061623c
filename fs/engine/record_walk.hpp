// Going through the records of a store, with the documents that they lead to.
#pragma once

#include <functional>
#include <memory>

#include "fs/store/store.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// Calls `visit` with every version's record, the document before it and the document after it, oldest first, until it
/// returns false. Throws Rejection(io_failure) where the records cannot be read or are not what they were when they
/// were written.
using RecordVisitor = std::function<bool(const JournalRecord& record, const Value& before, const Value& after)>;
void walk_records(Store& store, const std::shared_ptr<const Mapping>& mapping, const RecordVisitor& visit);

}  // namespace statusfs
