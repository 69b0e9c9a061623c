#include "mapping/schema/overview_loader.hpp"

#include <array>

#include "mapping/schema/word_reader.hpp"

namespace statusfs {
namespace {

constexpr std::array tone_words{
    Word<Tone>{"neutral", Tone::neutral},     Word<Tone>{"active", Tone::active}, Word<Tone>{"good", Tone::good},
    Word<Tone>{"attention", Tone::attention}, Word<Tone>{"bad", Tone::bad},
};

bool is_one_line(const Field& field) {
  switch (field.type) {
    case FieldType::string:
    case FieldType::integer:
    case FieldType::boolean:
    case FieldType::enumeration:
    case FieldType::hash:
      return true;
    default:
      return false;
  }
}

bool is_percentage(const Field& field) {
  return field.type == FieldType::integer && field.minimum == 0 && field.maximum == 100;
}

bool is_list_of_strings(const Field& field) { return field.type == FieldType::string_list; }
bool is_log_with_entry(const Field& field) { return field.type == FieldType::log && field.entry; }

/// Where a path of the overview begins, and what may lie at its end.
struct Expected {
  bool in_task;
  bool (*accepts)(const Field&);
  const char* description;
};

constexpr Expected line_of_file{false, is_one_line, "a path in the file's tree of a row that is one line"};
constexpr Expected line_of_task{true, is_one_line, "a path below a task's directory of a row that is one line"};
constexpr Expected percentage_of_file{false, is_percentage, "a path in the file's tree of an integer from 0 to 100"};
constexpr Expected percentage_of_task{true, is_percentage,
                                      "a path below a task's directory of an integer from 0 to 100"};
constexpr Expected list_of_file{false, is_list_of_strings, "a path in the file's tree of a string_list"};
constexpr Expected log_of_file{false, is_log_with_entry, "a path in the file's tree of a log with an entry"};

const Field& read_path(const YamlNode& node, const Expected& expected, const Mapping& mapping) {
  const std::string& path = node.line_of_text();
  const Field* field = expected.in_task ? mapping.task_field(path) : mapping.file_field(path);
  if (field != nullptr && expected.accepts(*field)) return *field;
  node.fail(in_quotes(path) + " cannot stand here; accepted: " + expected.description);
}

const Field* read_optional_path(const YamlNode& overview, std::string_view key, const Expected& expected,
                                const Mapping& mapping) {
  const YamlNode* node = overview.find(key);
  return node == nullptr ? nullptr : &read_path(*node, expected, mapping);
}

std::vector<const Field*> read_paths(const YamlNode& overview, std::string_view key, const Expected& expected,
                                     const Mapping& mapping) {
  std::vector<const Field*> fields;
  const YamlNode* list = overview.find(key);
  if (list == nullptr) return fields;
  list->distinct_texts();
  for (const YamlNode& item : list->items()) fields.push_back(&read_path(item, expected, mapping));
  return fields;
}

const Field& read_groups(const YamlNode& node, const Mapping& mapping) {
  const Field* field = mapping.at(Pointer().child(node.line_of_text()), true);
  if (field != nullptr && field->type == FieldType::enumeration) return *field;
  node.fail("'by' names " + in_quotes(node.any_text()) + "; accepted: a direct member of the task, an enum");
}

void read_tones(const YamlNode& tones, const Enumeration& enumeration, Overview& overview) {
  for (const YamlNode& entry : tones.entries()) {
    if (!enumeration.contains(entry.key()))
      entry.fail(entry.label() + " is no value of the enum " + in_quotes(enumeration.name) +
                 "; accepted: " + alternatives(enumeration.values));
    overview.tones.emplace(entry.key(), read_word(entry, tone_words, "tone"));
  }
}

void require_no_page(const LoadContext& context) {
  for (const Field* field : context.mapping.file_fields())
    if (field->type == FieldType::page)
      context.row_of(*field).fail("a page shows what 'overview' says, and this mapping has none; add it beside 'tree'");
}

}  // namespace

std::optional<Overview> load_overview(const YamlNode* node, const LoadContext& context) {
  if (node == nullptr) {
    require_no_page(context);
    return std::nullopt;
  }
  node->accept_only({"title", "by", "tones", "progress", "total", "blockers", "milestones", "facts", "columns"});
  const Mapping& mapping = context.mapping;
  Overview overview;
  overview.title = &read_path(node->at("title"), line_of_file, mapping);
  overview.by = &read_groups(node->at("by"), mapping);
  if (const YamlNode* tones = node->find("tones")) read_tones(*tones, *overview.by->enumeration, overview);
  overview.progress = read_optional_path(*node, "progress", percentage_of_task, mapping);
  overview.total = read_optional_path(*node, "total", percentage_of_file, mapping);
  overview.blockers = read_optional_path(*node, "blockers", list_of_file, mapping);
  overview.milestones = read_optional_path(*node, "milestones", log_of_file, mapping);
  overview.facts = read_paths(*node, "facts", line_of_file, mapping);
  overview.columns = read_paths(*node, "columns", line_of_task, mapping);
  return overview;
}

}  // namespace statusfs
