// JSON text of a value: indented as in the files, and compact as in the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mapping/document/value.hpp"

namespace statusfs {

/// Appends the value indented by two spaces a level, as `jq .` prints: "key": value, one member or element a line, and
/// [] or {} for an empty container. `depth` is the level at which the value itself stands. No newline at the end.
void append_indented(std::string& out, const Value& value, std::size_t depth = 0);

/// How many bytes append_indented would append. Allocates nothing.
std::size_t indented_size(const Value& value, std::size_t depth = 0);

/// How many of these bytes a container of `count` members or elements takes without them: brackets, commas, line
/// starts.
std::size_t indented_frame_size(std::size_t count, std::size_t depth) noexcept;

/// How many bytes more `after` takes than `before`, both standing at `depth`. Parts that they share are not looked at.
std::int64_t indented_size_difference(const Value& before, const Value& after, std::size_t depth = 0);

/// The whole file: indented and one newline.
std::string indented_document(const Value& value);

/// Appends the value without any white space, members in their own order, numbers with their own digits.
void append_compact(std::string& out, const Value& value);
std::string compact(const Value& value);

/// Appends text as a JSON string with its quotes; escapes only ", \ and U+0000-001F (RFC 8785 section 3.2.2.2).
void append_quoted(std::string& out, std::string_view text);
std::size_t quoted_size(std::string_view text);
/// The same without the quotes.
void append_quoted_content(std::string& out, std::string_view text);

}  // namespace statusfs
