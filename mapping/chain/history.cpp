#include "mapping/chain/history.hpp"

#include <algorithm>
#include <span>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/names.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {
namespace {

std::string id_of(const Mapping& mapping, const Value* task) {
  const Value* id = task ? task->find(mapping.collection_id) : nullptr;
  return id && id->is_string() ? std::string(id->as_string()) : std::string();
}

HistoryChange change_of(const Mapping& mapping, const Value& root, const PatchOperation& operation) {
  HistoryChange change;
  Pointer path = operation.path;
  if (operation.kind != PatchOperation::Kind::remove) change.after = operation.value;
  const bool is_end = !path.is_root() && path.last() == "-";
  const Pointer& tasks = mapping.collection->pointer;
  const std::size_t depth = tasks.tokens().size();
  if (path.starts_with(tasks) && path.tokens().size() > depth) {
    const Pointer task = tasks.child(path.tokens()[depth]);
    const Value* known = find(root, task);
    change.task = id_of(mapping, known ? known : &operation.value);
    change.pointer = path.behind(depth + 1);
  } else {
    change.pointer = path;
  }
  if (is_end && !change.pointer.is_root()) {
    change.pointer = change.pointer.parent();
    change.is_entry = true;
  } else if (const Value* before = find(root, path)) {
    change.before = *before;
  }
  return change;
}

// Where the removals end that begin here and take elements out of one array from the last to the first: each of them
// finds what it removes where that stood before all of them.
std::size_t end_of_removals(const std::vector<PatchOperation>& operations, std::size_t begin) {
  const auto position = [&](std::size_t at) -> std::optional<std::size_t> {
    const bool is_removal = operations[at].kind == PatchOperation::Kind::remove && !operations[at].path.is_root();
    return is_removal ? array_index(operations[at].path.last()) : std::nullopt;
  };
  std::size_t end = begin + 1;
  while (end < operations.size() && position(end) && position(end) < position(end - 1) &&
         operations[end].path.parent() == operations[begin].path.parent())
    ++end;
  return end;
}

const Field* field_around(const Mapping& mapping, bool in_task, const Pointer& pointer, Pointer& rest) {
  Pointer at = pointer;
  for (;;) {
    if (const Field* field = mapping.at(at, in_task)) {
      rest = pointer.behind(at.tokens().size());
      return field;
    }
    if (at.is_root()) return nullptr;
    at = at.parent();
  }
}

std::string shown_or_absent(const std::optional<Value>& value) { return value ? shown(*value) : "(absent)"; }

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

const Value& tasks_in(const Mapping& mapping, const Value& root) {
  static const Value none;
  const Value* tasks = find(root, mapping.collection->pointer);
  return tasks && tasks->is_array() ? *tasks : none;
}

}  // namespace

std::vector<HistoryChange> changes_of(const Mapping& mapping, const Value& before, const JournalRecord& record) {
  std::vector<HistoryChange> changes;
  const std::vector<PatchOperation> operations = decode_json_patch(record.patch);
  Value root = before;
  for (std::size_t begin = 0; begin < operations.size();) {
    const std::size_t end = end_of_removals(operations, begin);
    for (std::size_t at = begin; at < end; ++at) {
      if (operations[at].path.is_root()) return {};
      changes.push_back(change_of(mapping, root, operations[at]));
    }
    root = apply_json_patch(std::move(root), {operations.begin() + static_cast<std::ptrdiff_t>(begin),
                                              operations.begin() + static_cast<std::ptrdiff_t>(end)});
    begin = end;
  }
  return changes;
}

bool is_stamp(const Mapping& mapping, const HistoryChange& change) {
  const Field* field = mapping.at(change.pointer, !change.task.empty());
  return field && field->is_made_by_driver();
}

std::vector<HistoryChange> without_stamps(const Mapping& mapping, std::vector<HistoryChange> changes) {
  std::erase_if(changes, [&](const HistoryChange& change) { return is_stamp(mapping, change); });
  return changes;
}

namespace {

// Keys that no row shows stand under their own names; at the top those of the payload do, too.
std::string unknown_path(const Mapping& mapping, bool in_task, const Pointer& pointer) {
  const Pointer payload = mapping.collection->pointer.parent();
  const bool is_in_payload = !in_task && pointer.starts_with(payload) && !(pointer == payload);
  const Pointer shown_keys = pointer.behind(is_in_payload ? payload.tokens().size() : 0);
  std::string path;
  for (const std::string& token : shown_keys.tokens()) path += (path.empty() ? "" : "/") + encode_name(token);
  return path;
}

}  // namespace

