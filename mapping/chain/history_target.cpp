#include "mapping/chain/history_target.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mapping/rejection.hpp"
#include "mapping/tree/names.hpp"
#include "mapping/tree/status_document.hpp"
#include "mapping/tree/task_lookup.hpp"

namespace statusfs {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

HistoryTarget target_of_pointer(const Mapping& mapping, const Value& root, const Pointer& pointer) {
  const Pointer& tasks = mapping.collection->pointer;
  const std::size_t depth = tasks.tokens().size();
  if (!pointer.starts_with(tasks) || pointer.tokens().size() == depth) return {{}, pointer};
  const Value* task = find(root, tasks.child(pointer.tokens()[depth]));
  if (!task) throw Rejection(Cause::not_found, pointer.text() + " leads to no task");
  return {id_of_task(mapping, task), pointer.behind(depth + 1)};
}

const Field* row_named(const std::vector<std::unique_ptr<Field>>& rows, std::string_view name) {
  for (const auto& row : rows)
    if (row->name == name) return row.get();
  return nullptr;
}

// The key of an object that bears a name; a cut name cannot be decoded, so every key is tried.
std::string key_of_name(const Value* object, std::string_view name) {
  if (object && is_cut_name(name))
    for (const Member& member : object->members())
      if (encode_name(member.name()) == name) return std::string(member.name());
  return decode_name(name).value_or(std::string(name));
}

Pointer pointer_of_keys(const Value* object, Pointer at, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string key = key_of_name(object, name);
    at = at.child(key);
    object = object ? object->find(key) : nullptr;
  }
  return at;
}

// The pointer that names lead to among these rows of a scope; names behind a value that is no group are keys of it.
// `around` are the objects whose other keys stand there besides.
Pointer pointer_of_names(const Value* scope, const std::vector<std::unique_ptr<Field>>& rows,
                         const std::vector<Pointer>& around, std::span<const std::string_view> names) {
  const Field* row = names.empty() ? nullptr : row_named(rows, names.front());
  if (!row) {
    Pointer pointer;
    for (const Pointer& object : around) {
      pointer = pointer_of_keys(scope ? find(*scope, object) : nullptr, object, names);
      if (scope && !names.empty() && find(*scope, object.child(pointer.tokens()[object.tokens().size()]))) break;
    }
    return pointer;
  }
  if (row->type == FieldType::group && names.size() > 1) {
    return pointer_of_names(scope, row->children, {row->pointer}, names.subspan(1));
  }
  Pointer pointer = row->pointer;
  for (const std::string_view name : names.subspan(1)) pointer = pointer.child(name);
  return pointer;
}

std::string id_of_name(const Mapping& mapping, const Value& root, std::string_view name) {
  const Value& tasks = tasks_in(mapping, root);
  for (std::size_t position = 0; is_cut_name(name) && position < tasks.size(); ++position) {
    std::string id = id_of_task(mapping, &tasks.element(position));
    if (encode_name(id) == name) return id;
  }
  return decode_name(name).value_or(std::string(name));
}

// Whether a change of what is around the tasks changed the target in one of them.
bool touches_list(const Mapping& mapping, const HistoryChange& change, const HistoryTarget& target) {
  const Pointer& tasks = mapping.collection->pointer;
  if (!change.task.empty() || !tasks.starts_with(change.pointer)) return false;
  const auto value_in = [&](const std::optional<Value>& side) -> std::optional<Value> {
    const Value root = side ? with_value_at({}, change.pointer, side) : Value();
    const Value* value = value_at(mapping, root, target);
    return value ? std::optional(*value) : std::nullopt;
  };
  return !(value_in(change.before) == value_in(change.after));
}

}  // namespace

HistoryTarget history_target(const Mapping& mapping, const Value& root, std::string_view path) {
  if (path.starts_with('/')) return target_of_pointer(mapping, root, Pointer::parse(path));
  const std::vector<std::string_view> parts = parts_of(path);
  if (parts.size() > 1 && parts.front() == mapping.collection->name) {
    const std::string id = id_of_name(mapping, root, parts[1]);
    return {id, pointer_of_names(task_in(mapping, root, id), mapping.collection->children, {Pointer()},
                                 std::span(parts).subspan(2))};
  }
  if (parts.empty()) throw Rejection(Cause::not_found, "a path in the tree is missing, like tasks/ID/status");
  return {{}, pointer_of_names(&root, mapping.tree, {Pointer(), mapping.collection->pointer.parent()}, parts)};
}

bool touches(const Mapping& mapping, const HistoryChange& change, const HistoryTarget& target) {
  if (change.task == target.task)
    return change.pointer.starts_with(target.pointer) || target.pointer.starts_with(change.pointer);
  return target.task.empty() ? mapping.collection->pointer.starts_with(target.pointer)
                             : touches_list(mapping, change, target);
}

const Value* value_at(const Mapping& mapping, const Value& root, const HistoryTarget& target) {
  const Value* scope = target.task.empty() ? &root : task_in(mapping, root, target.task);
  return scope ? find(*scope, target.pointer) : nullptr;
}

}  // namespace statusfs
