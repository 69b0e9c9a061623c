#include "mapping/rules/locks.hpp"

#include <algorithm>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

bool is_set(const Value& object, const std::string& lock) {
  const Value* value = object.find(lock);
  return value && value->is_boolean() && value->as_boolean();
}

// Most objects have none, which takes no more than a glance at their members.
bool has_set_lock(const Locks& locks, const Value& object) {
  return std::ranges::any_of(object.members(), [&](const Member& member) {
    return member.value.is_boolean() && member.value.as_boolean() && locks.is_lock(member.name());
  });
}

// The locks in one object that protect its member `key`. Only the innermost step of a path can change a list's
// membership.
std::optional<std::string> lock_in(const Locks& locks, const Value& object, const std::string& key, bool is_list) {
  if (!has_set_lock(locks, object)) return std::nullopt;
  // Locks of the object do not hinder changes of each other; else two of them could never be cleared.
  const bool is_object_lock = std::ranges::find(locks.object, key) != locks.object.end();
  for (const std::string& lock : locks.object)
    if (!is_object_lock && is_set(object, lock)) return lock;
  if (std::string lock = locks.field_prefix + key + locks.field_suffix; is_set(object, lock)) return lock;
  if (std::string lock = locks.list_prefix + key + locks.list_suffix; is_list && is_set(object, lock)) return lock;
  return std::nullopt;
}

std::optional<Pointer> lock_on_path(const Locks& locks, const Value& scope, const Pointer& path, bool is_list) {
  const auto& tokens = path.tokens();
  const Value* object = &scope;
  for (std::size_t depth = 0; depth < tokens.size() && object && object->is_object(); ++depth) {
    const bool is_last = depth + 1 == tokens.size();
    if (const auto lock = lock_in(locks, *object, tokens[depth], is_list && is_last))
      return Pointer({tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(depth)}).child(*lock);
    object = object->find(tokens[depth]);
  }
  return std::nullopt;
}

std::optional<Pointer> set_lock_beside(const Locks& locks, const Value& task, const Pointer& pointer) {
  const Value* object = find(task, pointer.parent());
  if (!object || !object->is_object() || !has_set_lock(locks, *object)) return std::nullopt;
  for (const Member& member : object->members())
    if (locks.is_lock(member.name()) && is_set(*object, std::string(member.name())))
      return pointer.parent().child(std::string(member.name()));
  return std::nullopt;
}

// Any lock of the task, of its groups or of one of their fields: all that it protects would go with the task.
std::optional<Pointer> lock_in_task(const Mapping& mapping, const Value& task) {
  for (const Field* field : mapping.task_fields())
    if (field->has_own_value())
      if (auto lock = set_lock_beside(mapping.locks, task, field->pointer)) return lock;
  return std::nullopt;
}

bool is_list(const Field* field) {
  return field && (field->type == FieldType::string_list || field->type == FieldType::log);
}

[[noreturn]] void refuse(const Mapping& mapping, const std::string& what, const Pointer& lock) {
  throw Rejection(
      Cause::not_permitted,
      what + " is locked by " + lock.text() + " = true; who is " + mapping.authority() + " may clear the lock", "lock");
}

void require_membership_unlocked(const StatusDocument& document, const ChangeSet& changes) {
  if (!changes.changes_membership()) return;
  const Field& collection = *document.mapping().collection;
  const Locks& locks = document.mapping().locks;
  if (const auto lock = lock_on_path(locks, document.root(), collection.pointer, true))
    refuse(document.mapping(), "the list of tasks", *lock);
  for (const std::string& id : changes.removed_tasks) {
    const std::size_t position = *document.find_task(id);
    if (const auto lock = lock_in_task(document.mapping(), document.task(position)))
      refuse(document.mapping(), "task " + id, collection.pointer.child(position).concat(*lock));
  }
}

// In the objects around the values of fields. What stands in a document, a list or the entry of a log is part of a
// value and locks nothing, whatever its name.
std::size_t count_in(const Mapping& mapping, const Value& object, const Pointer& at, bool in_task) {
  std::size_t count = 0;
  for (const Member& member : object.members()) {
    if (mapping.locks.is_lock(member.name())) {
      count += member.value.is_boolean() && member.value.as_boolean();
    } else if (member.value.is_object()) {
      const Field* field = mapping.at(at, member.name(), in_task);
      if (!field || field->is_directory()) count += count_in(mapping, member.value, at.child(member.name()), in_task);
    }
  }
  return count;
}

}  // namespace

bool is_lock_change(const StatusDocument& document, const FieldChange& change) {
  return !change.field && document.mapping().locks.is_lock(change.pointer.last());
}

std::optional<Pointer> lock_of(const StatusDocument& document, const std::string& task, const Pointer& pointer,
                               bool is_list) {
  const Locks& locks = document.mapping().locks;
  if (task.empty()) return lock_on_path(locks, document.root(), pointer, is_list);
  const auto position = document.find_task(task);
  if (!position) return std::nullopt;
  const Pointer& tasks = document.mapping().collection->pointer;
  if (auto lock = lock_on_path(locks, document.root(), tasks, false)) return lock;
  if (auto lock = lock_on_path(locks, document.task(*position), pointer, is_list))
    return tasks.child(*position).concat(*lock);
  return std::nullopt;
}

void require_unlocked(const StatusDocument& document, const ChangeSet& changes, const std::string& overridden_task) {
  for (const FieldChange& change : changes.fields) {
    if (change.in_task() && change.task == overridden_task) continue;
    const auto lock = lock_of(document, change.task, change.pointer, is_list(change.field));
    if (lock) refuse(document.mapping(), file_pointer(document, change).text(), *lock);
  }
  require_membership_unlocked(document, changes);
}

std::size_t count_locks(const StatusDocument& document) {
  std::size_t count = count_in(document.mapping(), document.root(), Pointer(), false);
  for (std::size_t position = 0; position < document.task_count(); ++position)
    count += count_in(document.mapping(), document.task(position), Pointer(), true);
  return count;
}

}  // namespace statusfs
