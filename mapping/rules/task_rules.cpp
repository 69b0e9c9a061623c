#include "mapping/rules/task_rules.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <unordered_set>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

// One task that the changes touch, as it was and as it will be.
struct TouchedTask {
  std::string id;
  Value before;
  Value after;
};

std::vector<TouchedTask> touched_tasks(const StatusDocument& document, const ChangeSet& changes) {
  std::vector<TouchedTask> tasks;
  std::unordered_map<std::string_view, std::size_t> positions;
  for (const FieldChange& change : changes.fields) {
    if (!change.in_task()) continue;
    const bool is_last = !tasks.empty() && tasks.back().id == change.task;  // the changes of a task stand together
    const auto known = is_last ? positions.end() : positions.find(change.task);
    if (!is_last && known == positions.end()) {
      const Value& task = document.task(*document.find_task(change.task));
      positions.emplace(change.task, tasks.size());
      tasks.push_back({change.task, task, task});
    }
    Value& after = known == positions.end() ? tasks.back().after : tasks[known->second].after;
    if (!change.is_append()) after = with_value_at(std::move(after), change.pointer, change.after);
  }
  return tasks;
}

bool holds(const FieldCondition& condition, const Value& task) {
  const Value* value = find(task, condition.field->pointer);
  return value && *value == condition.value;
}

bool comes_to_hold(const FieldCondition& condition, const TouchedTask& task) {
  return !holds(condition, task.before) && holds(condition, task.after);
}

// The tasks of which the writer says what this field is to be.
std::unordered_set<std::string> tasks_with_change_of(const Field& field, const ChangeSet& changes) {
  std::unordered_set<std::string> tasks;
  for (const FieldChange& change : changes.fields)
    if (change.field == &field) tasks.insert(change.task);
  return tasks;
}

// Whether any of the changes may have changed the field of a task.
bool may_change(const ChangeSet& changes, const Field& field) {
  return std::ranges::any_of(changes.fields, [&](const FieldChange& change) {
    return change.in_task() && (change.pointer.starts_with(field.pointer) || field.pointer.starts_with(change.pointer));
  });
}

// Whether there was anything to add.
bool add_implied(const StatusDocument& document, ChangeSet& changes, const ImplicationRule& rule) {
  if (!may_change(changes, *rule.when.field)) return false;
  const std::size_t count = changes.fields.size();
  const auto told = tasks_with_change_of(*rule.then.field, changes);
  for (const TouchedTask& task : touched_tasks(document, changes)) {
    if (!comes_to_hold(rule.when, task) || holds(rule.then, task.after)) continue;
    if (told.contains(task.id)) continue;  // the writer said otherwise, and will be refused
    FieldChange implied = change_at(document, task.id, rule.then.field, rule.then.field->pointer);
    implied.after = rule.then.value;
    changes.fields.push_back(std::move(implied));
  }
  return changes.fields.size() > count;
}

bool is_word_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x80 || std::isalnum(value) || byte == '_' || byte == '-';
}

bool names_as_whole_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word_byte(line[at - 1]);
    const std::size_t end = at + word.size();
    if (starts && (end == line.size() || !is_word_byte(line[end]))) return true;
  }
  return false;
}

Value without_lines_naming(const Value& list, std::string_view word) {
  std::vector<Value> kept;
  for (std::size_t position = 0; position < list.size(); ++position) {
    const Value& line = list.element(position);
    if (!line.is_string() || !names_as_whole_word(line.as_string(), word)) kept.push_back(line);
  }
  return kept.size() == list.size() ? list : Value::array(std::move(kept));
}

void add_cleared(const StatusDocument& document, ChangeSet& changes, const ClearingRule& rule) {
  if (!may_change(changes, *rule.when.field)) return;
  const Value* list = document.value_of(*rule.list);
  if (!list || !list->is_array()) return;
  const auto written = std::ranges::find_if(changes.fields, [&](const auto& c) { return c.field == rule.list; });
  const bool is_written = written != changes.fields.end();
  const Value told = is_written ? written->after.value_or(Value()) : *list;
  if (!told.is_array()) return;
  Value kept = told;
  for (const TouchedTask& task : touched_tasks(document, changes))
    if (holds(rule.when, task.before) && !holds(rule.when, task.after)) kept = without_lines_naming(kept, task.id);
  if (kept.is_same_node(told)) return;
  if (is_written)
    written->after = kept;
  else
    changes.fields.push_back({{}, rule.list, rule.list->pointer, *list, kept, {}});
}

std::string shown(const Value* value) { return value ? compact(*value) : "absent"; }

