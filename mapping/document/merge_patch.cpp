#include "mapping/document/merge_patch.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace statusfs {
namespace {

// Where each member stands. Many members are indexed, a few are searched.
class MemberPositions {
 public:
  explicit MemberPositions(std::span<const Member> members) : members_(members) {
    if (members.size() <= searchable) return;
    index_.reserve(members.size());
    for (std::size_t at = 0; at < members.size(); ++at) index_.emplace(members[at].name(), at);
  }

  std::optional<std::size_t> find(std::string_view name) const {
    return members_.size() <= searchable ? search(name) : look_up(name);
  }

 private:
  static constexpr std::size_t searchable = 32;

  std::optional<std::size_t> search(std::string_view name) const {
    for (std::size_t at = 0; at < members_.size(); ++at) {
      if (members_[at].name() == name) return at;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> look_up(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? std::nullopt : std::optional(found->second);
  }

  std::span<const Member> members_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

// An object while the members of a patch are merged into it.
class MergedObject {
 public:
  explicit MergedObject(const Value& target)
      : target_(target), positions_(target.members()), members_(target.members().begin(), target.members().end()) {}

  void merge(const Member& patch) {
    const auto position = positions_.find(patch.name());
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
