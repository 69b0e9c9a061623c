// Bringing two documents together that were changed apart: a three-way merge by field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/tree/status_document.hpp"

namespace statusfs {

enum class Side { ours, theirs };

/// A value that both sides changed, each to something else.
struct MergeConflict {
  std::string task;                   ///< id; empty in the file's scope
  Pointer pointer;                    ///< from the scope; the root for a whole task
  std::optional<Value> ours, theirs;  ///< nothing where the side removed it
};

struct MergeResult {
  Value root;  ///< our document with their changes; conflicts as the preferred side has them, else as ours
  std::vector<MergeConflict> conflicts;
};

/// Fields that one side alone changed are taken from it. Entries that both added to a log are all kept, ours first.
/// What the driver sets, what the mapping lets nobody write, and the entries that a log has, stays ours. Throws
/// Rejection(not_permitted) where a side put tasks in another order.
MergeResult merge(const StatusDocument& base, const StatusDocument& ours, const StatusDocument& theirs,
                  std::optional<Side> preferred);

}  // namespace statusfs