std::optional<std::string> broken_implication(const ImplicationRule& rule, const TouchedTask& task) {
  if (!holds(rule.when, task.after) || holds(rule.then, task.after)) return std::nullopt;
  const bool was_broken = holds(rule.when, task.before) && !holds(rule.then, task.before);
  const Value* now = find(task.after, rule.then.field->pointer);
  const Value* then = find(task.before, rule.then.field->pointer);
  const bool is_same = now && then ? *now == *then : now == then;
  if (was_broken && is_same) return std::nullopt;  // not of this write's making
  return "a task whose " + rule.when.field->name + " is " + compact(rule.when.value) + " has " + rule.then.field->name +
         " " + compact(rule.then.value) + ", not " + shown(now);
}

std::string targets(const TransitionRule& rule, std::string_view from) {
  std::string names;
  for (const auto& step : rule.steps) {
    if (step.from != from) continue;
    names += (names.empty() ? "" : ", ") + step.to;
    for (std::size_t i = 0; i < step.archetypes.size(); ++i) names += (i ? " or " : " (by ") + step.archetypes[i];
    if (!step.archetypes.empty()) names += ")";
  }
  return names.empty() ? "nothing" : names;
}

std::optional<std::string> broken_transition(const TransitionRule& rule, const TouchedTask& task,
                                             const Author& author) {
  const Value* from = find(task.before, rule.field->pointer);
  const Value* to = find(task.after, rule.field->pointer);
  // A value outside the enum has no row of its own; whoever corrects it may set any.
  if (!from || !to || *from == *to || !from->is_string() || !rule.field->enumeration->contains(from->as_string()))
    return std::nullopt;
  for (const auto& step : rule.steps) {
    if (step.from != from->as_string() || step.to != to->as_string()) continue;
    if (step.archetypes.empty() || std::ranges::find(step.archetypes, author.archetype) != step.archetypes.end())
      return std::nullopt;
  }
  return "task " + task.id + " cannot go from " + compact(*from) + " to " + compact(*to) + "; from " + compact(*from) +
         " it may become " + targets(rule, from->as_string());
}

bool is_blank(const Value* value) {
  return !value || value->is_null() || (value->is_string() && value->as_string().empty()) ||
         (value->is_container() && value->size() == 0);
}

std::optional<std::string> broken_requirement(const RequirementRule& rule, const TouchedTask& task) {
  if (!comes_to_hold(rule.when, task)) return std::nullopt;
  const Value* value = find(task.after, rule.field->pointer);
  const std::string field = rule.field->pointer.text().substr(1);
  const std::string became = rule.when.field->name + " " + compact(rule.when.value) + " needs " + field;
  if (rule.equals && !(value && *value == *rule.equals))
    return became + " to be " + compact(*rule.equals) + ", and it is " + shown(value);
  if (!rule.equals && is_blank(value)) return became + ", and it is empty";
  return std::nullopt;
}

std::string id_of(const StatusDocument& document, const Value& task) {
  return std::string(task.find(document.mapping().collection_id)->as_string());
}

// The touched ones, and behind them the added and restored ones, each with the mapping's template as what it was.
std::vector<TouchedTask> touched_and_added_tasks(const StatusDocument& document, const ChangeSet& changes) {
  std::vector<TouchedTask> tasks = touched_tasks(document, changes);
  for (const auto* new_tasks : {&changes.added_tasks, &changes.restored_tasks}) {
    for (const Value& task : *new_tasks) {
      const std::string id = id_of(document, task);
      tasks.push_back({id, initial_task(document.mapping(), {{}, {}, id, 0}), task});
    }
  }
  return tasks;
}

// Everything that rules are judged by.
class Situation {
 public:
  Situation(const StatusDocument& document, const ChangeSet& changes, std::vector<TouchedTask> tasks,
            const Judge& judge)
      : judge_(judge), document_(document), tasks_(std::move(tasks)) {
    for (const TouchedTask& task : tasks_) after_.emplace(task.id, &task.after);
    for (const std::string& id : changes.removed_tasks) after_.emplace(id, nullptr);
    for (const FieldChange& change : changes.fields)
      if (change.is_append()) appended_.emplace(change.task, &change);
  }

  const Author& author() const { return judge_.author; }
  const std::vector<TouchedTask>& tasks() const { return tasks_; }
  const PlannedTask* planned(const TouchedTask& task) const {
    return judge_.plan ? judge_.plan->find(task.id) : nullptr;
  }
  // The task as it will be; nullptr where there is none.
  const Value* task_after(const std::string& id) const {
    const auto touched = after_.find(id);
    if (touched != after_.end()) return touched->second;
    const auto position = document_.find_task(id);
    return position ? &document_.task(*position) : nullptr;
  }
  // How many entries come behind those that the log has.
  std::size_t count_appended(const TouchedTask& task, const Field& log) const {
    std::size_t count = 0;
    for (auto [entry, end] = appended_.equal_range(task.id); entry != end; ++entry)
      if (entry->second->field == &log) count += entry->second->appended.size();
    return count;
  }

