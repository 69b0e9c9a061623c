// Changing a value by a JSON patch (RFC 6902) or a JSON merge patch (RFC 7396).
#pragma once

#include <optional>
#include <string>
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

/// Reads a JSON patch. Throws Rejection(invalid) naming the operation's index (from 0) and what it lacks.
std::vector<PatchOperation> decode_json_patch(const Value& patch);
Value encode_json_patch(const std::vector<PatchOperation>& operations);

/// Applies the operations in order, all or nothing. Throws Rejection(stale) where a test fails, and Rejection(invalid)
/// where a path leads nowhere, each naming the operation's index and its path.
Value apply_json_patch(const Value& document, const std::vector<PatchOperation>& operations);

/// Applies a merge patch. Where a patch member equals the target's member nothing changes, even if it is or holds
/// nulls: a document that was read and is written back unchanged stays as it is.
Value apply_merge_patch(const Value& target, const Value& patch);

}  // namespace statusfs