std::string path_in_tree(const Mapping& mapping, const std::string& task, const Pointer& pointer) {
  std::string path = task.empty() ? std::string() : mapping.collection->name + "/" + encode_name(task);
  if (pointer.is_root()) return path;
  Pointer rest;
  const Field* field = field_around(mapping, !task.empty(), pointer, rest);
  if (!path.empty()) path += '/';
  if (!field) return path + unknown_path(mapping, !task.empty(), pointer);
  if (field->type == FieldType::group && !rest.is_root())
    return path + field->path + "/" + unknown_path(mapping, true, rest);
  return path + field->path + rest.text();
}

std::string change_text(const Mapping& mapping, const HistoryChange& change) {
  const std::string path = path_in_tree(mapping, change.task, change.pointer);
  if (change.is_entry) return path + ": + " + shown_or_absent(change.after);
  if (change.pointer.is_root() && !change.before) return path + ": added";
  if (change.pointer.is_root() && !change.after) return path + ": removed";
  return path + ": " + shown_or_absent(change.before) + " -> " + shown_or_absent(change.after);
}

std::string log_line(const Mapping& mapping, const JournalRecord& record, const std::vector<HistoryChange>& changes) {
  std::string line = std::to_string(record.version) + " " + std::to_string(record.g) + " " + record.time + " " +
                     record.author.persona + " " + record.op;
  const std::vector<HistoryChange> named = without_stamps(mapping, changes);
  if (named.empty() && !record.path.empty()) line += " " + record.path;
  for (std::size_t position = 0; position < named.size(); ++position)
    line += (position == 0 ? " " : "; ") + change_text(mapping, named[position]);
  return line;
}

Value log_object(const Mapping& mapping, const JournalRecord& record, const std::vector<HistoryChange>& changes) {
  std::vector<Value> list;
  for (const HistoryChange& change : without_stamps(mapping, changes)) {
    Value object = Value::object().with_member("path", Value(path_in_tree(mapping, change.task, change.pointer)));
    if (change.before) object = object.with_member("old", *change.before);
    if (change.after) object = object.with_member(change.is_entry ? "entry" : "new", *change.after);
    list.push_back(std::move(object));
  }
  return Value::object()
      .with_member("v", Value(static_cast<std::int64_t>(record.version)))
      .with_member("g", Value(record.g))
      .with_member("time", Value(record.time))
      .with_member("op", Value(record.op))
      .with_member("path", Value(record.path))
      .with_member("persona", Value(record.author.persona))
      .with_member("archetype", Value(record.author.archetype))
      .with_member("uid", Value(static_cast<std::int64_t>(record.author.uid)))
      .with_member("trace_id", Value(record.author.trace_id))
      .with_member("payload_hash_current", Value(record.payload_hash_current))
      .with_member("changes", Value::array(std::move(list)));
}

const Value* task_in(const Mapping& mapping, const Value& root, std::string_view id) {
  const Value& tasks = tasks_in(mapping, root);
  for (std::size_t position = 0; position < tasks.size(); ++position)
    if (id_of(mapping, &tasks.element(position)) == id) return &tasks.element(position);
  return nullptr;
}

const Value* value_at(const Mapping& mapping, const Value& root, const HistoryTarget& target) {
  const Value* scope = target.task.empty() ? &root : task_in(mapping, root, target.task);
  return scope ? find(*scope, target.pointer) : nullptr;
}

namespace {

HistoryTarget target_of_pointer(const Mapping& mapping, const Value& root, const Pointer& pointer) {
  const Pointer& tasks = mapping.collection->pointer;
  const std::size_t depth = tasks.tokens().size();
  if (!pointer.starts_with(tasks) || pointer.tokens().size() == depth) return {{}, pointer};
  const Value* task = find(root, tasks.child(pointer.tokens()[depth]));
  if (!task) throw Rejection(Cause::not_found, pointer.text() + " leads to no task");
  return {id_of(mapping, task), pointer.behind(depth + 1)};
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
    std::string id = id_of(mapping, &tasks.element(position));
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

}  // namespace statusfs
