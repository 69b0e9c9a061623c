#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/mount_owner.hpp"
#include "fs/cli/mount_table.hpp"
#include "fs/cli/notices.hpp"
#include "fs/cli/unmounting.hpp"
#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

constexpr int patience_milliseconds = 60'000;
constexpr int patience_with_others_milliseconds = 500;  // before it is asked whether the mount stands elsewhere

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

// The daemon that serves the mount, as digits; empty when it is dead already.
std::string daemon_of(const MountEntry& mount) {
  std::string metrics;
  try {
    metrics = read_text_file(mount.mountpoint + "/.statusfs/metrics");
  } catch (const CommandError&) {
    return {};
  }
  constexpr std::string_view name = "\nstatusfs_process_id ";
  const std::size_t at = metrics.find(name);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size();
  return metrics.substr(begin, metrics.find('\n', begin) - begin);
}

// So that its end can be waited for.
UniqueFd process(const std::string& digits) {
  pid_t pid = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  return pid > 0 ? UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) : UniqueFd();
}

bool has_ended(const UniqueFd& daemon, int milliseconds) {
  pollfd ended{daemon.get(), POLLIN, 0};
  return poll(&ended, 1, milliseconds) > 0;
}

void wait_for_end_of(const UniqueFd& daemon, const MountEntry& mount) {
  if (!daemon || has_ended(daemon, patience_with_others_milliseconds)) return;
  // The connection ends with the last mount of it: umount(2) returns after that. What stands then is mounted elsewhere.
  if (is_mounted_anywhere(mount.connection)) {
    std::cerr
        << mount.mountpoint
        << ": notice: is unmounted, but is also mounted elsewhere (a bind mount, or another mount name space, as of a "
           "container), and is served until that ends\n";
    return;
  }
  if (!has_ended(daemon, patience_milliseconds))
    throw CommandError(ExitStatus::unusable, mount.mountpoint + ": is unmounted, but its daemon is still writing");
}

// Brings every JSON up to date, and says why where one cannot be, or what of a journal is amiss: the daemon that ends
// later has nobody to tell.
std::string complaint_of_sync(const MountEntry& mount) {
  const UniqueFd root(open(mount.mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || fsync(root.get()) == 0) return {};
  std::string reason = std::strerror(errno);
  try {
    const std::string told = read_text_file(mount.mountpoint + "/.statusfs/last_error");
    if (!told.empty()) reason = told.substr(0, told.find('\n'));
  } catch (const CommandError&) {
  }
  return reason;
}

// A mount before it goes.
struct LastWords {
  UniqueFd daemon;        // none when it is dead already
  std::string complaint;  // empty: everything is on disk
};

LastWords last_words_of(const MountEntry& mount) {
  const std::string text = asked_as_owner(mount, [&] { return daemon_of(mount) + "\n" + complaint_of_sync(mount); });
  const std::size_t newline = std::min(text.find('\n'), text.size());
  return {process(text.substr(0, newline)), text.substr(std::min(newline + 1, text.size()))};
}

// For a service the journal tells it: what took the mount away stands there with the source and the place.
void announce_cleared(const MountEntry& mount) {
  Notices(true, {mount.source, mount.mountpoint})
      .write("took away a mount on " + mount.mountpoint + " whose daemon had died", Notices::Event::dead_mount_cleared);
}

}  // namespace

ExitStatus umount_command(const std::string& mountpoint, bool only_dead) {
  if (mountpoint.empty()) throw CommandError(ExitStatus::unusable, "the name of the mount point is empty");
  const std::vector<MountEntry> cleared = clear_dead_mounts(mountpoint);
  for (const MountEntry& mount : cleared) announce_cleared(mount);
  if (!cleared.empty() || only_dead) return ExitStatus::done;  // behind a dead one nobody writes any more
  const MountEntry mount = mount_at(mountpoint);
  const LastWords words = last_words_of(mount);
  unmount(mount.mountpoint, Unmounting::when_unused);
  wait_for_end_of(words.daemon, mount);
  if (words.complaint.empty()) return ExitStatus::done;
  throw CommandError(ExitStatus::unusable,
                     mountpoint + ": is unmounted, but not everything is on disk as it should be: " + words.complaint);
}

}  // namespace statusfs
