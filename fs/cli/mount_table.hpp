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

/// Whether a FUSE connection still has a mount: by fusectl where that is mounted (as systemd does, and a container may
/// not), else in the name space of a process that may be looked at.
bool is_mounted_anywhere(const std::string& connection);

/// The same as statusfs_mounts() in the given text of a mountinfo file (proc(5)).
std::vector<MountEntry> statusfs_mounts_in(std::string_view mountinfo);

}  // namespace statusfs
