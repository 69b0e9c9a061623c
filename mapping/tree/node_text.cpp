#include "mapping/tree/node_text.hpp"

#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

// An element that would not stay on its line is shown as JSON.
bool needs_json(const Value& value) {
  return !value.is_string() || value.as_string().find('\n') != std::string_view::npos;
}

std::string lines(const Value& list, bool strings_as_text) {
  std::string text;
  for (std::size_t position = 0; position < list.size(); ++position) {
    const Value& element = list.element(position);
    if (strings_as_text && !needs_json(element))
      text += element.as_string();
    else
      append_compact(text, element);
    text += '\n';
  }
  return text;
}

std::string scalar_line(const Value& value) {
  if (value.is_null()) return {};
  std::string text;
  if (value.is_string())
    text = value.as_string();
  else
    append_compact(text, value);
  text += '\n';
  return text;
}

std::string value_text(const Value& value, const Field* field) {
  if (value.is_array()) return lines(value, field && field->type == FieldType::string_list);
  if (value.is_object()) return indented_document(value);
  return scalar_line(value);
}

}  // namespace

const Field* whole_file_view(const Mapping& mapping) noexcept {
  for (const Field* field : mapping.file_fields())
    if (field->type == FieldType::view) return field;
  return nullptr;
}

bool is_whole_file(const Node& node) noexcept {
  return node.kind == Node::Kind::field && node.field->type == FieldType::view && !node.in_task();
}

std::string node_text(const StatusDocument& document, const Node& node) {
  const Field* field = node.kind == Node::Kind::field ? node.field : nullptr;
  if (field && !field->has_own_value() && field->type != FieldType::view) return {};
  if (field && field->type == FieldType::view) return indented_document(*document.scope(node.task));
  const Value* value = value_at(document, node);
  if (!value) return field && field->absent ? *field->absent + "\n" : std::string();
  return value_text(*value, field);
}

std::uint64_t node_size(const StatusDocument& document, const Node& node) {
  const bool is_view = node.kind == Node::Kind::field && node.field->type == FieldType::view;
  if (is_view) return indented_size(*document.scope(node.task)) + 1;
  return node_text(document, node).size();
}

}  // namespace statusfs
