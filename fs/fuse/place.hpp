// What an inode stands for.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "fs/engine/file_state.hpp"
#include "fs/engine/status_file.hpp"
#include "fs/fuse/event_stream.hpp"
#include "fs/fuse/rendered_page.hpp"
#include "fs/fuse/scratch.hpp"
#include "mapping/tree/node.hpp"

namespace statusfs {

/// The root of a mount that shows a directory of status files.
struct RootPlace {};

/// `.statusfs` and what is in it.
struct AboutPlace {
  enum class Kind { directory, version, mapping, metrics, errors, last_error, hosts, host };
  Kind kind = Kind::directory;
  std::string host = {};  ///< of Kind::host: its name
};

/// A node of a status file's tree.
struct NodePlace {
  std::shared_ptr<StatusFile> file;
  Node node;
};

/// `.control` of a status file: takes commands, reads as empty.
struct ControlPlace {
  std::shared_ptr<StatusFile> file;
};

/// `.error` of a status file that cannot be shown: why.
struct ErrorPlace {
  std::shared_ptr<StatusFile> file;
};

/// The whole document of one version: never changes, so the kernel may cache it.
struct VersionPlace {
  std::shared_ptr<StatusFile> file;
  std::shared_ptr<const FileState> state;
};

/// A page of one version: never changes either.
struct PagePlace {
  std::shared_ptr<StatusFile> file;
  std::shared_ptr<const RenderedPage> page;
};

/// `.history` of a status file and what is in it.
struct HistoryPlace {
  enum class Kind { directory, log, head, version };
  std::shared_ptr<StatusFile> file;
  Kind kind = Kind::directory;
  std::uint64_t version = 0;  ///< of Kind::version
  /// Of log and head: what they are of. Each is another file when there is a newer version, so that none ever changes.
  std::shared_ptr<const FileState> state = {};
};

/// A name that the mapping does not know.
struct ScratchPlace {
  std::shared_ptr<ScratchFile> file;
};

/// A directory of a board: the tasks with one value.
struct ColumnPlace {
  std::shared_ptr<StatusFile> file;
  const Field* board = nullptr;  ///< owned by the mapping
  std::string value;
};

/// A symbolic link on a board: a task.
struct LinkPlace {
  ColumnPlace column;
  std::string task;
};

/// The stream of a status file's mutations.
struct EventsPlace {
  std::shared_ptr<StatusFile> file;
  std::shared_ptr<EventStream> stream;
};

using Place = std::variant<RootPlace, AboutPlace, NodePlace, ControlPlace, ErrorPlace, VersionPlace, HistoryPlace,
                           ScratchPlace, ColumnPlace, LinkPlace, EventsPlace, PagePlace>;

/// Whether what the place reads as is the same for ever, so that the kernel may keep it.
bool is_immutable(const Place& place) noexcept;

/// The status file that a place belongs to, or nullptr.
StatusFile* file_of(const Place& place) noexcept;

}  // namespace statusfs
