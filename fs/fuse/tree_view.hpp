// The whole tree of a mount: what names lead to, what directories hold, what files read as.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/engine/refusal_log.hpp"
#include "fs/engine/status_directory.hpp"
#include "fs/fuse/field_changes.hpp"
#include "fs/fuse/inode_table.hpp"

namespace statusfs {

/// How a mount presents itself.
struct Presentation {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t umask = 0;
  bool allow_other = false;
  std::string version;  ///< of statusfs
  bool history = true;  ///< whether there is a .history
};

/// Something that a name leads to.
struct Found {
  std::string path;
  Place place;
  std::uint64_t version = 0;  ///< of a place whose content never changes; else 0
};

/// One name in a directory.
struct DirectoryEntry {
  std::string name;
  Place place;
};

/// Who is reading, for the one file that depends on it.
struct Reader {
  uid_t uid = 0;
  pid_t session = 0;
};

/// Thread safety: any thread.
class TreeView {
 public:
  TreeView(StatusDirectory& directory, const Presentation& presentation, const Mapping& mapping, const Metrics& metrics,
           const RefusalLog& refusals, const FieldChanges& changes, const ScratchTable& scratch, EventStreams& events);

  /// What stands at the root of the mount.
  Place root() const;
  /// Nothing when there is no such name. Precondition: `directory` is one.
  std::optional<Found> find(const Inode& directory, std::string_view name) const;
  std::vector<DirectoryEntry> list(const Inode& directory) const;
  /// The part of the path of everything that a status file shows.
  std::string top_of(const StatusFile& file) const;

  bool is_directory(const Place& place) const;
  /// Where a symbolic link leads.
  std::string link_text(const LinkPlace& link) const;
  mode_t type_of(const Place& place) const;  ///< S_IFDIR, S_IFREG, ...
  /// Throws Rejection(not_found) for something that is gone.
  struct stat attributes(const Inode& inode) const;
  std::string text(const Place& place, const Reader& reader) const;

 private:
  Found found(const Inode& directory, std::string_view name, Place place) const;
  Place place_of(const std::shared_ptr<StatusFile>& file, const Node& node) const;
  std::optional<Found> find_scratch(const Inode& directory, std::string_view name) const;
  void set_scratch(struct stat& attributes, const ScratchFile& file) const;
  std::optional<Place> find_in_file(const NodePlace& directory, std::string_view name) const;
  void list_file(const NodePlace& directory, std::vector<DirectoryEntry>& entries) const;
  std::vector<DirectoryEntry> list_about(const AboutPlace& about) const;
  std::string about_text(const AboutPlace& about, const Reader& reader) const;
  Metrics::Gauges gauges() const;
  void set_directory(struct stat& attributes, std::size_t subdirectories) const;
  void set_file(struct stat& attributes, std::uint64_t size, bool is_writable) const;
  std::chrono::system_clock::time_point time_of(const Inode& inode) const;
  void set_node(struct stat& attributes, const Inode& inode, const NodePlace& place) const;

  StatusDirectory& directory_;
  const Presentation& presentation_;
  const Mapping& mapping_;
  const Metrics& metrics_;
  const RefusalLog& refusals_;
  const FieldChanges& changes_;
  const ScratchTable& scratch_;
  EventStreams& events_;
  const std::chrono::system_clock::time_point mounted_ = std::chrono::system_clock::now();
};

}  // namespace statusfs
