#include "mapping/rules/rollback.hpp"

#include <algorithm>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/task_rules.hpp"
#include "mapping/rules/valid_changes.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

// Logs, which are never read-write, only grow, locks are lifted by name alone, and what nobody may write is the
// driver's.
bool is_kept(const Mapping& mapping, const FieldChange& change) {
  return mapping.locks.is_lock(change.pointer.last()) || (change.field && change.field->access != Access::read_write);
}

void drop_kept(const Mapping& mapping, ChangeSet& changes) {
  std::erase_if(changes.fields, [&](const FieldChange& change) { return is_kept(mapping, change); });
}

void append(ChangeSet& to, ChangeSet from) { std::ranges::move(from.fields, std::back_inserter(to.fields)); }

Value without_logs_cut(const StatusDocument& document, std::size_t position, const Value& earlier) {
  // An earlier log is a beginning of the present one: the present one stands in, so that nothing seems to be taken from
  // it, and so does a group that had none yet.
  Value task = earlier;
  for (const Field* field : document.mapping().task_fields()) {
    const Value* now = document.value_of(*field, position);
    if (field->type == FieldType::log && now) task = with_value_at(task, field->pointer, *now);
  }
  return task;
}

Value file_without_logs_cut(const StatusDocument& document, const Value& earlier) {
  Value root = earlier;
  for (const Field* field : document.mapping().file_fields()) {
    const Value* now = document.value_of(*field);
    if (field->type == FieldType::log && now) root = with_value_at(root, field->pointer, *now);
  }
  // The tasks are compared one by one, wherever they stand.
  return with_value_at(root, document.mapping().collection->pointer,
                       document.tasks().is_null() ? std::nullopt : std::optional(document.tasks()));
}

void roll_back_task(const StatusDocument& document, const StatusDocument& earlier, const std::string& id,
                    ChangeSet& changes) {
  const auto now = document.find_task(id);
  const auto then = earlier.find_task(id);
  if (now && then)
    append(changes,
           task_difference(document, id, without_logs_cut(document, *now, earlier.task(*then)), Removal::is_null));
  else if (then)
    changes.restored_tasks.push_back(earlier.task(*then));
  else if (now)
    changes.removed_tasks.push_back(id);
  else
    throw Rejection(Cause::not_found, "task " + compact(Value(std::string_view(id))) + " is in neither version");
}

ChangeSet changes_of(const StatusDocument& document, const StatusDocument& earlier,
                     const std::optional<std::string>& task) {
  ChangeSet changes;
  if (task) {
    roll_back_task(document, earlier, *task, changes);
    return changes;
  }
  changes = difference(document, file_without_logs_cut(document, earlier.root()), Removal::is_null);
  for (std::size_t position = 0; position < document.task_count(); ++position)
    roll_back_task(document, earlier, std::string(document.task_id(position)), changes);
  for (std::size_t position = 0; position < earlier.task_count(); ++position)
    if (!document.find_task(earlier.task_id(position))) changes.restored_tasks.push_back(earlier.task(position));
  return changes;
}

// All of it is written anew but for what the driver stamps.
void require_valid_task(const Mapping& mapping, const Value& task) {
  for (const Field* field : mapping.task_fields()) {
    const Value* value = field->stamp == Stamp::none && field->has_own_value() ? find(task, field->pointer) : nullptr;
    if (!value) continue;
    if (const auto complaint = complaint_about(*field, *value))
      throw Rejection(Cause::invalid,
                      "task " + compact(*task.find(mapping.collection_id)) + " as it was: " + *complaint);
  }
}

void require_valid(const StatusDocument& document, const ChangeSet& changes) {
  for (const Value& task : changes.restored_tasks) require_valid_task(document.mapping(), task);
  for (const FieldChange& change : changes.fields) {
    if (!change.field || !change.after) continue;
    if (const auto complaint = complaint_about(*change.field, *change.after))
      throw Rejection(Cause::invalid, file_pointer(document, change).text() + ": " + *complaint);
  }
}

// The plan says what may be now, whatever was before.
void require_planned(const StatusDocument& document, Proposal& proposal, const Judge& judge) {
  for (const Value& task : proposal.changes.restored_tasks)
    require_new_id(document, std::string(task.find(document.mapping().collection_id)->as_string()), judge.plan);
  require_dependencies(document, proposal.changes, judge, proposal.warnings);
}

}  // namespace

Proposal propose_rollback(const StatusDocument& document, const StatusDocument& earlier, std::uint64_t version,
                          const std::optional<std::string>& task, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  require_authority(document, "roll back", judge);
  Proposal proposal;
  proposal.op = "rollback";
  proposal.path =
      (task ? mapping.collection->name + "/" + encode_name(*task) : std::string()) + "@" + std::to_string(version);
  proposal.changes = changes_of(document, earlier, task);
  drop_kept(mapping, proposal.changes);
  require_unlocked(document, proposal.changes);
  require_valid(document, proposal.changes);
  require_planned(document, proposal, judge);
  return proposal;
}

}  // namespace statusfs