 private:
  const Judge& judge_;
  const StatusDocument& document_;
  const std::vector<TouchedTask> tasks_;
  std::unordered_map<std::string_view, const Value*> after_;
  std::unordered_multimap<std::string_view, const FieldChange*> appended_;
};

bool is_finished(const DependencyRule& rule, const Value* task) {
  const Value* value = task ? find(*task, rule.field->pointer) : nullptr;
  return value && std::ranges::find(rule.finished, *value) != rule.finished.end();
}

std::string alternatives(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : " or ") + compact(value);
  return text;
}

std::optional<std::string> broken_dependency(const DependencyRule& rule, const TouchedTask& task,
                                             const Situation& situation) {
  const PlannedTask* planned = situation.planned(task);
  if (!planned || !comes_to_hold(rule.when, task)) return std::nullopt;
  for (const std::string& id : planned->dependencies) {
    const Value* dependency = situation.task_after(id);
    if (is_finished(rule, dependency)) continue;
    return "task " + task.id + " depends on " + id + ", whose " + rule.field->name + " must be " +
           alternatives(rule.finished) + " before, and is " +
           shown(dependency ? find(*dependency, rule.field->pointer) : nullptr);
  }
  return std::nullopt;
}

std::size_t entries(const Value& task, const Field& log) {
  const Value* list = find(task, log.pointer);
  return list && list->is_array() ? list->size() : 0;
}

std::optional<std::string> broken_retries(const RetryRule& rule, const TouchedTask& task, const Situation& situation) {
  const PlannedTask* planned = situation.planned(task);
  if (!planned || !planned->max_retries) return std::nullopt;
  const std::size_t count = entries(task.after, *rule.log) + situation.count_appended(task, *rule.log);
  const bool is_more = count > entries(task.before, *rule.log);
  if (!is_more || count <= static_cast<std::size_t>(*planned->max_retries)) return std::nullopt;
  return "task " + task.id + " would have " + std::to_string(count) + " entries in " + rule.log->name +
         "; the plan allows " + std::to_string(*planned->max_retries);
}

std::optional<std::string> broken(const Rule& rule, const TouchedTask& task, const Situation& situation) {
  if (rule.implication) return broken_implication(*rule.implication, task);
  if (rule.transition) return broken_transition(*rule.transition, task, situation.author());
  if (rule.requirement) return broken_requirement(*rule.requirement, task);
  if (rule.dependency) return broken_dependency(*rule.dependency, task, situation);
  if (rule.retries) return broken_retries(*rule.retries, task, situation);
  return std::nullopt;
}

}  // namespace

void add_consequences(const StatusDocument& document, ChangeSet& changes) {
  bool is_more = true;
  while (is_more) {  // no field of a task is set twice, so this ends
    is_more = false;
    for (const Rule& rule : document.mapping().rules) {
      if (rule.mode == RuleMode::off) continue;
      if (rule.implication && add_implied(document, changes, *rule.implication)) is_more = true;
      if (rule.clearing) add_cleared(document, changes, *rule.clearing);
    }
  }
}

namespace {

void require_all(const Mapping& mapping, const Situation& situation, bool (*is_meant)(const Rule&),
                 std::vector<RuleWarning>& warnings) {
  for (const Rule& rule : mapping.rules) {
    if (rule.mode == RuleMode::off || !is_meant(rule)) continue;
    for (const TouchedTask& task : situation.tasks()) {
      const auto message = broken(rule, task, situation);
      if (!message) continue;
      if (rule.mode == RuleMode::enforce)
        throw Rejection(Cause::invalid, "rule " + rule.name + ": " + *message, rule.name);
      warnings.push_back({rule.name, *message});
    }
  }
}

}  // namespace

void require_rules(const StatusDocument& document, const ChangeSet& changes, const Judge& judge,
                   std::vector<RuleWarning>& warnings) {
  const Situation situation(document, changes, touched_tasks(document, changes), judge);
  require_all(
      document.mapping(), situation, [](const Rule& rule) { return !rule.dependency; }, warnings);
}

void require_dependencies(const StatusDocument& document, const ChangeSet& changes, const Judge& judge,
                          std::vector<RuleWarning>& warnings) {
  if (!judge.plan) return;
  const Situation situation(document, changes, touched_and_added_tasks(document, changes), judge);
  require_all(
      document.mapping(), situation, [](const Rule& rule) { return rule.dependency.has_value(); }, warnings);
}

}  // namespace statusfs
