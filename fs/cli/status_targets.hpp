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

/// The directory that shows this file in a live mount of this machine, if there is one.
std::optional<std::string> mounted_directory_of(const StatusTarget& target);

/// The largest g in the status files of a directory.
std::int64_t largest_g_in_directory(const std::string& directory);

}  // namespace statusfs
