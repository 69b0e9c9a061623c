#include "mapping/chain/history_changes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/names.hpp"
#include "mapping/tree/task_lookup.hpp"

namespace statusfs {
namespace {

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
    change.task = id_of_task(mapping, known ? known : &operation.value);
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

}  // namespace statusfs
