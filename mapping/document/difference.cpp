#include "mapping/document/difference.hpp"

#include <algorithm>

namespace statusfs {
namespace {

using Operations = std::vector<PatchOperation>;
using Kind = PatchOperation::Kind;

void compare(const Value& before, const Value& after, const Pointer& at, Operations& operations);

void compare_objects(const Value& before, const Value& after, const Pointer& at, Operations& operations) {
  for (const Member& member : before.members())
    if (!after.find(member.name())) operations.push_back({Kind::remove, at.child(member.name()), {}, {}});
  for (const Member& member : after.members()) {
    const Pointer pointer = at.child(member.name());
    if (const Value* old_value = before.find(member.name()))
      compare(*old_value, member.value, pointer, operations);
    else
      operations.push_back({Kind::add, pointer, {}, member.value});
  }
}

void compare_arrays(const Value& before, const Value& after, const Pointer& at, Operations& operations) {
  const std::size_t common = std::min(before.size(), after.size());
  for (std::size_t position = 0; position < common; ++position)
    compare(before.element(position), after.element(position), at.child(position), operations);
  for (std::size_t position = common; position < after.size(); ++position)
    operations.push_back({Kind::add, at.child("-"), {}, after.element(position)});
  for (std::size_t position = before.size(); position > common; --position)
    operations.push_back({Kind::remove, at.child(position - 1), {}, {}});
}

void compare(const Value& before, const Value& after, const Pointer& at, Operations& operations) {
  if (before.is_same_node(after) || before == after) return;
  if (before.is_object() && after.is_object()) return compare_objects(before, after, at, operations);
  if (before.is_array() && after.is_array()) return compare_arrays(before, after, at, operations);
  operations.push_back({Kind::replace, at, {}, after});
}

}  // namespace

std::vector<PatchOperation> json_difference(const Value& before, const Value& after) {
  Operations operations;
  compare(before, after, Pointer(), operations);
  return operations;
}

bool is_extension(const Value& before, const Value& after) noexcept {
  if (!before.is_array() || !after.is_array() || after.size() <= before.size()) return false;
  for (std::size_t position = 0; position < before.size(); ++position)
    if (!before.element(position).is_same_node(after.element(position))) return false;
  return true;
}

}  // namespace statusfs
