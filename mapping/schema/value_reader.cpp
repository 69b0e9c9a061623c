#include "mapping/schema/value_reader.hpp"

#include <algorithm>
#include <cmath>

#include "mapping/document/sha256.hpp"

namespace statusfs {
namespace {

constexpr std::size_t deepest_value = 16;

Value read_nested(const YamlNode& node, std::size_t depth);

bool looks_like_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Takes the digits at the beginning away; false where there are none.
bool take_digits(std::string_view& text) {
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(count);
  return count > 0;
}

bool take_one_of(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// RFC 8259 section 6.
bool is_json_number(std::string_view text) {
  take_one_of(text, "-");
  if (!take_one_of(text, "0") && !take_digits(text)) return false;
  if (take_one_of(text, ".") && !take_digits(text)) return false;
  if (!take_one_of(text, "eE")) return text.empty();
  take_one_of(text, "+-");
  return take_digits(text) && text.empty();
}

Value read_any_integer(const YamlNode& node) {
  const std::int64_t number = node.integer();
  if (number < -largest_exact_integer || number > largest_exact_integer) {
    node.fail(std::to_string(number) + " is beyond what every reader keeps exactly; accepted: " +
              std::to_string(-largest_exact_integer) + " to " + std::to_string(largest_exact_integer));
  }
  return Value(number);
}

Value read_any_number(const YamlNode& node) {
  Value number = Value::number(node.any_text());
  if (!std::isfinite(number.number_value())) {
    node.fail(node.any_text() + " is beyond the range of a double; accepted: a number within it, or quotes around it");
  }
  return number;
}

Value read_integer(const YamlNode& node, const ValueShape& shape) {
  const std::int64_t number = node.integer();
  if (number < shape.minimum || number > shape.maximum) {
    node.fail(std::to_string(number) + " is out of range; accepted: " + std::to_string(shape.minimum) + " to " +
              std::to_string(shape.maximum));
  }
  return Value(number);
}

Value read_enumerated(const YamlNode& node, const Enumeration& enumeration) {
  if (!node.is_text() || !enumeration.contains(node.any_text())) {
    node.fail((node.is_text() ? in_quotes(node.any_text()) : node.label()) + " is no value of the enum " +
              in_quotes(enumeration.name) + "; accepted: " + alternatives(enumeration.values));
  }
  return Value(node.any_text());
}

Value read_hash(const YamlNode& node) {
  if (!is_hash_text(node.any_text())) node.fail(node.label() + " must be 'sha256:' and 64 lower-case hex digits");
  return Value(node.any_text());
}

Value read_string_list(const YamlNode& node) {
  std::vector<Value> lines;
  for (const YamlNode& item : node.items()) lines.emplace_back(item.line_of_text());
  return Value::array(std::move(lines));
}

Value read_log(const YamlNode& node) {
  if (!node.items().empty()) node.fail("a log begins empty; accepted: []");
  return Value::array();
}

Value read_document(const YamlNode& node) {
  if (!node.is_map()) node.fail(node.label() + " must be a map, which becomes a JSON object");
  return read_any_value(node);
}

Value read_string(const YamlNode& node) {
  if (has_control_bytes(node.any_text())) node.fail(node.label() + " must be one line of text");
  return Value(node.any_text());
}

Value read_text(const YamlNode& node, const ValueShape& shape) {
  if (shape.or_document && node.is_map()) return read_document(node);
  if (node.any_text().find('\0') != std::string::npos) node.fail(node.label() + " must be text without NUL bytes");
  return Value(node.any_text());
}

Value read_object(const YamlNode& node, std::size_t depth) {
  std::vector<Member> members;
  for (const YamlNode& entry : node.entries()) members.emplace_back(entry.key(), read_nested(entry, depth));
  return Value::object(std::move(members));
}

Value read_array(const YamlNode& node, std::size_t depth) {
  std::vector<Value> elements;
  for (const YamlNode& item : node.items()) elements.push_back(read_nested(item, depth));
  return Value::array(std::move(elements));
}

Value read_nested(const YamlNode& node, std::size_t depth) {
  if (depth > deepest_value) node.fail("the value is nested more than 16 deep; accepted: at most 16");
  if (node.is_null()) return Value();
  if (node.is_map()) return read_object(node, depth + 1);
  if (node.is_list()) return read_array(node, depth + 1);
  const std::string& text = node.any_text();
  if (node.is_plain() && (text == "true" || text == "false")) return Value(text == "true");
  if (node.is_plain() && looks_like_integer(text)) return read_any_integer(node);
  if (node.is_plain() && is_json_number(text)) return read_any_number(node);
  return Value(text);
}

}  // namespace

ValueShape shape_of(const Field& field) {
  ValueShape shape{field.type, field.nullable, field.or_document, field.enumeration};
  if (field.type == FieldType::integer) {
    shape.minimum = field.minimum;
    shape.maximum = field.maximum;
  }
  return shape;
}

Value read_value(const YamlNode& node, const ValueShape& shape) {
  if (node.is_null() && shape.nullable) return Value();
  if (node.is_null()) node.fail(node.label() + " is null, but not nullable; give a value or add nullable: true");
  switch (shape.type) {
    case FieldType::string:
      return read_string(node);
    case FieldType::text:
      return read_text(node, shape);
    case FieldType::integer:
      return read_integer(node, shape);
    case FieldType::boolean:
      return Value(node.flag());
    case FieldType::enumeration:
      return read_enumerated(node, *shape.enumeration);
    case FieldType::hash:
      return read_hash(node);
    case FieldType::string_list:
      return read_string_list(node);
    case FieldType::log:
      return read_log(node);
    case FieldType::document:
      return read_document(node);
    case FieldType::view:
    case FieldType::patch:
    case FieldType::group:
    case FieldType::collection:
    case FieldType::board:
    case FieldType::events:
    case FieldType::page:
      break;
  }
  node.fail("type " + std::string(name_of(shape.type)) + " has no value of its own");
}

Value read_any_value(const YamlNode& node) { return read_nested(node, 0); }

}  // namespace statusfs
