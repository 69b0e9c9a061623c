#include "mapping/document/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace statusfs {

namespace {

constexpr std::size_t spaces_a_level = 2;

// How many bytes a byte becomes inside a JSON string.
constexpr std::array<std::uint8_t, 256> make_quoted_widths() {
  std::array<std::uint8_t, 256> widths{};
  for (std::size_t byte = 0; byte < widths.size(); ++byte) widths[byte] = byte < 0x20 ? 6 : 1;
  for (const char byte : {'\b', '\t', '\n', '\f', '\r', '"', '\\'}) widths[static_cast<unsigned char>(byte)] = 2;
  return widths;
}

constexpr std::array<std::uint8_t, 256> quoted_widths = make_quoted_widths();

std::size_t quoted_width(char character) noexcept { return quoted_widths[static_cast<unsigned char>(character)]; }

// Whether one of eight bytes is not written as it is: below 0x20, '"' or '\\'. The top bit of a byte's place is set by
// the borrow of the subtraction where the byte was too small, unless the byte had it.
constexpr bool needs_escape(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101, top_bits = 0x80 * each;
  const std::uint64_t quotes = bytes ^ (each * '"'), backslashes = bytes ^ (each * '\\');
  return ((((bytes - 0x20 * each) & ~bytes) | ((quotes - each) & ~quotes) | ((backslashes - each) & ~backslashes)) &
          top_bits) != 0;
}

// How many bytes at the beginning are written as they are.
std::size_t plain_length(std::string_view text) noexcept {
  std::size_t position = 0;
  for (std::uint64_t bytes; text.size() - position >= sizeof bytes; position += sizeof bytes) {
    std::memcpy(&bytes, text.data() + position, sizeof bytes);
    if (needs_escape(bytes)) break;
  }
  while (position < text.size() && quoted_width(text[position]) == 1) ++position;
  return position;
}

char short_escape(char character) noexcept {
  switch (character) {
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return character;
  }
}

void append_escape(std::string& out, char character) {
  if (quoted_width(character) == 2) {
    out.push_back('\\');
    out.push_back(short_escape(character));
    return;
  }
  constexpr char digits[] = "0123456789abcdef";
  out += "\\u00";
  out.push_back(digits[static_cast<unsigned char>(character) >> 4]);
  out.push_back(digits[static_cast<unsigned char>(character) & 0x0F]);
}

// The longest is "-9223372036854775808".
using IntegerBuffer = std::array<char, 20>;

std::string_view integer_text(std::int64_t integer, IntegerBuffer& buffer) noexcept {
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), integer);
  return {buffer.data(), result.ptr};
}

std::string_view number_text(const Value& value, IntegerBuffer& buffer) noexcept {
  return value.is_integer() ? integer_text(value.as_integer(), buffer) : value.as_lexeme();
}

void append_scalar(std::string& out, const Value& value) {
  if (value.is_string()) return append_quoted(out, value.as_string());
  if (value.is_number()) {
    IntegerBuffer buffer;
    out += number_text(value, buffer);
  } else if (value.is_boolean()) {
    out += value.as_boolean() ? "true" : "false";
  } else {
    out += "null";
  }
}

std::size_t scalar_size(const Value& value) noexcept {
  if (value.is_string()) return quoted_size(value.as_string());
  if (value.is_boolean() && !value.as_boolean()) return 5;
  if (!value.is_number()) return 4;
  IntegerBuffer buffer;
  return number_text(value, buffer).size();
}

void append_line_start(std::string& out, std::size_t depth) {
  out.push_back('\n');
  out.append(depth * spaces_a_level, ' ');
}

void append_indented_array(std::string& out, const Value& array, std::size_t depth) {
  out.push_back('[');
  for (std::size_t position = 0; position < array.size(); ++position) {
    if (position > 0) out.push_back(',');
    append_line_start(out, depth + 1);
    append_indented(out, array.element(position), depth + 1);
  }
  if (array.size() > 0) append_line_start(out, depth);
  out.push_back(']');
}

void append_indented_object(std::string& out, const Value& object, std::size_t depth) {
  out.push_back('{');
  bool first = true;
  for (const Member& member : object.members()) {
    if (!first) out.push_back(',');
    first = false;
    append_line_start(out, depth + 1);
    append_quoted(out, member.name());
    out += ": ";
    append_indented(out, member.value, depth + 1);
  }
  if (!first) append_line_start(out, depth);
  out.push_back('}');
}

void append_compact_array(std::string& out, const Value& array) {
  out.push_back('[');
  for (std::size_t position = 0; position < array.size(); ++position) {
    if (position > 0) out.push_back(',');
    append_compact(out, array.element(position));
  }
  out.push_back(']');
}

