#include "mapping/tree/template.hpp"

#include <vector>

#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

// What the loader takes for a placeholder; a value of an enum may look like one.
bool is_placeholder(const Field& field, std::string_view placeholder) {
  return field.initial && field.type != FieldType::enumeration && field.initial->is_string() &&
         field.initial->as_string() == placeholder;
}

// Precondition: the field has an initial value.
Value initial_value(const Mapping& mapping, const Field& field, const TemplateNames& names) {
  if (is_placeholder(field, "{g}")) return Value(names.g);
  if (is_placeholder(field, "{stem}")) return Value(names.stem);
  if (is_placeholder(field, "{plan_id}")) return Value(names.plan_id);
  if (is_placeholder(field, "{task_id}")) return Value(names.task_id);
  if (is_placeholder(field, "{schema}")) return Value(mapping.schema);
  if (is_placeholder(field, "{entity_type}")) return Value(mapping.entity_type);
  return *field.initial;
}

// Stamped fields get a null to hold their place in the order of the keys; the first mutation fills it.
Value with_row(const Mapping& mapping, const Value& scope, const Field& field, const TemplateNames& names) {
  if (field.initial) return with_value_at(scope, field.pointer, initial_value(mapping, field, names));
  if (field.stamp != Stamp::none) return with_value_at(scope, field.pointer, Value());
  if (field.type == FieldType::collection) return with_value_at(scope, field.pointer, Value::array());
  return scope;
}

}  // namespace

const Field* field_initialised_by(const Mapping& mapping, std::string_view placeholder) {
  for (const Field* field : mapping.file_fields())
    if (is_placeholder(*field, placeholder)) return field;
  return nullptr;
}

std::string hindrance_of_schema(const StatusDocument& document) {
  const Mapping& mapping = document.mapping();
  const Field* field = field_initialised_by(mapping, "{schema}");
  const Value* schema = field ? document.value_of(*field) : nullptr;
  if (!schema || *schema == Value(mapping.schema)) return {};
  return "its schema is " + compact(*schema) + ", and the mapping in force knows " + mapping.schema + " alone";
}

Value initial_task(const Mapping& mapping, const TemplateNames& names) {
  Value task = Value::object();
  for (const Field* field : mapping.task_fields()) task = with_row(mapping, task, *field, names);
  return task;
}

Value initial_document(const Mapping& mapping, const TemplateNames& names) {
  Value root = Value::object();
  for (const Field* field : mapping.file_fields()) root = with_row(mapping, root, *field, names);
  return root;
}

Value with_completed_header(const Mapping& mapping, const Value& root, const TemplateNames& names) {
  const Field& header = *mapping.header;
  const bool had_header = find(root, header.pointer) != nullptr;
  Value completed = root;
  for (const auto& row : header.children)
    if (!find(completed, row->pointer)) completed = with_row(mapping, completed, *row, names);
  if (had_header) return completed;
  std::vector<Member> members{{header.pointer.last(), *find(completed, header.pointer)}};
  for (const Member& member : root.members()) members.push_back(member);
  return Value::object(std::move(members));
}

}  // namespace statusfs
