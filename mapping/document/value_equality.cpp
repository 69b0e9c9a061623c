// When two values are the same: numbers by value, objects whatever the order of their members.
#include <algorithm>

#include "mapping/document/value.hpp"

namespace statusfs {
namespace {

bool equal_numbers(const Value& left, const Value& right) noexcept {
  if (left.is_integer() && right.is_integer()) return left.as_integer() == right.as_integer();
  if (!left.is_integral() || !right.is_integral()) return left.number_value() == right.number_value();
  // At least one of them does not fit an int64, or is -0.
  const auto digits = [](const Value& value) { return value.is_integer() ? std::string_view() : value.as_lexeme(); };
  if (left.is_integer()) return left.as_integer() == 0 && digits(right) == "-0";
  if (right.is_integer()) return right.as_integer() == 0 && digits(left) == "-0";
  return digits(left) == digits(right);
}

// Equal keys mostly share one node, which takes no look at their text.
bool have_same_name(const Member& left, const Member& right) noexcept {
  return left.key.is_same_node(right.key) || left.name() == right.name();
}

std::vector<const Member*> sorted_by_name(std::span<const Member> members) {
  std::vector<const Member*> sorted;
  sorted.reserve(members.size());
  for (const Member& member : members) sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(), [](const Member* a, const Member* b) { return a->name() < b->name(); });
  return sorted;
}

bool equal_members(const Member& left, const Member& right) {
  return have_same_name(left, right) && left.value == right.value;
}

bool equal_when_sorted(std::span<const Member> left, std::span<const Member> right) {
  const auto left_sorted = sorted_by_name(left);
  const auto right_sorted = sorted_by_name(right);
  return std::equal(left_sorted.begin(), left_sorted.end(), right_sorted.begin(),
                    [](const Member* a, const Member* b) { return equal_members(*a, *b); });
}

bool equal_objects(std::span<const Member> left, std::span<const Member> right) {
  constexpr std::size_t searchable = 32;
  if (left.size() != right.size()) return false;
  // Most often the members stand in the same order; then nothing has to be searched.
  std::size_t common = 0;
  while (common < left.size() && have_same_name(left[common], right[common])) {
    if (!(left[common].value == right[common].value)) return false;
    ++common;
  }
  left = left.subspan(common);
  right = right.subspan(common);
  if (left.size() > searchable) return equal_when_sorted(left, right);
  return std::all_of(left.begin(), left.end(), [right](const Member& member) {
    const auto other = std::ranges::find(right, member.name(), &Member::name);
    return other != right.end() && member.value == other->value;
  });
}

bool equal_arrays(const Value& left, const Value& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t position = 0; position < left.size(); ++position) {
    if (!(left.element(position) == right.element(position))) return false;
  }
  return true;
}

}  // namespace

bool operator==(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return equal_numbers(left, right);
  if (left.kind() != right.kind()) return false;
  if (left.is_same_node(right)) return true;
  switch (left.kind()) {
    case Value::Kind::string:
      return left.as_string() == right.as_string();
    case Value::Kind::array:
      return equal_arrays(left, right);
    case Value::Kind::object:
      return equal_objects(left.members(), right.members());
    default:
      return false;
  }
}

}  // namespace statusfs