void append_compact_object(std::string& out, const Value& object) {
  out.push_back('{');
  bool first = true;
  for (const Member& member : object.members()) {
    if (!first) out.push_back(',');
    first = false;
    append_quoted(out, member.name());
    out.push_back(':');
    append_compact(out, member.value);
  }
  out.push_back('}');
}

}  // namespace

void append_indented(std::string& out, const Value& value, std::size_t depth) {
  if (value.is_array()) return append_indented_array(out, value, depth);
  if (value.is_object()) return append_indented_object(out, value, depth);
  append_scalar(out, value);
}

std::size_t indented_frame_size(std::size_t count, std::size_t depth) noexcept {
  if (count == 0) return 2;
  const std::size_t inner_lines = count * (1 + (depth + 1) * spaces_a_level);
  const std::size_t last_line = 1 + depth * spaces_a_level;
  return 2 + (count - 1) + inner_lines + last_line;
}

std::size_t indented_size(const Value& value, std::size_t depth) {
  if (!value.is_container()) return scalar_size(value);
  std::size_t size = indented_frame_size(value.size(), depth);
  if (value.is_array()) {
    for (std::size_t at = 0; at < value.size(); ++at) size += indented_size(value.element(at), depth + 1);
    return size;
  }
  for (const Member& member : value.members()) {
    size += quoted_size(member.name()) + 2 + indented_size(member.value, depth + 1);
  }
  return size;
}

namespace {

std::int64_t frame_difference(const Value& before, const Value& after, std::size_t depth) {
  return static_cast<std::int64_t>(indented_frame_size(after.size(), depth)) -
         static_cast<std::int64_t>(indented_frame_size(before.size(), depth));
}

std::int64_t array_difference(const Value& before, const Value& after, std::size_t depth) {
  std::int64_t difference = frame_difference(before, after, depth);
  const std::size_t common = std::min(before.size(), after.size());
  for (std::size_t at = 0; at < common; ++at)
    difference += indented_size_difference(before.element(at), after.element(at), depth + 1);
  for (std::size_t at = common; at < after.size(); ++at)
    difference += static_cast<std::int64_t>(indented_size(after.element(at), depth + 1));
  for (std::size_t at = common; at < before.size(); ++at)
    difference -= static_cast<std::int64_t>(indented_size(before.element(at), depth + 1));
  return difference;
}

std::int64_t member_size(const Member& member, std::size_t depth) {
  return static_cast<std::int64_t>(quoted_size(member.name()) + 2 + indented_size(member.value, depth));
}

// Members are compared where they stand; under another name they count as others.
std::int64_t object_difference(const Value& before, const Value& after, std::size_t depth) {
  std::int64_t difference = frame_difference(before, after, depth);
  const auto old_members = before.members(), new_members = after.members();
  const std::size_t common = std::min(old_members.size(), new_members.size());
  for (std::size_t at = 0; at < common; ++at) {
    const Member &old_member = old_members[at], &new_member = new_members[at];
    if (old_member.key.is_same_node(new_member.key) || old_member.name() == new_member.name())
      difference += indented_size_difference(old_member.value, new_member.value, depth + 1);
    else
      difference += member_size(new_member, depth + 1) - member_size(old_member, depth + 1);
  }
  for (std::size_t at = common; at < new_members.size(); ++at) difference += member_size(new_members[at], depth + 1);
  for (std::size_t at = common; at < old_members.size(); ++at) difference -= member_size(old_members[at], depth + 1);
  return difference;
}

}  // namespace

std::int64_t indented_size_difference(const Value& before, const Value& after, std::size_t depth) {
  if (before.is_same_node(after)) return 0;
  if (before.is_array() && after.is_array()) return array_difference(before, after, depth);
  if (before.is_object() && after.is_object()) return object_difference(before, after, depth);
  return static_cast<std::int64_t>(indented_size(after, depth)) -
         static_cast<std::int64_t>(indented_size(before, depth));
}

std::string indented_document(const Value& value) {
  std::string result;
  result.reserve(indented_size(value) + 1);
  append_indented(result, value);
  result.push_back('\n');
  return result;
}

void append_compact(std::string& out, const Value& value) {
  if (value.is_array()) return append_compact_array(out, value);
  if (value.is_object()) return append_compact_object(out, value);
  append_scalar(out, value);
}

std::string compact(const Value& value) {
  std::string result;
  append_compact(result, value);
  return result;
}

void append_quoted_content(std::string& out, std::string_view text) {
  while (true) {
    const std::size_t plain = plain_length(text);
    out.append(text, 0, plain);
    if (plain == text.size()) return;
    append_escape(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  append_quoted_content(out, text);
  out.push_back('"');
}

std::size_t quoted_size(std::string_view text) {
  const std::size_t plain = plain_length(text);
  std::size_t size = 2 + plain;
  for (const char character : text.substr(plain)) size += quoted_width(character);
  return size;
}

}  // namespace statusfs
