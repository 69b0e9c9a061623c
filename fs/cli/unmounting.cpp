#include "fs/cli/unmounting.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mount_owner.hpp"

namespace statusfs {
namespace {

constexpr std::size_t most_stacked_mounts = 64;

constexpr int cannot_be_run = 127;

void unmount_by_helper(const std::string& mountpoint, Unmounting how) {
  const pid_t child = fork();
  if (child == 0) {
    const char* const option = how == Unmounting::at_once ? "-uz" : "-u";
    execlp("fusermount3", "fusermount3", option, "--", mountpoint.c_str(), nullptr);
    execl("/usr/bin/fusermount3", "fusermount3", option, "--", mountpoint.c_str(), nullptr);  // as libfuse mounts
    _exit(cannot_be_run);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == cannot_be_run)
    throw CommandError(ExitStatus::unusable, mountpoint + ": fusermount3 of the package fuse3 cannot be run");
  if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw CommandError(ExitStatus::unusable, mountpoint + ": cannot be unmounted; is a file of it still open?");
}

// What the mount table calls it. The mount cannot be looked at, but the directory around it can.
std::string name_in_mount_table(const std::string& mountpoint) {
  std::filesystem::path path = std::filesystem::absolute(mountpoint).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::canonical(path.parent_path(), error);
  return error ? path.string() : (parent / path.filename()).string();
}

}  // namespace

void unmount(const std::string& mountpoint, Unmounting how) {
  if (geteuid() != 0) return unmount_by_helper(mountpoint, how);
  const int lazily = how == Unmounting::at_once ? MNT_DETACH : 0;
  if (umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW | lazily) != 0)
    throw CommandError(ExitStatus::unusable, mountpoint + ": " + std::strerror(errno));
}

bool is_dead_mount(const MountEntry& mount) {
  const auto look = [&] {
    struct stat status {};
    const bool is_dead = stat(mount.mountpoint.c_str(), &status) != 0 && (errno == ENOTCONN || errno == ECONNABORTED);
    return std::string(is_dead ? "dead" : "");
  };
  return !asked_as_owner(mount, look).empty();
}

std::vector<MountEntry> clear_dead_mounts(const std::string& mountpoint) {
  const std::string name = name_in_mount_table(mountpoint);
  std::vector<MountEntry> cleared;
  while (cleared.size() < most_stacked_mounts) {
    const auto mounts = statusfs_mounts();
    const auto top = std::ranges::find(mounts, name, &MountEntry::mountpoint);
    if (top == mounts.end() || !is_dead_mount(*top)) break;  // somebody else's, or one that is served
    unmount(name, Unmounting::at_once);
    cleared.push_back(*top);
  }
  return cleared;
}

}  // namespace statusfs
