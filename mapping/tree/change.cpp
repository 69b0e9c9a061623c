#include "mapping/tree/change.hpp"

#include <unordered_set>

#include "mapping/document/member_positions.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

bool holds_fields(const Mapping& mapping, const Pointer& pointer, bool in_task) {
  for (const Field* field : in_task ? mapping.task_fields() : mapping.file_fields())
    if (field->pointer.tokens().size() > pointer.tokens().size() && field->pointer.starts_with(pointer)) return true;
  return false;
}

// Compares the objects of one scope, member by member, down to the fields of the mapping.
class ScopeComparison {
 public:
  ScopeComparison(const Mapping& mapping, std::string task, Removal removal, ChangeSet& changes)
      : mapping_(mapping), task_(std::move(task)), removal_(removal), changes_(changes) {}

  void compare_objects(const Value& before, const Value& after, const Pointer& at) {
    if (before.is_same_node(after)) return;
    const MemberPositions old_members(before), new_members(after);
    for (const Member& member : after.members())
      compare(old_members.find(member.name()), &member.value, at.child(member.name()));
    if (!before.is_object()) return;
    for (const Member& member : before.members())
      if (!new_members.find(member.name())) compare(&member.value, nullptr, at.child(member.name()));
  }

 private:
  void compare(const Value* before, const Value* after, const Pointer& at) {
    if (before && after && (before->is_same_node(*after) || *before == *after)) return;
    const Field* field = mapping_.at(at, !task_.empty());
    if (field && field->type == FieldType::collection) return;  // compared task by task
    const bool is_inner = (!field || field->is_directory()) && holds_fields(mapping_, at, !task_.empty());
    // In an object that nobody knows there may be locks, which are changed one by one.
    const bool is_unknown_object = !field && before && before->is_object() && after && after->is_object();
    if (is_unknown_object || (is_inner && after && after->is_object()))
      compare_objects(before && before->is_object() ? *before : Value::object(), *after, at);
    else
      add(field, before, after, at);
  }

  void add(const Field* field, const Value* before, const Value* after, const Pointer& at) {
    FieldChange change{task_, field, at, {}, {}, {}};
    if (before) change.before = *before;
    if (after) change.after = *after;
    if (!after && field && field->nullable && removal_ == Removal::is_null) {
      if (before->is_null()) return;
      change.after = Value();
    }
    if (field && field->access == Access::append_only && !set_appended(change)) return;
    changes_.fields.push_back(std::move(change));
  }

  // False where the list has what it had before.
  static bool set_appended(FieldChange& change) {
    const std::size_t old_size = change.before && change.before->is_array() ? change.before->size() : 0;
    if (!change.after || !change.after->is_array() || change.after->size() < old_size) return true;
    for (std::size_t position = 0; position < old_size; ++position)
      if (!(change.before->element(position) == change.after->element(position))) return true;
    for (std::size_t position = old_size; position < change.after->size(); ++position)
      change.appended.push_back(change.after->element(position));
    return !change.appended.empty() || !change.before || !change.before->is_array();
  }

  const Mapping& mapping_;
  std::string task_;
  Removal removal_;
  ChangeSet& changes_;
};

// Compares the arrays of tasks. Tasks are the same by their id, wherever they stand.
class TaskComparison {
 public:
  TaskComparison(const StatusDocument& before, const Value& after, Removal removal, ChangeSet& changes)
      : before_(before), after_(after), removal_(removal), changes_(changes) {}

  void compare() {
    std::size_t kept_until = 0;
    for (std::size_t position = 0; position < after_.size(); ++position) {
      const Value& task = after_.element(position);
      if (position < before_.task_count() && before_.task(position).is_same_node(task)) {
        keep(position, kept_until, position);
        continue;
      }
      compare_task(task, position, kept_until);
    }
    find_removed();
  }

 private:
  [[noreturn]] static void refuse_second(const std::string& id) {
    throw Rejection(Cause::invalid, "two tasks have the id " + id + "; each has an id of its own");
  }

