#include "mapping/schema/mapping_loader.hpp"

#include "mapping/schema/default_mapping.hpp"
#include "mapping/schema/field_loader.hpp"
#include "mapping/schema/load_context.hpp"
#include "mapping/schema/mapping_check.hpp"
#include "mapping/schema/override_loader.hpp"
#include "mapping/schema/overview_loader.hpp"
#include "mapping/schema/rule_loader.hpp"
#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {
namespace {

constexpr std::int64_t language_version = 1;
constexpr std::string_view blank = "{}";

void check_language(const YamlNode& version) {
  if (version.integer() == language_version) return;
  version.fail("this mapping is written in version " + std::to_string(version.integer()) +
               " of the mapping language; accepted: 1");
}

void load_enumerations(const YamlNode& enums, Mapping& mapping) {
  for (const YamlNode& node : enums.entries()) {
    auto enumeration = std::make_unique<Enumeration>(Enumeration{node.key(), node.distinct_texts()});
    if (enumeration->values.empty()) node.fail("the enum " + node.label() + " is empty; accepted: at least one value");
    mapping.enumerations.push_back(std::move(enumeration));
  }
}

void load_archetypes(const YamlNode& list, Mapping& mapping) {
  mapping.archetypes = list.distinct_texts();
  if (mapping.archetypes.empty()) list.fail("'archetypes' is empty; accepted: at least one, the authority over locks");
}

void split_lock(const YamlNode& node, std::string& prefix, std::string& suffix) {
  const std::string& text = node.line_of_text();
  const std::size_t at = text.find(blank);
  const bool is_once = at != std::string::npos && text.find(blank, at + blank.size()) == std::string::npos;
  if (!is_once || text.size() == blank.size()) {
    node.fail(in_quotes(text) +
              " must hold {} exactly once, where the field's name stands, and something beside it; "
              "accepted, for instance: _{}_locked");
  }
  prefix = text.substr(0, at);
  suffix = text.substr(at + blank.size());
}

Locks load_locks(const YamlNode& node) {
  node.accept_only({"object", "field", "list"});
  Locks locks;
  locks.object = node.at("object").distinct_texts();
  split_lock(node.at("field"), locks.field_prefix, locks.field_suffix);
  split_lock(node.at("list"), locks.list_prefix, locks.list_suffix);
  return locks;
}

std::vector<Pointer> load_freshness(const YamlNode& list, const Mapping& mapping, bool in_task) {
  std::vector<Pointer> pointers;
  for (const YamlNode& item : list.items()) {
    pointers.push_back(read_pointer(item));
    const Field* field = mapping.at(pointers.back(), in_task);
    if (field == nullptr || field->stamp == Stamp::none) {
      item.fail(in_quotes(item.any_text()) + " must be the pointer of a row with a stamp " +
                (in_task ? "in the collection" : "outside of the collection"));
    }
  }
  return pointers;
}

void load_body(const YamlNode& root, Mapping& mapping) {
  LoadContext context{mapping, {}};
  load_tree(root.at("tree"), context);
  mapping.index();
  check_mapping(root, context);
  mapping.header = mapping.stamped(Stamp::version, false)->parent;
  const YamlNode& freshness = root.at("freshness");
  freshness.accept_only({"file", "task"});
  mapping.file_freshness = load_freshness(freshness.at("file"), mapping, false);
  mapping.task_freshness = load_freshness(freshness.at("task"), mapping, true);
  mapping.overrides = load_overrides(context);
  mapping.overview = load_overview(root.find("overview"), context);
  if (const YamlNode* rules = root.find("rules")) mapping.rules = load_rules(*rules, mapping);
}

}  // namespace

std::shared_ptr<const Mapping> load_mapping(std::string_view text, const std::string& origin) {
  const YamlNode root = read_yaml(text, origin);
  root.accept_only({"mapping", "schema_definition_id_ref", "entity_type", "enums", "archetypes", "locks", "freshness",
                    "tree", "overview", "rules"});
  check_language(root.at("mapping"));
  auto mapping = std::make_shared<Mapping>();
  mapping->text = text;
  mapping->schema = root.at("schema_definition_id_ref").line_of_text();
  mapping->entity_type = root.at("entity_type").line_of_text();
  load_archetypes(root.at("archetypes"), *mapping);
  if (const YamlNode* enums = root.find("enums")) load_enumerations(*enums, *mapping);
  mapping->locks = load_locks(root.at("locks"));
  load_body(root, *mapping);
  return mapping;
}

std::shared_ptr<const Mapping> default_mapping() {
  static const std::shared_ptr<const Mapping> mapping = load_mapping(default_mapping_text(), "exec_status.v1.yaml");
  return mapping;
}

}  // namespace statusfs
