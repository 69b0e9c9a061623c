#include "mapping/rules/valid_changes.hpp"

#include <functional>
#include <unordered_set>

#include "mapping/document/text.hpp"
#include "mapping/document/utf8.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/log_entry.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

void require_valid_field(const StatusDocument& document, FieldChange& change) {
  if (!change.after) {
    if (change.field && !change.field->nullable && !change.is_append())
      throw Rejection(Cause::invalid, file_pointer(document, change).text() + " cannot be removed; it takes " +
                                          accepted_by(*change.field));
    return;
  }
  change.after = normalised(*change.field, *change.after);
  if (const auto complaint = complaint_about(*change.field, *change.after))
    throw Rejection(Cause::invalid, file_pointer(document, change).text() + ": " + *complaint);
  require_exact_integers(*change.after);
  require_small_enough(*change.after);
}

void require_valid_unknown(const StatusDocument& document, const FieldChange& change) {
  const std::string where = file_pointer(document, change).text();
  if (!is_lock_change(document, change))
    throw Rejection(Cause::invalid, where + " is not known to the mapping; only mapped keys can be added");
  if (change.after && !change.after->is_boolean())
    throw Rejection(Cause::invalid, where + " is a lock; it takes true or false");
}

// The ids of the tasks once the changes are made.
class TasksAfterwards {
 public:
  TasksAfterwards(const StatusDocument& document, const ChangeSet& changes)
      : document_(document), removed_(changes.removed_tasks.begin(), changes.removed_tasks.end()) {
    for (const auto* tasks : {&changes.added_tasks, &changes.restored_tasks})
      for (const Value& task : *tasks) added_.emplace(task.find(document.mapping().collection_id)->as_string());
  }
  bool operator()(std::string_view id) const {
    const std::string text(id);
    return added_.contains(text) || (document_.find_task(id) && !removed_.contains(text));
  }

 private:
  const StatusDocument& document_;
  std::unordered_set<std::string> removed_, added_;
};

}  // namespace

void require_valid_changes(const StatusDocument& document, ChangeSet& changes) {
  const TasksAfterwards tasks(document, changes);
  for (FieldChange& change : changes.fields) {
    for (const Value& entry : change.appended) require_bounded(entry);
    if (change.after && !change.is_append()) require_bounded(*change.after);
    if (change.is_append()) {
      if (change.before && !change.before->is_array() && !change.before->is_null())
        throw Rejection(Cause::invalid, file_pointer(document, change).text() + " is " + shown(*change.before) +
                                            " in the file and not an array; nothing can be appended to it");
      for (const Value& entry : change.appended) require_valid_entry(std::cref(tasks), *change.field, entry);
    } else if (change.field) {
      require_valid_field(document, change);
    } else {
      require_valid_unknown(document, change);
    }
  }
}

void require_small_enough(const Value& value) {
  if (value.is_string() && value.as_string().size() > maximum_scalar_size)
    throw Rejection(Cause::too_large, "a text of " + std::to_string(value.as_string().size()) + " bytes; at most " +
                                          std::to_string(maximum_scalar_size) + " are accepted");
}

void require_new_id(const StatusDocument& document, const std::string& id, const Plan* plan) {
  if (id.empty() || !is_valid_utf8(id) || id.find('\0') != std::string::npos)
    throw Rejection(Cause::invalid, "a task id is valid UTF-8 without NUL bytes, and not empty");
  if (plan && !plan->find(id))
    throw Rejection(Cause::invalid, "plan " + plan->id() + " has no task " + compact(Value(id)));
  if (document.find_task(id)) throw Rejection(Cause::exists, "task " + compact(Value(id)) + " exists");
}

}  // namespace statusfs
