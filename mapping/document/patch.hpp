// Changing a value by a JSON patch (RFC 6902) or a JSON merge patch (RFC 7396).
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

/// Writes a JSON patch as text, one operation after another, as compact(encode_json_patch(...)) would print it.
/// Thread safety: one thread at a time.
class PatchText {
 public:
  PatchText();
  /// `around` is the pointer to what the path stands in, as text (RFC 6901); the path follows it.
  void add(std::string_view around, const Pointer& path, const Value& value);
  void append(std::string_view around, const Pointer& array, const Value& element);  ///< an add behind the last one
  void replace(std::string_view around, const Pointer& path, const Value& value);
  void remove(std::string_view around, const Pointer& path);
  /// The whole patch. Nothing can be added to it any more.
  std::string finish();

 private:
  void begin(PatchOperation::Kind kind, std::string_view around, const Pointer& path, std::string_view behind = {});
  void end(const Value& value);

  std::string text_;
};

/// Applies the operations in order, all or nothing. Throws Rejection(stale) where a test fails, and Rejection(invalid)
/// where a path leads nowhere, each naming the operation's index and its path.
Value apply_json_patch(const Value& document, const std::vector<PatchOperation>& operations);

/// Applies a merge patch. Where a patch member equals the target's member nothing changes, even if it is or holds
/// nulls: a document that was read and is written back unchanged stays as it is.
Value apply_merge_patch(const Value& target, const Value& patch);

}  // namespace statusfs
