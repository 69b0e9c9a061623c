#include "mapping/document/member_positions.hpp"

namespace statusfs {

MemberPositions::MemberPositions(const Value& object) : object_(object) {
  if (!object.is_object() || object.size() <= searchable) return;
  const auto members = object.members();
  index_.reserve(members.size());
  for (std::size_t at = 0; at < members.size(); ++at) index_.emplace(members[at].name(), at);
}

std::optional<std::size_t> MemberPositions::position(std::string_view name) const {
  if (!object_.is_object()) return std::nullopt;
  const auto members = object_.members();
  if (!index_.empty()) {
    const auto found = index_.find(name);
    return found == index_.end() ? std::nullopt : std::optional(found->second);
  }
  for (std::size_t at = 0; at < members.size(); ++at)
    if (members[at].name() == name) return at;
  return std::nullopt;
}

}  // namespace statusfs
