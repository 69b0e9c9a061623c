#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_table.hpp"
#include "fs/cli/unmounting.hpp"
#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

constexpr int patience_milliseconds = 60'000;

MountEntry mount_at(const std::string& mountpoint) {
  std::error_code error;
  // A dead mount cannot be looked at, so the path is made absolute without asking what it leads to.
  const std::string path = std::filesystem::absolute(mountpoint).lexically_normal().string();
  const std::string resolved = std::filesystem::canonical(mountpoint, error).string();
  for (const MountEntry& mount : statusfs_mounts())
    if (mount.mountpoint == path || mount.mountpoint + "/" == path || (!error && mount.mountpoint == resolved))
      return mount;
  throw CommandError(ExitStatus::unusable, mountpoint + ": no statusfs is mounted there");
}

// The daemon that serves the mount, so that its end can be waited for; nothing when it is dead already.
UniqueFd daemon_of(const MountEntry& mount) {
  std::string metrics;
  try {
    metrics = read_text_file(mount.mountpoint + "/.statusfs/metrics");
  } catch (const CommandError&) {
    return {};
  }
  constexpr std::string_view name = "\nstatusfs_process_id ";
  const std::size_t at = metrics.find(name);
  pid_t pid = 0;
  if (at == std::string::npos) return {};
  std::from_chars(metrics.data() + at + name.size(), metrics.data() + metrics.size(), pid);
  return pid > 0 ? UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) : UniqueFd();
}

void wait_for_end_of(const UniqueFd& daemon, const std::string& mountpoint) {
  if (!daemon) return;
  pollfd ended{daemon.get(), POLLIN, 0};
  if (poll(&ended, 1, patience_milliseconds) <= 0)
    throw CommandError(ExitStatus::unusable, mountpoint + ": is unmounted, but its daemon is still writing");
}

// Brings every JSON up to date, and says why where one cannot be: the daemon that ends later has nobody to tell.
std::optional<std::string> complaint_of_sync(const MountEntry& mount) {
  const UniqueFd root(open(mount.mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || fsync(root.get()) == 0) return std::nullopt;
  std::string reason = std::strerror(errno);
  try {
    const std::string told = read_text_file(mount.mountpoint + "/.statusfs/last_error");
    if (!told.empty()) reason = told.substr(0, told.find('\n'));
  } catch (const CommandError&) {
  }
  return reason;
}

}  // namespace

ExitStatus umount_command(const std::string& mountpoint, bool only_dead) {
  if (clear_dead_mounts(mountpoint) > 0 || only_dead)
    return ExitStatus::done;  // behind a dead one nobody writes any more
  const MountEntry mount = mount_at(mountpoint);
  const UniqueFd daemon = daemon_of(mount);
  const auto complaint = complaint_of_sync(mount);
  unmount(mount.mountpoint, Unmounting::when_unused);
  wait_for_end_of(daemon, mountpoint);
  if (!complaint) return ExitStatus::done;
  throw CommandError(ExitStatus::unusable,
                     mountpoint +
                         ": is unmounted, but not every JSON is up to date; its journal has everything, and the "
                         "next mount or statusfs recover writes it: " +
                         *complaint);
}

}  // namespace statusfs
