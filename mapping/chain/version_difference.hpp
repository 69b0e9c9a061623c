// The difference between two versions, field by field.
#pragma once

#include <vector>

#include "mapping/chain/history_changes.hpp"

namespace statusfs {

/// Every value that is another one in `after`, without what the driver stamps with each mutation. Tasks are the same by
/// their id. An entry that was added to a log is a change of its own.
std::vector<HistoryChange> differences(const Mapping& mapping, const Value& before, const Value& after);

}  // namespace statusfs
