// Finding the members of an object that may have many of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "mapping/document/value.hpp"

namespace statusfs {

/// Where each member stands. Many members are indexed, a few are searched: who looks for all of one object in another
/// takes no longer than both are. The object must outlive this.
class MemberPositions {
 public:
  explicit MemberPositions(const Value& object);

  /// nullptr where there is none, or no object.
  const Value* find(std::string_view name) const {
    if (index_.empty()) return object_.find(name);
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &object_.members()[found->second].value;
  }
  std::optional<std::size_t> position(std::string_view name) const;

 private:
  static constexpr std::size_t searchable = 32;

  const Value& object_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace statusfs
