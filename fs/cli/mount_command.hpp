// `statusfs SOURCE MOUNTPOINT`: mounts and serves.
#pragma once

#include <string>
#include <vector>

#include "fs/cli/exit_status.hpp"

namespace statusfs {

struct MountArguments {
  std::string source;
  std::string mountpoint;
  std::vector<std::string> options;  ///< the arguments of -o
  bool foreground = false;
  bool debug = false;
  /// Whether anything was given.
  bool is_any() const { return !source.empty() || !mountpoint.empty() || !options.empty() || foreground || debug; }
};

/// Returns when the file system is unmounted (in the background process). Throws CommandError.
ExitStatus mount_command(const MountArguments& arguments);

}  // namespace statusfs
