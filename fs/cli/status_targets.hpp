// The status files that a command's argument means.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace statusfs {

struct StatusTarget {
  std::string path;  ///< of the JSON, absolute; it may be missing where its journal stands
  std::string stem;
  std::string directory() const;
};

/// FILE, or all status files of DIR. Throws CommandError(unusable) where there is none.
std::vector<StatusTarget> status_targets(const std::string& argument);

/// Where a mount of this machine shows a status file.
struct ShownPlace {
  std::string mountpoint;
  std::string directory;  ///< the status file's own
};
enum class MountUse { reading, changing };
/// The newest mount that shows the target and is served; for changing, one that is not read-only. Nothing where there
/// is none.
std::optional<ShownPlace> shown_place(const StatusTarget& target, MountUse use);

/// The largest g in the status files of a directory.
std::int64_t largest_g_in_directory(const std::string& directory);

/// The one behind it, for a version that is made without a mount. Throws CommandError where no number is left.
std::int64_t next_g_in_directory(const std::string& directory);

}  // namespace statusfs
