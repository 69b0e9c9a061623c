// What stat(2) says of everything in the tree.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>

#include "fs/fuse/field_changes.hpp"
#include "fs/fuse/presentation.hpp"
#include "fs/fuse/tree_view.hpp"

namespace statusfs {

/// Thread safety: any thread. What it is made of must outlive it.
class InodeAttributes {
 public:
  InodeAttributes(const TreeView& tree, const StatusDirectory& directory, const Presentation& presentation,
                  const FieldChanges& changes)
      : tree_(tree), directory_(directory), presentation_(presentation), changes_(changes) {}

  /// Throws Rejection(not_found) for something that is gone.
  struct stat of(const Inode& inode) const;
  /// The same for this reader: one file has another text, and so another size, for each.
  struct stat of(const Inode& inode, const Reader& reader) const;

 private:
  std::chrono::system_clock::time_point time_of(const Inode& inode) const;
  std::chrono::system_clock::time_point time_of(const Inode& inode, const NodePlace& place,
                                                const FileState& state) const;
  void set_directory(struct stat& attributes, std::size_t subdirectories) const;
  void set_file(struct stat& attributes, std::uint64_t size, bool is_writable) const;
  void set_text(struct stat& attributes, const Place& place) const;

  // One for each kind of place.
  void set(struct stat& attributes, const Inode& inode, const RootPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const AboutPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const NodePlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const ControlPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const ErrorPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const VersionPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const HistoryPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const ScratchPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const ColumnPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const LinkPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const EventsPlace& place) const;
  void set(struct stat& attributes, const Inode& inode, const PagePlace& place) const;

  const TreeView& tree_;
  const StatusDirectory& directory_;
  const Presentation& presentation_;
  const FieldChanges& changes_;
  const std::chrono::system_clock::time_point mounted_ = std::chrono::system_clock::now();
};

}  // namespace statusfs
