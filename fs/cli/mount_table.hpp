// The mounts of statusfs on this machine.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

struct MountEntry {
  std::string source;
  std::string mountpoint;
  bool read_only = false;
  uid_t owner = 0;  ///< who mounted it
  gid_t group = 0;
  std::string connection;  ///< the number of its FUSE connection, in /sys/fs/fuse/connections while that stands
};

/// Those in /proc/self/mountinfo, the newest first.
std::vector<MountEntry> statusfs_mounts();

/// The same in the given text of a mountinfo file (proc(5)).
std::vector<MountEntry> statusfs_mounts_in(std::string_view mountinfo);

}  // namespace statusfs
