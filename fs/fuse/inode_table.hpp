// The inodes that the kernel knows.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fs/fuse/path_number.hpp"
#include "fs/fuse/place.hpp"
#include "fs/fuse/told_size.hpp"

namespace statusfs {

using NodeId = std::uint64_t;  ///< what FUSE calls a node id
inline constexpr NodeId root_id = root_number;

struct Inode {
  NodeId id = 0;
  std::uint64_t number = 0;  ///< st_ino: the same for the same path in every mount; a scratch file's goes with it
  std::string path;          ///< from the mount's root, without a leading slash
  Place place;
  bool is_second = false;  ///< another inode of the same path is, or would be, the one that announcements reach
  mutable ToldSize told_size = {};
};

/// The path of a name in a directory.
std::string path_below(const Inode& directory, std::string_view name);

/// Keeps an inode as long as the kernel holds references to it ("lookups").
/// Thread safety: any thread.
class InodeTable {
 public:
  explicit InodeTable(Place root);
  /// What the root stands for from now on.
  void set_root(Place root);

  /// nullptr for an id that the kernel has been told to forget.
  std::shared_ptr<const Inode> find(NodeId id) const;
  /// The inode of this path, made where there is none, with one more lookup. `version` tells inodes of one path apart
  /// whose content never changes.
  std::shared_ptr<const Inode> look_up(std::string path, Place place, std::uint64_t version = 0);
  /// The inode stands for this path from now on, beside the path's own inode.
  void become(NodeId id, std::string path, Place place);
  /// What they stood for is gone: another of the same path is another inode. The kernel takes a directory that was
  /// removed for dead as long as anybody holds it.
  void set_gone(std::span<const NodeId> ids);
  void forget(NodeId id, std::uint64_t lookups);

  /// The id of the inode of a path, if the kernel knows it.
  std::optional<NodeId> known(std::string_view path) const;
  /// The ids of those inodes that the kernel knows, by their numbers. Inodes of a version are not among them.
  std::vector<NodeId> known(std::span<const std::uint64_t> numbers) const;
  /// All inodes at or below a path that the kernel knows, found without looking at the others.
  std::vector<std::shared_ptr<const Inode>> known_below(std::string_view path) const;
  /// The same of several paths; each inode once.
  using Paths = std::unordered_set<std::string>;
  std::vector<std::shared_ptr<const Inode>> known_below(const Paths& paths) const;
  /// Of these, the ones whose content never changes: few, and found without looking at the others.
  std::vector<std::shared_ptr<const Inode>> known_immutable_below(std::string_view path) const;

 private:
  struct Entry {
    std::shared_ptr<const Inode> inode;
    std::uint64_t lookups = 0;
    std::uint64_t version = 0;
  };
  using Ids = std::unordered_multimap<std::uint64_t, NodeId>;
  struct PathOrder {
    using is_transparent = void;
    bool operator()(const Inode* one, const Inode* other) const noexcept {
      return one->path != other->path ? one->path < other->path : one->id < other->id;
    }
    bool operator()(const Inode* inode, std::string_view path) const noexcept { return inode->path < path; }
  };

  Ids::const_iterator id_of(std::uint64_t number, std::string_view path, std::uint64_t version) const;
  void drop_id(const Entry& entry);
  void set_gone(Entry& entry);
  std::shared_ptr<const Inode> replace(Entry& entry, std::shared_ptr<const Inode> inode);
  void add_known_below(std::string_view path, std::vector<std::shared_ptr<const Inode>>& result) const;

  mutable std::shared_mutex mutex_;  // guards all below; innermost
  std::unordered_map<NodeId, Entry> entries_;
  Ids ids_;                                    // by number, of all inodes but those that are the second of their path
  std::set<const Inode*, PathOrder> by_path_;  // all of entries_
  std::unordered_set<NodeId> immutable_;
  NodeId next_id_ = root_id + 1;
};

}  // namespace statusfs
