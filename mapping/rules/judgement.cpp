#include "mapping/rules/judgement.hpp"

#include "mapping/document/merge_patch.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/permission.hpp"
#include "mapping/rules/plan_mirror.hpp"
#include "mapping/rules/task_rules.hpp"
#include "mapping/rules/valid_changes.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

// A task that is added by a patch: the mapping's template with what the patch gives, judged like writes to its fields.
Value completed_task(const StatusDocument& document, const Value& given, const Judge& judge,
                     std::vector<RuleWarning>& warnings) {
  const Mapping& mapping = document.mapping();
  const std::string id(given.find(mapping.collection_id)->as_string());
  Value task = initial_task(mapping, {{}, {}, id, 0});
  const StatusDocument with_template = document.with_added_task(task);
  ChangeSet changes = task_difference(with_template, id, apply_merge_patch(task, given), Removal::is_null);
  // What the driver stamps has no value yet; a copied task may carry the stamps of its original.
  std::erase_if(changes.fields, [](const auto& c) { return c.field && c.field->is_made_by_driver(); });
  require_access(with_template, changes, judge);
  require_permitted(with_template, changes);
  require_valid_changes(with_template, changes);
  add_consequences(with_template, changes);
  require_rules(with_template, changes, judge, warnings);
  std::erase_if(changes.fields, [](const auto& c) { return !c.in_task(); });
  for (const FieldChange& change : changes.fields) {
    Value value = change.is_append() ? Value::array(change.appended) : change.after.value_or(Value());
    task = with_value_at(task, change.pointer, std::move(value));
  }
  return task;
}

void drop_unchanged(ChangeSet& changes) {
  std::erase_if(changes.fields, [](const FieldChange& change) {
    return !change.is_append() && change.before && change.after && *change.before == *change.after;
  });
}

}  // namespace

void judge_changes(const StatusDocument& document, Proposal& proposal, const Judge& judge,
                   const std::string& overridden_task) {
  ChangeSet& changes = proposal.changes;
  require_access(document, changes, judge);
  require_permitted(document, changes, overridden_task);
  require_valid_changes(document, changes);
  require_plan_mirrored(document, changes, judge.plan);
  for (Value& task : changes.added_tasks) {
    require_bounded(task);  // before anything is made of it: copies of one value inside each other make it huge
    require_new_id(document, std::string(task.find(document.mapping().collection_id)->as_string()), judge.plan);
    task = completed_task(document, task, judge, proposal.warnings);
  }
  drop_unchanged(changes);
  add_consequences(document, changes);
  require_unlocked(document, changes, overridden_task);
  require_rules(document, changes, judge, proposal.warnings);
  require_dependencies(document, changes, judge, proposal.warnings);
  drop_unchanged(changes);
}

}  // namespace statusfs
