// Changing a value by a JSON patch (RFC 6902). How one is written: json_patch_text.hpp.
#pragma once

#include <vector>

#include "mapping/document/pointer.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

/// One operation of a JSON patch, decoded.
struct PatchOperation {
  enum class Kind { add, remove, replace, move, copy, test };
  Kind kind;
  Pointer path;
  Pointer from;  ///< move and copy only
  Value value;   ///< add, replace and test only
};

/// Applies the operations in order, all or nothing. Throws Rejection(stale) where a test fails, and Rejection(invalid)
/// where a path leads nowhere, each naming the operation's index and its path.
/// What nobody else holds of the document is changed in place, so that whoever needs it no more had better move it.
Value apply_json_patch(Value document, const std::vector<PatchOperation>& operations);

}  // namespace statusfs
