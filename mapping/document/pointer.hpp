// JSON pointers (RFC 6901).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/value.hpp"

namespace statusfs {

class Pointer {
 public:
  Pointer() = default;  ///< the whole document
  explicit Pointer(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}
  /// Reads "/a/b~1c". Throws Rejection(invalid) for text that is neither empty nor begins with '/', or has a bad '~'.
  static Pointer parse(std::string_view text);

  const std::vector<std::string>& tokens() const noexcept { return tokens_; }
  bool is_root() const noexcept { return tokens_.empty(); }
  Pointer child(std::string_view token) const;
  Pointer child(std::size_t index) const;
  Pointer concat(const Pointer& below) const;
  /// Without the first of its tokens. Precondition: it has so many.
  Pointer behind(std::size_t count) const;
  Pointer parent() const;  ///< precondition: !is_root()
  const std::string& last() const { return tokens_.back(); }
  bool starts_with(const Pointer& prefix) const noexcept;  ///< also when equal
  std::string text() const;                                ///< with ~0 and ~1

  friend bool operator==(const Pointer&, const Pointer&) = default;
  friend auto operator<=>(const Pointer&, const Pointer&) = default;

 private:
  std::vector<std::string> tokens_;
};

/// The value a pointer leads to, or nullptr. "-" and out-of-range indices lead nowhere; indices have no leading zeros.
const Value* find(const Value& document, const Pointer& pointer) noexcept;

/// One step of that: the member or element a token names, or nullptr; scalars have none.
const Value* find_child(const Value& container, std::string_view token) noexcept;

/// An array index token (RFC 6901 section 4): "0" or digits without a leading zero. Nothing for anything else.
std::optional<std::size_t> array_index(std::string_view token) noexcept;

}  // namespace statusfs
