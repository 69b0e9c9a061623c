#include "mapping/schema/field_loader.hpp"

#include <algorithm>
#include <array>

#include "mapping/schema/entry_loader.hpp"
#include "mapping/schema/row_keys.hpp"
#include "mapping/schema/value_reader.hpp"
#include "mapping/schema/word_reader.hpp"

namespace statusfs {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t deepest_directory = 16;

constexpr std::array plan_member_words{
    Word<PlanMember>{"final_execution_status", PlanMember::final_execution_status},
    Word<PlanMember>{"final_validation_status", PlanMember::final_validation_status},
};
constexpr std::array page_format_words{
    Word<PageFormat>{"markdown", PageFormat::markdown},
    Word<PageFormat>{"svg", PageFormat::svg},
    Word<PageFormat>{"html", PageFormat::html},
};

using Rows = std::vector<std::unique_ptr<Field>>;

void check_name(const YamlNode& row) {
  const std::string& name = row.key();
  if (name.front() == '.') row.fail("the name " + in_quotes(name) + " begins with '.'; such names belong to the mount");
  if (name.find_first_of("/%") != std::string::npos || has_control_bytes(name) || name.size() > longest_name) {
    row.fail("the name " + in_quotes(name) +
             " cannot stand in the tree; accepted: at most 255 bytes without '/', '%' "
             "and control bytes");
  }
}

// Rows that show the file as a whole, each in its way.
bool is_file_wide(FieldType type) {
  return type == FieldType::board || type == FieldType::events || type == FieldType::page;
}

std::vector<Access> possible_accesses(FieldType type) {
  if (type == FieldType::log) return {Access::append_only, Access::read_only};
  if (type == FieldType::view) return {Access::read_only, Access::patch};
  if (type == FieldType::patch) return {Access::patch};
  if (type == FieldType::group || type == FieldType::collection) return {Access::read_only};
  if (is_file_wide(type)) return {Access::read_only};
  return {Access::read_write, Access::read_only};
}

Access default_access(FieldType type) {
  if (possible_accesses(type) == std::vector{Access::read_only} || type == FieldType::view) return Access::read_only;
  return type == FieldType::patch ? Access::patch : Access::read_write;
}

Access read_access(const YamlNode& row, FieldType type) {
  const YamlNode* node = row.find("access");
  std::vector<std::string> words;
  for (const Access access : possible_accesses(type)) {
    if (node == nullptr ? access == default_access(type) : node->any_text() == name_of(access)) return access;
    words.emplace_back(name_of(access));
  }
  if (node == nullptr) row.fail(row.label() + " lacks the key 'access'; accepted: " + alternatives(words));
  node->fail("access " + in_quotes(node->any_text()) + " does not go with type " + std::string(name_of(type)) +
             "; accepted: " + alternatives(words));
}

bool takes_writers(const Field& field) {
  return field.access == Access::read_write || field.access == Access::append_only;
}

void read_writers(const YamlNode& row, const LoadContext& context, Field& field) {
  const YamlNode* write = row.find("write");
  if (write != nullptr && !takes_writers(field)) {
    write->fail("'write' does not go with access read-only; leave it out, or make the row writable");
  }
  if (!takes_writers(field)) return;
  field.writers = read_archetypes(row.at("write"), context.mapping);
  if (field.writers.empty()) {
    write->fail("nobody may write " + row.label() + "; name archetypes, or say access: read-only");
  }
}

// A view or a patch is of its whole scope; everything else has a place of its own in it.
void check_pointer_for_type(const YamlNode& row, const Field& field) {
  const bool is_whole_scope = !field.has_own_value();
  if (is_whole_scope == field.pointer.is_root()) return;
  const std::string type(name_of(field.type));
  if (is_whole_scope) row.at("pointer").fail("a " + type + " shows its whole scope; accepted: pointer: \"\"");
  row.at("pointer").fail("the pointer \"\" is the whole scope, which type " + type +
                         " cannot be; accepted: '/' and a key");
}

bool is_in_group(const Field& field) { return field.parent != nullptr && field.parent->type == FieldType::group; }

Pointer pointer_of(const YamlNode& row, const Field& field) {
  if (const YamlNode* pointer = row.find("pointer")) return read_pointer(*pointer);
  if (!field.has_own_value()) return Pointer();
  return is_in_group(field) ? field.parent->pointer.child(field.name) : Pointer().child(field.name);
}

void read_range(const YamlNode& row, Field& field) {
  const auto limit = [&](std::string_view key, std::int64_t otherwise) {
    const YamlNode* node = row.find(key);
    return node == nullptr ? otherwise : read_value(*node, {FieldType::integer, false, false, nullptr}).as_integer();
  };
  field.minimum = limit("minimum", -largest_exact_integer);
  field.maximum = limit("maximum", largest_exact_integer);
  if (field.minimum > field.maximum) {
    (row.find("minimum") != nullptr ? row.at("minimum") : row.at("maximum"))
        .fail("the minimum " + std::to_string(field.minimum) + " is larger than the maximum " +
              std::to_string(field.maximum) + "; accepted: a minimum that is not");
  }
}

const Enumeration* read_enumeration(const YamlNode& row, const Mapping& mapping) {
  const YamlNode& node = row.at("enum");
  std::vector<Word<const Enumeration*>> words;
  words.reserve(mapping.enumerations.size());
  for (const auto& enumeration : mapping.enumerations) words.push_back({enumeration->name, enumeration.get()});
  return read_word(node, words, "enum");
}

void check_made_by_driver(const YamlNode& key, const Field& field) {
  if (field.access != Access::read_only) {
    key.fail(key.label() + " goes only with access: read-only, because the driver makes the value");
  }
}

void check_stamp_type(const YamlNode& node, Stamp stamp, const Field& field) {
  if (type_of(stamp) == field.type) return;
  node.fail("the stamp " + in_quotes(name_of(stamp)) + " is of type " + std::string(name_of(type_of(stamp))) +
            ", the row of type " + std::string(name_of(field.type)) + "; accepted: the same type");
}

void read_stamp_with(const YamlNode& node, Field& field) {
  const YamlNode& pair = node.only_entry();
  field.stamp_with = StampWith{pair.key(), read_stamp_of_a_write(pair)};
  check_stamp_type(pair, field.stamp_with->stamp, field);
}

void read_derivation(const YamlNode& node, Field& field) {
  node.accept_only({"percentage_of", "where"});
  node.at("percentage_of").line_of_text();
  const YamlNode& condition = node.at("where").only_entry();
  field.derived = Derivation{condition.key(), condition.line_of_text()};
}

void read_sources(const YamlNode& row, Field& field) {
  const YamlNode* first = nullptr;
  for (const std::string_view key : {"stamp", "stamp_with", "derived"}) {
    const YamlNode* node = row.find(key);
    if (node == nullptr) continue;
    check_made_by_driver(*node, field);
    if (first != nullptr) node->fail(node->label() + " does not go with " + first->label() + "; accepted: one of them");
    first = node;
  }
  if (const YamlNode* stamp = row.find("stamp")) {
    field.stamp = read_stamp(*stamp);
    check_stamp_type(*stamp, field.stamp, field);
  }
  if (const YamlNode* stamp_with = row.find("stamp_with")) read_stamp_with(*stamp_with, field);
  if (const YamlNode* derived = row.find("derived")) read_derivation(*derived, field);
}

std::vector<std::string> placeholders_of(const Field& field) {
  if (field.type == FieldType::integer) return {"{g}"};
  if (field.type != FieldType::string && field.type != FieldType::text) return {};
  std::vector<std::string> known{"{stem}", "{plan_id}", "{schema}", "{entity_type}"};
  if (field.in_task) known.emplace_back("{task_id}");
  return known;
}

Value read_placeholder(const YamlNode& node, const std::vector<std::string>& known) {
  const std::string& text = node.any_text();
  if (std::ranges::find(known, text) != known.end()) return Value(text);
  node.fail("unknown placeholder in " + in_quotes(text) + "; accepted: " + alternatives(known) +
            ", as the whole value, and no other '{'");
}

Value read_initial(const YamlNode& node, const Field& field) {
  const std::vector<std::string> known = placeholders_of(field);
  const bool has_placeholder = !known.empty() && node.is_text() && node.any_text().find('{') != std::string::npos;
  return has_placeholder ? read_placeholder(node, known) : read_value(node, shape_of(field));
}

void read_mirror(const YamlNode& row, Field& field) {
  const YamlNode* mirror = row.find("mirrors_plan");
  if (mirror == nullptr) return;
  if (field.in_task) mirror->fail("'mirrors_plan' goes only with rows outside of the collection");
  field.mirrors_plan = read_word(*mirror, plan_member_words, "member of a plan");
}

void read_type_of_values(const YamlNode& row, const LoadContext& context, Field& field) {
  field.nullable = row.flag_at("nullable");
  field.hidden = row.flag_at("hidden");
  field.or_document = row.flag_at("or_document");
  field.names_plan = row.flag_at("names_plan");
  field.repeats_group = row.flag_at("repeats_group");
  if (field.type == FieldType::integer) read_range(row, field);
  if (field.type == FieldType::enumeration) field.enumeration = read_enumeration(row, context.mapping);
}

// Links of a board lead from its depth in the tree into the collection.
void read_file_wide(const YamlNode& row, Field& field) {
  if (field.parent != nullptr)
    row.fail("a row of type " + std::string(name_of(field.type)) + " stands at the top of the tree, not within " +
             in_quotes(field.parent->name));
  if (field.type == FieldType::board) field.board_by = row.at("by").line_of_text();
  if (field.type == FieldType::page) field.page_format = read_word(row.at("format"), page_format_words, "format");
}

void read_contents(const YamlNode& row, const LoadContext& context, Field& field) {
  read_type_of_values(row, context, field);
  read_mirror(row, field);
  read_sources(row, field);
  if (const YamlNode* initial = row.find("initial")) field.initial = read_initial(*initial, field);
  if (const YamlNode* absent = row.find("absent")) {
    ValueShape shape = shape_of(field);
    shape.nullable = false;
    read_value(*absent, shape);
    field.absent = absent->any_text();
  }
  if (field.repeats_group && (!is_in_group(field) || field.access != Access::read_write)) {
    row.at("repeats_group").fail("'repeats_group' goes only with a row that can be written, in a group");
  }
  if (is_file_wide(field.type)) read_file_wide(row, field);
  read_writers(row, context, field);
  field.entry = read_log_entry(row, field);
}

Rows load_rows(const YamlNode& rows, Field* parent, std::size_t depth, LoadContext& context);

void read_collection(const YamlNode& row, const Field& field, LoadContext& context) {
  Mapping& mapping = context.mapping;
  if (field.parent != nullptr)
    row.fail("a collection stands at the top of the tree, not within " + in_quotes(field.parent->name));
  if (mapping.collection != nullptr) {
    row.fail("a second collection; accepted: exactly one, which is already " + in_quotes(mapping.collection->name));
  }
  mapping.collection = &field;
  mapping.collection_id = row.at("id").line_of_text();
  const auto archetypes = [&](std::string_view key) {
    const YamlNode* list = row.find(key);
    return list == nullptr ? std::vector<std::string>{} : read_archetypes(*list, mapping);
  };
  mapping.creators = archetypes("create");
  mapping.removers = archetypes("remove");
  mapping.unplanned_removers = archetypes("remove_unplanned");
}

std::unique_ptr<Field> load_row(const YamlNode& row, Field* parent, std::size_t depth, LoadContext& context) {
  check_name(row);
  auto field = std::make_unique<Field>();
  context.rows.emplace(field.get(), &row);
  field->name = row.key();
  field->type = read_type(row.at("type"));
  check_row_keys(row, field->type);
  field->parent = parent;
  field->in_task = parent != nullptr && (parent->in_task || parent->type == FieldType::collection);
  field->help = row.at("help").line_of_text();
  field->pointer = pointer_of(row, *field);
  check_pointer_for_type(row, *field);
  field->access = read_access(row, field->type);
  if (!field->is_directory() || field->type == FieldType::board) {
    read_contents(row, context, *field);
    return field;
  }
  if (field->type == FieldType::collection) read_collection(row, *field, context);
  field->children = load_rows(row.at("fields"), field.get(), depth + 1, context);
  return field;
}

Rows load_rows(const YamlNode& rows, Field* parent, std::size_t depth, LoadContext& context) {
  if (rows.entries().empty()) rows.fail(rows.label() + " is empty; accepted: at least one row");
  if (depth > deepest_directory) rows.fail("directories stand in one another more than 16 deep; accepted: at most 16");
  Rows loaded;
  for (const YamlNode& row : rows.entries()) loaded.push_back(load_row(row, parent, depth, context));
  return loaded;
}

}  // namespace

void load_tree(const YamlNode& rows, LoadContext& context) {
  context.mapping.tree = load_rows(rows, nullptr, 0, context);
}

}  // namespace statusfs
