#include "mapping/document/merge_patch.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "mapping/document/member_positions.hpp"

namespace statusfs {
namespace {

// An object while the members of a patch are merged into it.
class MergedObject {
 public:
  explicit MergedObject(const Value& target)
      : target_(target), positions_(target), members_(target.members().begin(), target.members().end()) {}

  void merge(const Member& patch) {
    const auto position = positions_.position(patch.name());
    if (position) return merge_into(*position, patch.value);
    if (patch.value.is_null()) return;
    members_.emplace_back(patch.key, apply_merge_patch(Value(), patch.value));
    is_changed_ = true;
  }

  Value finish() {
    if (!is_changed_) return target_;
    // Not erased one by one, which would be quadratic; no member that stays has a null key.
    for (const std::size_t position : removed_) members_[position].key = Value();
    std::erase_if(members_, [](const Member& member) { return member.key.is_null(); });
    return Value::object(std::move(members_));
  }

 private:
  void merge_into(std::size_t position, const Value& patch) {
    Value& value = members_[position].value;
    if (patch.is_null()) return remove(position);
    Value merged = apply_merge_patch(value, patch);
    if (merged.is_same_node(value)) return;
    value = std::move(merged);
    is_changed_ = true;
  }

  void remove(std::size_t position) {
    if (members_[position].value.is_null()) return;
    removed_.push_back(position);
    is_changed_ = true;
  }

  const Value& target_;
  MemberPositions positions_;
  std::vector<Member> members_;
  std::vector<std::size_t> removed_;
  bool is_changed_ = false;
};

}  // namespace

// That equal members stay, nulls included, is decided member by member on the way down; only what is no object is
// compared as a whole.
Value apply_merge_patch(const Value& target, const Value& patch) {
  if (!patch.is_object()) return target == patch ? target : patch;
  const Value object = target.is_object() ? target : Value::object();
  MergedObject merged(object);
  for (const Member& member : patch.members()) merged.merge(member);
  return merged.finish();
}

}  // namespace statusfs
