#include "mapping/rules/field_text.hpp"

#include <charconv>

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/document/utf8.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

[[noreturn]] void refuse(const Field& field, const std::string& what) {
  throw Rejection(Cause::invalid, what + "; " + field.name + " takes " + accepted_by(field));
}

void require_text(const Field& field, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) refuse(field, "a NUL byte is not accepted");
  if (!is_valid_utf8(text)) refuse(field, "the bytes are not valid UTF-8");
}

std::string_view without_last_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

Value integer_of(const Field& field, std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool is_decimal = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
                          (digits.size() == 1 || digits[0] != '0');
  std::int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!is_decimal || result.ec != std::errc() || text == "-0")
    refuse(field, shown(Value(text)) + " is not an integer that can be written");
  return Value(number);
}

Value boolean_of(const Field& field, std::string_view text) {
  if (text != "true" && text != "false") refuse(field, shown(Value(text)) + " is not a boolean");
  return Value(text == "true");
}

bool looks_like_object(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && text[start] == '{';
}

Value text_or_document(const Field& field, std::string_view text) {
  if (!field.or_document || !looks_like_object(text)) return Value(text);
  try {
    return parse_json(text);
  } catch (const ParseError&) {
    return Value(text);  // text that only begins like an object is text
  }
}

Value untyped_value(const Field& field, std::string_view text) {
  switch (field.type) {
    case FieldType::integer:
      return integer_of(field, text);
    case FieldType::boolean:
      return boolean_of(field, text);
    case FieldType::text:
      return text_or_document(field, text);
    case FieldType::document:
      return document_of_text(text);
    case FieldType::string_list:
      return Value::array(list_lines(field, text));
    default:
      return Value(text);
  }
}

template <typename Function>
void for_each_line(std::string_view text, Function visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

Value log_entry_of(const Field& field, std::string_view line) {
  if (!looks_like_object(line)) return Value::object({Member(field.entry->main, Value(line))});
  try {
    return parse_json(line);
  } catch (const ParseError& error) {
    refuse(field, std::string("the line begins like a JSON object but is none (") + error.what() + ")");
  }
}

}  // namespace

Value value_of_text(const Field& field, std::string_view text) {
  require_text(field, text);
  const std::string_view content = without_last_newline(text);
  const bool is_multi_line =
      field.type == FieldType::text || field.type == FieldType::string_list || field.type == FieldType::document;
  if (!is_multi_line && content.find('\n') != std::string_view::npos) refuse(field, "several lines are not accepted");
  if (field.nullable && (content.empty() || content == "null")) return Value();
  Value value = untyped_value(field, content);
  if (const auto complaint = complaint_about(field, value)) throw Rejection(Cause::invalid, *complaint);
  require_exact_integers(value);
  return value;
}

std::vector<Value> list_lines(const Field& field, std::string_view text) {
  require_text(field, text);
  std::vector<Value> lines;
  for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

std::vector<Value> log_lines(const Field& field, std::string_view text) {
  require_text(field, text);
  std::vector<Value> entries;
  for_each_line(text, [&](std::string_view line) {
    if (!is_blank(line)) entries.push_back(log_entry_of(field, line));
  });
  return entries;
}

Value document_of_text(std::string_view text) {
  try {
    return parse_json(text);
  } catch (const ParseError& error) {
    throw Rejection(Cause::invalid, std::string("not valid JSON: ") + error.what());
  }
}

}  // namespace statusfs
