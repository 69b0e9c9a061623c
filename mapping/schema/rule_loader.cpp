#include "mapping/schema/rule_loader.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "mapping/schema/value_reader.hpp"
#include "mapping/schema/word_reader.hpp"

namespace statusfs {
namespace {

constexpr std::array mode_words{
    Word<RuleMode>{"enforce", RuleMode::enforce},
    Word<RuleMode>{"warn", RuleMode::warn},
    Word<RuleMode>{"off", RuleMode::off},
};

FieldCondition read_condition(const YamlNode& node, const Mapping& mapping) {
  const YamlNode& pair = node.only_entry();
  const Field& field = task_field(pair, pair.key(), mapping);
  return {&field, read_value(pair, shape_of(field))};
}

ImplicationRule read_implication(const YamlNode& node, const Mapping& mapping) {
  node.accept_only({"when", "then"});
  ImplicationRule rule{read_condition(node.at("when"), mapping), read_condition(node.at("then"), mapping)};
  if (rule.when.field == rule.then.field)
    node.at("then").fail("'then' names the field of 'when'; accepted: another one");
  if (rule.then.field->access != Access::read_write) {
    node.at("then").fail("'then' names " + in_quotes(rule.then.field->name) +
                         "; accepted: a field with access read-write");
  }
  return rule;
}

std::string read_step_value(const YamlNode& node, const std::string& value, const Enumeration& enumeration) {
  if (enumeration.contains(value)) return value;
  node.fail(in_quotes(value) + " is no value of the enum " + in_quotes(enumeration.name) +
            "; accepted: " + alternatives(enumeration.values));
}

void add_step(const YamlNode& node, TransitionRule::Step step, TransitionRule& rule) {
  const auto is_same = [&](const auto& other) { return other.from == step.from && other.to == step.to; };
  const std::string name = "the step from " + in_quotes(step.from) + " to " + in_quotes(step.to);
  if (step.from == step.to) node.fail(name + " is no change, which is always accepted; leave it out");
  if (std::any_of(rule.steps.begin(), rule.steps.end(), is_same)) {
    node.fail(name + " stands twice; accepted: once, under allow or under restricted");
  }
  rule.steps.push_back(std::move(step));
}

void read_allowed(const YamlNode& node, const Enumeration& enumeration, TransitionRule& rule) {
  for (const YamlNode& from : node.entries()) {
    read_step_value(from, from.key(), enumeration);
    for (const YamlNode& to : from.items()) {
      add_step(to, {from.key(), read_step_value(to, to.any_text(), enumeration), {}}, rule);
    }
  }
}

void read_restricted(const YamlNode& node, const Enumeration& enumeration, const Mapping& mapping,
                     TransitionRule& rule) {
  for (const YamlNode& item : node.items()) {
    item.accept_only({"from", "to", "archetypes"});
    const YamlNode& from = item.at("from");
    const YamlNode& to = item.at("to");
    std::vector<std::string> archetypes = read_archetypes(item.at("archetypes"), mapping);
    if (archetypes.empty()) item.at("archetypes").fail("nobody may take this step; name archetypes, or leave it out");
    add_step(item,
             {read_step_value(from, from.any_text(), enumeration), read_step_value(to, to.any_text(), enumeration),
              std::move(archetypes)},
             rule);
  }
}

TransitionRule read_transitions(const YamlNode& node, const Mapping& mapping) {
  node.accept_only({"field", "allow", "restricted"});
  const YamlNode& field = node.at("field");
  TransitionRule rule;
  rule.field = &task_field(field, field.any_text(), mapping);
  if (rule.field->type != FieldType::enumeration) {
    field.fail("'field' names " + in_quotes(field.any_text()) + "; accepted: a field of type enum");
  }
  read_allowed(node.at("allow"), *rule.field->enumeration, rule);
  if (const YamlNode* restricted = node.find("restricted")) {
    read_restricted(*restricted, *rule.field->enumeration, mapping, rule);
  }
  return rule;
}

RequirementRule read_requirement(const YamlNode& node, const Mapping& mapping) {
  node.accept_only({"when", "field", "equals"});
  const YamlNode& field = node.at("field");
  RequirementRule rule{read_condition(node.at("when"), mapping), &task_field(field, field.any_text(), mapping), {}};
  if (const YamlNode* equals = node.find("equals")) rule.equals = read_value(*equals, shape_of(*rule.field));
  return rule;
}

ClearingRule read_clearing(const YamlNode& node, const Mapping& mapping) {
  node.accept_only({"when", "list"});
  const YamlNode& list = node.at("list");
  const Field* field = mapping.file_field(list.any_text());
  if (field == nullptr || field->type != FieldType::string_list) {
    list.fail("'list' names " + in_quotes(list.any_text()) +
              "; accepted: the path of a string_list in the file's tree, like summary/active_blockers_summary");
  }
  return {read_condition(node.at("when"), mapping), field};
}

DependencyRule read_dependency(const YamlNode& node, const Mapping& mapping) {
  node.accept_only({"when", "finished"});
  const YamlNode& finished = node.at("finished").only_entry();
  DependencyRule rule{read_condition(node.at("when"), mapping), &task_field(finished, finished.key(), mapping), {}};
  for (const YamlNode& value : finished.items()) rule.finished.push_back(read_value(value, shape_of(*rule.field)));
  if (rule.finished.empty()) finished.fail("no task would ever be finished; accepted: at least one value");
  return rule;
}

RetryRule read_retries(const YamlNode& node, const Mapping& mapping) {
  node.accept_only({"log"});
  return {&task_log(node.at("log"), mapping)};
}

/// The key that says what a rule is about, and who reads what stands there.
struct RuleKind {
  std::string_view key;
  void (*read)(const YamlNode& node, const Mapping& mapping, Rule& rule);
};

template <auto member, auto read>
constexpr RuleKind kind_of(std::string_view key) {
  return {key, [](const YamlNode& node, const Mapping& mapping, Rule& rule) { rule.*member = read(node, mapping); }};
}

constexpr std::array rule_kinds{
    kind_of<&Rule::implication, read_implication>("implies"),
    kind_of<&Rule::transition, read_transitions>("transitions"),
    kind_of<&Rule::requirement, read_requirement>("requires"),
    kind_of<&Rule::clearing, read_clearing>("clears"),
    kind_of<&Rule::dependency, read_dependency>("dependencies"),
    kind_of<&Rule::retries, read_retries>("retries"),
};

std::vector<std::string> keys_of_kinds() {
  std::vector<std::string> keys;
  keys.reserve(rule_kinds.size());
  for (const RuleKind& kind : rule_kinds) keys.emplace_back(kind.key);
  return keys;
}

const RuleKind& only_kind(const YamlNode& node) {
  const auto is_there = [&](const RuleKind& kind) { return node.find(kind.key) != nullptr; };
  const auto count = std::ranges::count_if(rule_kinds, is_there);
  if (count == 1) return *std::ranges::find_if(rule_kinds, is_there);
  node.fail("a rule says exactly one thing, this one " + std::to_string(count) + "; accepted: one of " +
            alternatives(keys_of_kinds()));
}

Rule read_rule(const YamlNode& node, const Mapping& mapping) {
  std::vector<std::string> keys = keys_of_kinds();
  keys.insert(keys.begin(), {"name", "mode"});
  node.accept_only(keys);
  const RuleKind& kind = only_kind(node);
  Rule rule;
  rule.name = node.at("name").line_of_text();
  if (const YamlNode* mode = node.find("mode")) rule.mode = read_word(*mode, mode_words, "mode");
  kind.read(node.at(kind.key), mapping, rule);
  return rule;
}

}  // namespace

std::vector<Rule> load_rules(const YamlNode& list, const Mapping& mapping) {
  std::vector<Rule> rules;
  std::set<std::string> names;
  for (const YamlNode& item : list.items()) {
    rules.push_back(read_rule(item, mapping));
    if (!names.insert(rules.back().name).second) {
      item.at("name").fail("a second rule with the name " + in_quotes(rules.back().name) +
                           "; accepted: a name of its own");
    }
  }
  return rules;
}

}  // namespace statusfs
