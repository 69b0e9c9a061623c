// The whole tree of a mount: what names lead to, what directories hold, what files read as.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/engine/status_directory.hpp"
#include "fs/fuse/about_view.hpp"
#include "fs/fuse/directory_entry.hpp"
#include "fs/fuse/inode_table.hpp"
#include "fs/fuse/presentation.hpp"

namespace statusfs {

/// Something that a name leads to.
struct Found {
  std::string path;
  Place place;
  std::uint64_t version = 0;  ///< of a place whose content never changes; else 0
};

/// Thread safety: any thread.
class TreeView {
 public:
  TreeView(StatusDirectory& directory, const Presentation& presentation, const Mapping& mapping, const Metrics& metrics,
           const RefusalLog& refusals, const ScratchTable& scratch, EventStreams& events);

  /// What stands at the root of the mount.
  Place root() const;
  /// Nothing when there is no such name. Precondition: `directory` is one.
  std::optional<Found> find(const Inode& directory, std::string_view name) const;
  std::vector<DirectoryEntry> list(const Inode& directory) const;

  bool is_directory(const Place& place) const;
  /// Where a symbolic link leads.
  std::string link_text(const LinkPlace& link) const;
  mode_t type_of(const Place& place) const;  ///< S_IFDIR, S_IFREG, ...
  std::string text(const Place& place, const Reader& reader) const;

 private:
  Found found(const Inode& directory, std::string_view name, Place place) const;
  Place place_of(const std::shared_ptr<StatusFile>& file, const Node& node) const;
  std::optional<Found> find_scratch(const Inode& directory, std::string_view name) const;
  std::optional<Place> find_in_tree(const NodePlace& directory, std::string_view name) const;
  std::vector<DirectoryEntry> list_tree(const NodePlace& directory) const;

  // One for each kind of directory; what is no directory has no names.
  std::optional<Place> find_in(const RootPlace& place, std::string_view name) const;
  std::optional<Place> find_in(const AboutPlace& place, std::string_view name) const;
  std::optional<Place> find_in(const NodePlace& place, std::string_view name) const;
  std::optional<Place> find_in(const ColumnPlace& place, std::string_view name) const;
  std::optional<Place> find_in(const HistoryPlace& place, std::string_view name) const;
  template <typename File>
  std::optional<Place> find_in(const File&, std::string_view) const {
    return std::nullopt;
  }

  std::vector<DirectoryEntry> list_of(const RootPlace& place, const Inode& inode) const;
  std::vector<DirectoryEntry> list_of(const AboutPlace& place, const Inode& inode) const;
  std::vector<DirectoryEntry> list_of(const NodePlace& place, const Inode& inode) const;
  std::vector<DirectoryEntry> list_of(const ColumnPlace& place, const Inode& inode) const;
  std::vector<DirectoryEntry> list_of(const HistoryPlace& place, const Inode& inode) const;
  template <typename File>
  std::vector<DirectoryEntry> list_of(const File&, const Inode&) const {
    return {};
  }

  // One for each kind of file that reads as text.
  std::string text_of(const AboutPlace& place, const Reader& reader) const;
  std::string text_of(const NodePlace& place, const Reader& reader) const;
  std::string text_of(const ErrorPlace& place, const Reader& reader) const;
  std::string text_of(const VersionPlace& place, const Reader& reader) const;
  std::string text_of(const PagePlace& place, const Reader& reader) const;
  std::string text_of(const HistoryPlace& place, const Reader& reader) const;
  template <typename Other>
  std::string text_of(const Other&, const Reader&) const {
    return {};
  }

  StatusDirectory& directory_;
  const Presentation& presentation_;
  const Mapping& mapping_;
  const ScratchTable& scratch_;
  EventStreams& events_;
  const AboutView about_;
};

}  // namespace statusfs
