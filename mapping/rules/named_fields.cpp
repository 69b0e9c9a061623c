#include "mapping/rules/named_fields.hpp"

#include <algorithm>

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

bool gives(const Value& patch, const Pointer& pointer) {
  if (patch.is_object()) return find(patch, pointer) != nullptr;
  return std::ranges::any_of(decode_json_patch(patch), [&](const PatchOperation& operation) {
    return operation.kind != PatchOperation::Kind::test && operation.path == pointer;
  });
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

void add_told_again(const StatusDocument& document, const Node& node, const Value& patch, ChangeSet& changes) {
  if (!node.in_task()) return;
  for (const Field* stamped : document.mapping().task_fields()) {
    if (!stamped->stamp_with) continue;
    const Pointer group = stamped->pointer.parent();
    const Pointer told = group.child(stamped->stamp_with->trigger);
    const auto changes_in = [&](const Pointer& place) {
      return std::ranges::any_of(changes.fields, [&](const auto& change) { return change.pointer.starts_with(place); });
    };
    const Value* value = find(*document.scope(node.task), told);
    if (value && !group.is_root() && changes_in(group) && !changes_in(told) && gives(patch, told))
      changes.fields.push_back({node.task, document.mapping().at(told, true), told, *value, *value, {}});
  }
}

}  // namespace statusfs
