// Strict reading of JSON text (RFC 8259, I-JSON's rules of RFC 7493 that hashing relies on).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/fast_parse.hpp"
#include "mapping/document/nesting.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

/// Text that is not acceptable JSON. what() is "line L, column C: what is wrong" (both from 1, columns in bytes).
class ParseError : public std::runtime_error {
 public:
  ParseError(std::size_t line, std::size_t column, bool incomplete, const std::string& reason);
  std::size_t line() const noexcept { return line_; }
  std::size_t column() const noexcept { return column_; }
  /// Whether more text could make it valid: the text ended inside a value, or was empty.
  bool is_incomplete() const noexcept { return incomplete_; }

 private:
  std::size_t line_;
  std::size_t column_;
  bool incomplete_;
};

/// Reads one JSON value, white space around it allowed. Refused, as ParseError: malformed JSON, anything behind the
/// value, duplicate keys, invalid UTF-8, lone surrogates, numbers beyond a double's range, a byte
/// order mark, nesting beyond maximum_nesting.
Value parse_json(std::string_view text);

/// Reads text after text with the memory that the ones before took.
/// Thread safety: one thread at a time.
class JsonParser {
 public:
  /// As parse_json(); containers may be nested as deep as `nesting`, which is at most maximum_record_nesting.
  Value parse(std::string_view text, std::size_t nesting = maximum_nesting);
  /// As parse(text).without_member(member), where the text is an object; what the member is may be left unread.
  Value parse_without(std::string_view text, std::string_view member);
  /// As decode_json_patch(parse(text, maximum_patch_nesting)).
  std::vector<PatchOperation> parse_patch(std::string_view text);

 private:
  PlainJsonParser plain_;
};

/// The same by the reader whose verdict and whose message count: several times slower. parse_json() asks it for all
/// that PlainJsonParser does not answer.
Value parse_json_exactly(std::string_view text, std::size_t nesting = maximum_nesting);

}  // namespace statusfs