  void keep(std::size_t old_position, std::size_t& kept_until, std::size_t new_position) {
    if (!kept_.insert(before_.task_id(old_position)).second) refuse_second(std::string(before_.task_id(old_position)));
    if (old_position < kept_until || !changes_.added_tasks.empty())
      throw Rejection(Cause::not_permitted, "task " + std::to_string(new_position) +
                                                " was moved; tasks keep their order and new ones come at the end");
    kept_until = old_position + 1;
  }

  void compare_task(const Value& task, std::size_t position, std::size_t& kept_until) {
    const std::string id(id_of(task, position));
    if (const auto old_position = before_.find_task(id)) {
      keep(*old_position, kept_until, position);
      ScopeComparison(before_.mapping(), id, removal_, changes_)
          .compare_objects(before_.task(*old_position), task, Pointer());
    } else {
      if (!added_.insert(id).second) refuse_second(id);
      changes_.added_tasks.push_back(task);
    }
  }

  std::string_view id_of(const Value& task, std::size_t position) const {
    const Value* id = task.find(before_.mapping().collection_id);
    if (!id || !id->is_string() || id->as_string().empty())
      throw Rejection(Cause::invalid, before_.mapping().collection->pointer.child(position).text() +
                                          " is not accepted as a task; it takes a JSON object whose " +
                                          before_.mapping().collection_id + " is a string that is not empty");
    return id->as_string();
  }

  void find_removed() {
    if (kept_.size() == before_.task_count()) return;
    for (std::size_t position = 0; position < before_.task_count(); ++position)
      if (!kept_.contains(before_.task_id(position))) changes_.removed_tasks.emplace_back(before_.task_id(position));
  }

  const StatusDocument& before_;
  const Value& after_;
  Removal removal_;
  ChangeSet& changes_;
  std::unordered_set<std::string_view> kept_;
  std::unordered_set<std::string> added_;
};

void compare_collections(const StatusDocument& before, const Value& after, Removal removal, ChangeSet& changes) {
  const Pointer& pointer = before.mapping().collection->pointer;
  const Value* tasks = find(after, pointer);
  if (tasks && tasks->is_same_node(before.tasks())) return;
  if (!tasks && before.tasks().is_null()) return;
  if (!tasks || !tasks->is_array()) throw Rejection(Cause::invalid, pointer.text() + " must be the array of tasks");
  TaskComparison(before, *tasks, removal, changes).compare();
}

}  // namespace

FieldChange change_at(const StatusDocument& document, const std::string& task, const Field* field,
                      const Pointer& pointer) {
  const Value* before = find(*document.scope(task), pointer);
  return {task, field, pointer, before ? std::optional(*before) : std::nullopt, {}, {}};
}

ChangeSet difference(const StatusDocument& before, const Value& after, Removal removal) {
  if (!after.is_object()) throw Rejection(Cause::invalid, "the file must stay a JSON object");
  ChangeSet changes;
  ScopeComparison(before.mapping(), {}, removal, changes).compare_objects(before.root(), after, Pointer());
  compare_collections(before, after, removal, changes);
  return changes;
}

ChangeSet task_difference(const StatusDocument& before, const std::string& task, const Value& after, Removal removal) {
  if (!after.is_object()) throw Rejection(Cause::invalid, "a task must stay a JSON object");
  ChangeSet changes;
  ScopeComparison(before.mapping(), task, removal, changes)
      .compare_objects(before.task(*before.find_task(task)), after, Pointer());
  return changes;
}

Pointer file_pointer(const StatusDocument& document, const FieldChange& change) {
  if (!change.in_task()) return change.pointer;
  const Pointer& tasks = document.mapping().collection->pointer;
  const auto position = document.find_task(change.task);
  return position ? tasks.child(*position).concat(change.pointer) : tasks;
}

}  // namespace statusfs
