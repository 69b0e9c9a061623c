#include "mapping/rules/named_fields.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "mapping/document/json_patch_text.hpp"

namespace statusfs {
namespace {

// The token at this depth as a position of an array of so many elements.
std::optional<std::size_t> array_position(const Pointer& path, std::size_t depth, std::size_t count) {
  if (path.tokens().size() <= depth) return std::nullopt;
  const auto position = array_index(path.tokens()[depth]);
  return position && *position < count ? position : std::nullopt;
}

// What an operation names, as a change of the field at or around it. Nothing where it names tasks or no field.
std::optional<FieldChange> named_change(const StatusDocument& document, const Node& node, const Pointer& path) {
  const Mapping& mapping = document.mapping();
  Pointer at;
  for (std::size_t depth = 0; depth < path.tokens().size(); ++depth) {
    at = at.child(path.tokens()[depth]);
    const Field* field = mapping.at(at, node.in_task());
    if (field && field->type == FieldType::collection) {
      const std::optional<std::size_t> position = array_position(path, depth + 1, document.task_count());
      if (!position) return std::nullopt;
      return named_change(document, {Node::Kind::task, nullptr, std::string(document.task_id(*position)), {}},
                          path.behind(depth + 2));
    }
    if (!field || field->is_directory()) continue;
    return change_at(document, node.task, field, at);
  }
  return std::nullopt;
}

// What a patch gives values to, whether or not they are others than before.
class GivenValues {
 public:
  GivenValues(const Mapping& mapping, const Node& node, const Value& patch)
      : is_of_task_(node.in_task()), tasks_pointer_(mapping.collection->pointer) {
    if (patch.is_object()) {
      merge_ = &patch;
      if (!is_of_task_) add_tasks(mapping.collection_id);
    } else {
      operations_ = decode_json_patch(patch);
      for (const PatchOperation& operation : operations_) by_path_.emplace(operation.path, &operation);
    }
  }

  /// Of the task at this position, or, where it is empty, of the file.
  bool has(const std::string& task, std::optional<std::size_t> position, const Pointer& pointer) const {
    const bool is_below = !is_of_task_ && !task.empty();
    if (!merge_) return has_operation(is_below ? tasks_pointer_.child(*position).concat(pointer) : pointer);
    if (!is_below) return find(*merge_, pointer) != nullptr;
    const auto given = tasks_.find(task);
    return given != tasks_.end() && find(*given->second, pointer);
  }

 private:
  void add_tasks(const std::string& id_key) {
    const Value* tasks = find(*merge_, tasks_pointer_);
    for (std::size_t at = 0; tasks && tasks->is_array() && at < tasks->size(); ++at) {
      const Value& task = tasks->element(at);
      const Value* id = task.is_object() ? task.find(id_key) : nullptr;
      if (id && id->is_string()) tasks_.emplace(id->as_string(), &task);
    }
  }

  // Also one that gives all around the pointer.
  bool has_operation(const Pointer& pointer) const {
    for (std::size_t depth = 0; depth <= pointer.tokens().size(); ++depth) {
      const auto end = pointer.tokens().begin() + static_cast<std::ptrdiff_t>(depth);
      const auto [first, last] = by_path_.equal_range(Pointer({pointer.tokens().begin(), end}));
      if (std::any_of(first, last, [&](const auto& entry) { return gives(*entry.second, pointer.behind(depth)); }))
        return true;
    }
    return false;
  }

  // Whether the operation gives what lies so far below its path.
  static bool gives(const PatchOperation& operation, const Pointer& below) {
    using Kind = PatchOperation::Kind;
    if (below.is_root()) return operation.kind != Kind::test;
    const bool has_value = operation.kind == Kind::add || operation.kind == Kind::replace;
    return has_value && find(operation.value, below);
  }

  const bool is_of_task_;
  const Pointer tasks_pointer_;
  const Value* merge_ = nullptr;               // a merge patch
  std::map<std::string, const Value*> tasks_;  // of a merge patch of the file, by id
  std::vector<PatchOperation> operations_;     // else
  std::multimap<Pointer, const PatchOperation*> by_path_;
};

// The fields of one task, or of the file, that are told again.
std::vector<FieldChange> told_again(const StatusDocument& document, const std::string& task,
                                    const std::vector<Pointer>& changed, const GivenValues& given) {
  const Mapping& mapping = document.mapping();
  const bool in_task = !task.empty();
  const auto position = in_task ? document.find_task(task) : std::nullopt;
  std::vector<FieldChange> again;
  for (const Field* stamped : in_task ? mapping.task_fields() : mapping.file_fields()) {
    if (!stamped->stamp_with) continue;
    const Pointer group = stamped->pointer.parent();
    const Pointer told = group.child(stamped->stamp_with->trigger);
    const auto changes_in = [&](const Pointer& place) {
      return std::ranges::any_of(changed, [&](const Pointer& pointer) { return pointer.starts_with(place); });
    };
    const Value* value = find(*document.scope(task), told);
    if (value && !group.is_root() && changes_in(group) && !changes_in(told) && given.has(task, position, told))
      again.push_back({task, mapping.at(told, in_task), told, *value, *value, {}});
  }
  return again;
}

}  // namespace

std::vector<FieldChange> named_changes(const StatusDocument& document, const Node& node,
                                       const std::vector<PatchOperation>& operations) {
  std::vector<FieldChange> changes;
  for (const PatchOperation& operation : operations) {
    if (operation.kind == PatchOperation::Kind::test) continue;
    if (auto change = named_change(document, node, operation.path)) changes.push_back(*std::move(change));
  }
  return changes;
}

// Where a JSON patch adds or removes tasks, its positions are not the document's, so that it tells nothing again.
void add_told_again(const StatusDocument& document, const Node& node, const Value& patch, ChangeSet& changes) {
  if (changes.fields.empty() || (patch.is_array() && changes.changes_membership())) return;
  const GivenValues given(document.mapping(), node, patch);
  std::map<std::string, std::vector<Pointer>> changed;
  for (const FieldChange& change : changes.fields) changed[change.task].push_back(change.pointer);
  for (const auto& [task, pointers] : changed)
    std::ranges::move(told_again(document, task, pointers, given), std::back_inserter(changes.fields));
}

}  // namespace statusfs
