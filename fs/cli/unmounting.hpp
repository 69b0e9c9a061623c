// Taking mounts away: those that are served, and those whose daemon died.
#pragma once

#include <string>
#include <vector>

#include "fs/cli/mount_table.hpp"

namespace statusfs {

enum class Unmounting {
  when_unused,  ///< refused while a file of the mount is open
  at_once,      ///< out of the tree now; open files of it stay open (lazy)
};

/// As root by the system call, else by fusermount3. Throws CommandError(unusable).
void unmount(const std::string& mountpoint, Unmounting how);

/// Whether its daemon is gone, so that everything in it fails with ENOTCONN. Precondition: there is one thread.
bool is_dead_mount(const MountEntry& mount);

/// Takes away the dead mounts of statusfs on this directory, and nothing else. Returns what they were.
/// Throws CommandError(unusable).
std::vector<MountEntry> clear_dead_mounts(const std::string& mountpoint);

}  // namespace statusfs
