#include "mapping/rules/validity.hpp"

#include <cmath>

#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "mapping/document/utf8.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::size_t longest_quoted_value = 80;

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

bool is_single_line(const Value& value) {
  return value.is_string() && value.as_string().find_first_of(std::string_view("\n\0", 2)) == std::string_view::npos;
}

bool is_text(const Value& value) { return value.is_string() && value.as_string().find('\0') == std::string_view::npos; }

template <typename Predicate>
bool all_elements(const Value& list, Predicate holds) {
  if (!list.is_array()) return false;
  for (std::size_t position = 0; position < list.size(); ++position)
    if (!holds(list.element(position))) return false;
  return true;
}

bool is_of_type(const Field& field, const Value& value) {
  switch (field.type) {
    case FieldType::string:
      return is_single_line(value);
    case FieldType::text:
      return is_text(value) || (field.or_document && value.is_object());
    case FieldType::integer:
      return value.is_integer() && value.as_integer() >= field.minimum && value.as_integer() <= field.maximum;
    case FieldType::boolean:
      return value.is_boolean();
    case FieldType::enumeration:
      return value.is_string() && field.enumeration->contains(value.as_string());
    case FieldType::hash:
      return value.is_string() && is_hash_text(value.as_string());
    case FieldType::string_list:
      return all_elements(value, is_single_line);
    case FieldType::log:
      return all_elements(value, [](const Value& element) { return element.is_object(); });
    case FieldType::document:
    case FieldType::group:
      return value.is_object();
    case FieldType::collection:
      return value.is_array();
    case FieldType::view:
    case FieldType::patch:
    case FieldType::board:
    case FieldType::events:
    case FieldType::page:
      return true;
  }
  return false;
}

void require_exact(const Value& number) {
  if (number.is_integral() && std::fabs(number.number_value()) > static_cast<double>(largest_exact_integer))
    throw Rejection(Cause::invalid, "the integer " + number.number_text() +
                                        " cannot be written; it must lie within +-" +
                                        std::to_string(largest_exact_integer));
}

// A number so small that its double is 0 is no integer all the same.
bool is_rounded_to_zero(const Value& number) {
  const std::string_view lexeme = number.as_lexeme();
  return number.number_value() == 0 &&
         lexeme.substr(0, lexeme.find_first_of("eE")).find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

std::string shown(const Value& value) {
  const std::string text = compact(value);
  if (text.size() <= longest_quoted_value) return text;
  return std::string(utf8_prefix(text, longest_quoted_value)) + "...";
}

std::string accepted_by(const Field& field) {
  const std::string null = field.nullable ? ", or null" : "";
  switch (field.type) {
    case FieldType::string:
      return "one line of text" + null;
    case FieldType::text:
      return (field.or_document ? "text or a JSON object" : "text") + null;
    case FieldType::integer:
      return "an integer from " + std::to_string(field.minimum) + " to " + std::to_string(field.maximum) + null;
    case FieldType::boolean:
      return "true or false" + null;
    case FieldType::enumeration:
      return "one of " + joined(field.enumeration->values) + null;
    case FieldType::hash:
      return "sha256: and 64 hex digits" + null;
    case FieldType::string_list:
      return "strings of one line each";
    case FieldType::log:
      return "JSON objects";
    case FieldType::document:
      return "a JSON object" + null;
    case FieldType::group:
      return "an object";
    case FieldType::collection:
      return "an array of tasks";
    case FieldType::view:
    case FieldType::board:
    case FieldType::events:
    case FieldType::page:
    case FieldType::patch:
      return "a JSON merge patch (an object) or a JSON patch (an array)";
  }
  return {};
}

std::optional<std::string> complaint_about(const Field& field, const Value& value) {
  if (value.is_null() && field.nullable) return std::nullopt;
  if (is_of_type(field, value)) return std::nullopt;
  return shown(value) + " is not accepted for " + field.name + "; it takes " + accepted_by(field);
}

std::optional<std::string> complaint_about(const EntryMember& member, const Value& value) {
  if (member.takes_any || (value.is_null() && member.nullable)) return std::nullopt;
  Field as_field;
  as_field.name = member.key;
  as_field.type = member.type;
  as_field.nullable = member.nullable;
  return complaint_about(as_field, value);
}

namespace {

// Bytes of a value's own text, without what stands in it.
std::size_t own_size(const Value& value) {
  if (value.is_string()) return quoted_size(value.as_string());
  return value.is_number() ? value.number_text().size() : 1;
}

// Counts down the bytes that are left, so that a value whose copies inside each other make it huge is given up early.
void measure(const Value& value, std::size_t depth, std::size_t& room) {
  const auto take = [&](std::size_t size) {
    if (size > room)
      throw Rejection(Cause::too_large, "a value of more than " + std::to_string(maximum_document_size) + " bytes");
    room -= size;
  };
  if (value.is_container() && depth > maximum_written_nesting)
    throw Rejection(Cause::invalid,
                    "a value nested more than " + std::to_string(maximum_written_nesting) + " levels deep");
  take(own_size(value));
  if (value.is_array())
    for (std::size_t position = 0; position < value.size(); ++position)
      measure(value.element(position), depth + 1, room);
  if (value.is_object())
    for (const Member& member : value.members()) {
      take(quoted_size(member.name()) + 2);
      measure(member.value, depth + 1, room);
    }
}

}  // namespace

void require_bounded(const Value& value) {
  std::size_t room = maximum_document_size;
  measure(value, 1, room);
}

void require_exact_integers(const Value& value) {
  if (value.is_number()) return require_exact(value);
  if (value.is_array())
    for (std::size_t position = 0; position < value.size(); ++position) require_exact_integers(value.element(position));
  if (value.is_object())
    for (const Member& member : value.members()) require_exact_integers(member.value);
}

Value normalised(const Field& field, const Value& value) {
  if (field.type != FieldType::integer || value.kind() != Value::Kind::number) return value;
  const double number = value.number_value();
  const bool is_integral = std::trunc(number) == number &&
                           std::fabs(number) <= static_cast<double>(largest_exact_integer) &&
                           !is_rounded_to_zero(value);
  return is_integral ? Value(static_cast<std::int64_t>(number)) : value;
}

}  // namespace statusfs
