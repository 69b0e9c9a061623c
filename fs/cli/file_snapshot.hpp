// A status file, its journal and its signature as they stand at one moment.
#pragma once

#include <optional>
#include <string>

namespace statusfs {

struct FileSnapshot {
  std::optional<std::string> json;       ///< nothing where there is none
  std::optional<std::string> journal;    ///< the same
  std::optional<std::string> signature;  ///< the same
};

/// Reads them while it holds the file's lock, where there is a lock file, so that none changes in between. Links are
/// followed as a mount follows them: that of the JSON inside its directory, no other. Throws CommandError(unusable),
/// also where another program has held the lock for ten seconds; what() names it then.
FileSnapshot take_snapshot(const std::string& path);

}  // namespace statusfs
