// What a patch names, whether or not it can be applied and whether or not it changes it.
#pragma once

#include <vector>

#include "mapping/document/json_patch.hpp"
#include "mapping/tree/change.hpp"
#include "mapping/tree/node.hpp"

namespace statusfs {

/// The fields at or around what the operations write, as changes without a new value. Whole tasks and keys that are not
/// mapped are not among them.
std::vector<FieldChange> named_changes(const StatusDocument& document, const Node& node,
                                       const std::vector<PatchOperation>& operations);

/// Whoever changes a group and tells what another of its fields is stamped with (`stamp_with`) tells that anew, though
/// it is as it was: such fields are added to the changes.
void add_told_again(const StatusDocument& document, const Node& node, const Value& patch, ChangeSet& changes);

}  // namespace statusfs
