#include "mapping/chain/version_difference.hpp"

#include <algorithm>

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

const Value* task_of(const Parts& parts, const std::string& id) {
  const auto found = std::ranges::find(parts.tasks, id, &std::pair<std::string, Value>::first);
  return found == parts.tasks.end() ? nullptr : &found->second;
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
  for (const auto& [id, task] : old_parts.tasks) {
    if (const Value* now = task_of(new_parts, id))
      compare_scope(id, task, *now, changes);
    else
      changes.push_back({id, Pointer(), task, std::nullopt, false});
  }
  for (const auto& [id, task] : new_parts.tasks)
    if (!task_of(old_parts, id)) changes.push_back({id, Pointer(), std::nullopt, task, false});
  return without_stamps(mapping, std::move(changes));
}

}  // namespace statusfs
