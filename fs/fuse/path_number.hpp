// The number of a file of the tree, for st_ino: it follows from the path alone.
#pragma once

#include <cstdint>
#include <string_view>

namespace statusfs {

/// The root's number and its node id, as FUSE fixes it.
inline constexpr std::uint64_t root_number = 1;

/// Reads a path piece by piece. FNV-1a, 64 bits: spreads paths well enough that no two of a mount are likely to share a
/// number.
class PathNumber {
 public:
  PathNumber& add(std::string_view part) noexcept {
    for (const char byte : part) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
    return *this;
  }
  /// The next name of the path. An empty one, of what stands at the root, adds nothing.
  PathNumber& add_name(std::string_view name) noexcept {
    if (!is_at_root_ && !name.empty()) add("/");
    is_at_root_ = is_at_root_ && name.empty();
    return add(name);
  }
  /// 0 names no inode, and another is the root's.
  std::uint64_t get() const noexcept { return hash_ <= root_number ? hash_ + root_number + 1 : hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037ULL;
  bool is_at_root_ = true;
};

inline std::uint64_t inode_number(std::string_view path) noexcept { return PathNumber().add(path).get(); }

}  // namespace statusfs
