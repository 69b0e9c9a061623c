#include "mapping/chain/version_difference.hpp"

#include <string_view>
#include <unordered_map>

#include "mapping/document/difference.hpp"
#include "mapping/document/json_patch.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {
namespace {

// A version's tasks, in order, and the rest of it.
struct Parts {
  Value rest;
  std::vector<std::pair<std::string, Value>> tasks;
};

Parts parts_of(const Mapping& mapping, const Value& root) {
  const Pointer& pointer = mapping.collection->pointer;
  Parts parts{root, {}};
  const Value* tasks = find(root, pointer);
  if (!tasks || !tasks->is_array()) return parts;
  for (std::size_t position = 0; position < tasks->size(); ++position) {
    const Value* id = tasks->element(position).find(mapping.collection_id);
    parts.tasks.emplace_back(id && id->is_string() ? std::string(id->as_string()) : std::string(),
                             tasks->element(position));
  }
  parts.rest = with_value_at(root, pointer, std::nullopt);
  return parts;
}

using TasksById = std::unordered_map<std::string_view, const Value*>;

TasksById by_id(const Parts& parts) {
  TasksById tasks;
  for (const auto& [id, task] : parts.tasks) tasks.emplace(id, &task);
  return tasks;
}

void compare_scope(const std::string& task, const Value& before, const Value& after,
                   std::vector<HistoryChange>& changes) {
  for (const PatchOperation& operation : json_difference(before, after)) {
    HistoryChange change{task, operation.path, {}, {}, false};
    if (operation.kind != PatchOperation::Kind::remove) change.after = operation.value;
    if (!operation.path.is_root() && operation.path.last() == "-") {
      change.pointer = operation.path.parent();
      change.is_entry = true;
    } else if (const Value* value = find(before, operation.path)) {
      change.before = *value;
    }
    changes.push_back(std::move(change));
  }
}

}  // namespace

std::vector<HistoryChange> differences(const Mapping& mapping, const Value& before, const Value& after) {
  const Parts old_parts = parts_of(mapping, before);
  const Parts new_parts = parts_of(mapping, after);
  std::vector<HistoryChange> changes;
  compare_scope({}, old_parts.rest, new_parts.rest, changes);
  const TasksById old_tasks = by_id(old_parts);
  const TasksById new_tasks = by_id(new_parts);
  for (const auto& [id, task] : old_parts.tasks) {
    if (const auto now = new_tasks.find(id); now != new_tasks.end())
      compare_scope(id, task, *now->second, changes);
    else
      changes.push_back({id, Pointer(), task, std::nullopt, false});
  }
  for (const auto& [id, task] : new_parts.tasks)
    if (!old_tasks.contains(id)) changes.push_back({id, Pointer(), std::nullopt, task, false});
  return without_stamps(mapping, std::move(changes));
}

}  // namespace statusfs
