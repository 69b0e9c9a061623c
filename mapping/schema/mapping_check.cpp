#include "mapping/schema/mapping_check.hpp"

#include <map>

namespace statusfs {
namespace {

std::string place_of(const Field& field, const LoadContext& context) {
  return in_quotes(field.name) + " (line " + std::to_string(context.row_of(field).line()) + ")";
}

const YamlNode& pointer_node(const Field& field, const LoadContext& context) {
  const YamlNode& row = context.row_of(field);
  const YamlNode* pointer = row.find("pointer");
  return pointer == nullptr ? row : *pointer;
}

using FieldsByPointer = std::map<Pointer, const Field*>;

void check_not_within_value(const Field& field, const FieldsByPointer& fields, const LoadContext& context) {
  for (Pointer around = field.pointer.parent(); !around.is_root(); around = around.parent()) {
    const auto found = fields.find(around);
    if (found == fields.end() || found->second->type == FieldType::group) continue;
    pointer_node(field, context)
        .fail("the pointer " + in_quotes(field.pointer.text()) + " lies within the value of the row " +
              place_of(*found->second, context) + "; accepted: a place of its own, or within a group");
  }
}

void check_pointers(const std::vector<const Field*>& scope, const LoadContext& context) {
  FieldsByPointer fields;
  for (const Field* field : scope) {
    if (!field->has_own_value()) continue;
    const auto [first, is_new] = fields.emplace(field->pointer, field);
    if (is_new) continue;
    pointer_node(*field, context)
        .fail("the pointer " + in_quotes(field->pointer.text()) + " is already that of the row " +
              place_of(*first->second, context) + "; accepted: one row a pointer");
  }
  for (const Field* field : scope)
    if (field->has_own_value()) check_not_within_value(*field, fields, context);
}

void check_collection_id(const LoadContext& context) {
  const Mapping& mapping = context.mapping;
  const Field* id = mapping.at(Pointer().child(mapping.collection_id), true);
  if (id != nullptr && id->type == FieldType::string && !id->nullable && id->access == Access::read_only &&
      id->initial == Value("{task_id}") && id->stamp == Stamp::none)
    return;
  context.row_of(*mapping.collection)
      .at("id")
      .fail("'id' must name a row of " + in_quotes(mapping.collection->name) + " with the pointer " +
            in_quotes("/" + mapping.collection_id) +
            ", type: string, access: read-only and initial: \"{task_id}\", not nullable and without a stamp");
}

struct RequiredStamp {
  Stamp stamp;
  bool in_task;
  bool is_single;
};

constexpr RequiredStamp required_stamps[] = {
    {Stamp::version, false, true},
    {Stamp::g, false, false},
    {Stamp::payload_hash_current, false, true},
    {Stamp::payload_hash_previous, false, true},
    {Stamp::signature_hash, true, true},
};

void check_single_stamp(const RequiredStamp& required, const Field& field, const LoadContext& context) {
  if (!required.is_single || field.stamp != required.stamp) return;
  if (field.in_task != required.in_task) {
    context.row_of(field).at("stamp").fail(std::string("the stamp ") + in_quotes(name_of(field.stamp)) + " belongs " +
                                           (required.in_task ? "into the collection" : "outside of the collection"));
  }
  const Field& first = *context.mapping.stamped(field.stamp, field.in_task);
  if (&first == &field) return;
  context.row_of(field).at("stamp").fail("the stamp " + in_quotes(name_of(field.stamp)) + " is already on the row " +
                                         place_of(first, context) + "; accepted: once");
}

void check_stamps(const YamlNode& root, const LoadContext& context) {
  const Mapping& mapping = context.mapping;
  for (const RequiredStamp& required : required_stamps) {
    if (mapping.stamped(required.stamp, required.in_task) == nullptr) {
      root.at("tree").fail("no row has stamp: " + std::string(name_of(required.stamp)) + "; one is needed " +
                           (required.in_task ? "in the collection" : "outside of the collection"));
    }
    for (const auto* scope : {&mapping.file_fields(), &mapping.task_fields()})
      for (const Field* field : *scope) check_single_stamp(required, *field, context);
  }
}

// The header is the object of the root in which the version stands; a file without one gets it when it is adopted.
void check_header(const LoadContext& context) {
  const Field& version = *context.mapping.stamped(Stamp::version, false);
  const Field* group = version.parent;
  const bool is_at_the_top = group != nullptr && group->parent == nullptr && group->pointer.tokens().size() == 1;
  if (is_at_the_top && version.pointer.parent() == group->pointer) return;
  context.row_of(version).at("stamp").fail(
      "the version must stand in the header; accepted: a row in a group at the top of the tree whose pointer is one "
      "key, and below that pointer");
}

// The payload is the object in which the payload's hash stands; the hash covers what stands beside it.
void check_payload(const LoadContext& context) {
  const Mapping& mapping = context.mapping;
  const Field& current = *mapping.stamped(Stamp::payload_hash_current, false);
  const Pointer payload = current.pointer.parent();
  if (payload.is_root()) {
    pointer_node(current, context)
        .fail("the payload hash stands in the file's root; accepted: in an object of the root");
  }
  for (const Field* field : {mapping.stamped(Stamp::payload_hash_previous, false), mapping.collection}) {
    if (field->pointer.parent() == payload) continue;
    pointer_node(*field, context)
        .fail(in_quotes(field->name) + " must stand beside the payload hash; accepted: a pointer " +
              in_quotes(payload.text() + "/..."));
  }
}

void check_hash_rows(const LoadContext& context) {
  const Mapping& mapping = context.mapping;
  const Field& previous = *mapping.stamped(Stamp::payload_hash_previous, false);
  if (!previous.nullable) {
    context.row_of(previous).at("stamp").fail("the first version has no payload hash before it; add nullable: true");
  }
  const Field& signature = *mapping.stamped(Stamp::signature_hash, true);
  if (signature.pointer.tokens().size() != 1) {
    pointer_node(signature, context)
        .fail("the signature hash must be a direct member of the task; accepted: '/' and a key");
  }
}

void check_stamp_with(const Field& field, const LoadContext& context) {
  if (!field.stamp_with) return;
  const YamlNode& pair = context.row_of(field).at("stamp_with").only_entry();
  const Field* trigger = context.mapping.at(field.pointer.parent().child(pair.key()), field.in_task);
  if (trigger == nullptr || trigger->access == Access::read_only) {
    pair.fail("'stamp_with' names " + pair.label() + "; accepted: the key of a writable row beside this one");
  }
}

void check_derivation(const Field& field, const LoadContext& context) {
  if (!field.derived) return;
  const Mapping& mapping = context.mapping;
  const YamlNode& node = context.row_of(field).at("derived");
  if (field.in_task) node.fail("'derived' goes only with rows outside of the collection");
  if (field.minimum > 0 || field.maximum < 100) node.fail("a percentage needs the range 0 to 100");
  if (node.at("percentage_of").any_text() != mapping.collection->name) {
    node.at("percentage_of").fail("'percentage_of' must name the collection; accepted: " + mapping.collection->name);
  }
  const YamlNode& condition = node.at("where").only_entry();
  const Field* counted = mapping.at(Pointer().child(field.derived->field), true);
  if (counted == nullptr || (counted->type != FieldType::enumeration && counted->type != FieldType::string)) {
    condition.fail("'where' names " + condition.label() +
                   "; accepted: a direct member of the task, an enum or a string");
  }
  if (counted->enumeration != nullptr && !counted->enumeration->contains(field.derived->equals)) {
    condition.fail(in_quotes(field.derived->equals) + " is no value of " + condition.label() +
                   "; accepted: " + alternatives(counted->enumeration->values));
  }
}

void check_board(const Field& field, const LoadContext& context) {
  if (field.type != FieldType::board) return;
  const Field* by = context.mapping.at(Pointer().child(field.board_by), true);
  if (by != nullptr && by->type == FieldType::enumeration && by->access == Access::read_write) return;
  context.row_of(field).at("by").fail("'by' names " + in_quotes(field.board_by) +
                                      "; accepted: a direct member of the task, an enum that can be written");
}

void check_references(const Field& field, const LoadContext& context) {
  if (!field.entry) return;
  const std::string& collection = context.mapping.collection->name;
  for (const YamlNode& member : context.row_of(field).at("entry").at("members").entries()) {
    const YamlNode* references = member.find("references");
    if (references == nullptr || references->any_text() == collection) continue;
    references->fail("'references' must name the collection; accepted: " + collection);
  }
}

}  // namespace

void check_mapping(const YamlNode& root, const LoadContext& context) {
  const Mapping& mapping = context.mapping;
  if (mapping.collection == nullptr) root.at("tree").fail("no row is of type collection; exactly one is needed");
  check_pointers(mapping.file_fields(), context);
  check_pointers(mapping.task_fields(), context);
  check_collection_id(context);
  check_stamps(root, context);
  check_header(context);
  check_hash_rows(context);
  check_payload(context);
  for (const auto* scope : {&mapping.file_fields(), &mapping.task_fields()}) {
    for (const Field* field : *scope) {
      check_stamp_with(*field, context);
      check_derivation(*field, context);
      check_references(*field, context);
      check_board(*field, context);
    }
  }
}

}  // namespace statusfs
