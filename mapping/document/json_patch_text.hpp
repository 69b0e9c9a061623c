// How a JSON patch is written (RFC 6902, section 4).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/json_patch.hpp"

namespace statusfs {

/// The operation that is so named ("add", "remove"...); nothing for a name that none has.
std::optional<PatchOperation::Kind> patch_operation_kind(std::string_view name) noexcept;
/// Which members such an operation has besides "op" and "path".
bool has_from(PatchOperation::Kind kind) noexcept;
bool has_value(PatchOperation::Kind kind) noexcept;

/// Reads a JSON patch. Throws Rejection(invalid) naming the operation's index (from 0) and what it lacks.
std::vector<PatchOperation> decode_json_patch(const Value& patch);
Value encode_json_patch(const std::vector<PatchOperation>& operations);

/// What a person is told which operation it was: its index, counted from 0, its name and its paths.
std::string description(std::size_t index, const PatchOperation& operation);

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

}  // namespace statusfs
