#include "fs/cli/mount_source.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>

#include "fs/cli/etcd_access.hpp"
#include "fs/cli/exit_status.hpp"
#include "fs/cli/mount_table.hpp"
#include "fs/counter/memory_counter.hpp"
#include "fs/counter/state_file_counter.hpp"
#include "fs/store/etcd/etcd_source.hpp"
#include "fs/store/file_names.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

bool is_at_or_below(const filesystem::path& path, const filesystem::path& top) {
  const auto [end_of_top, rest] = std::mismatch(top.begin(), top.end(), path.begin(), path.end());
  return end_of_top == top.end();
}

// As the file system sees it: a bind mount of the directory is the directory, under whatever path.
bool is_inside(filesystem::path path, const filesystem::path& directory) {
  std::error_code error;
  for (; path.has_relative_path(); path = path.parent_path())
    if (filesystem::equivalent(path, directory, error)) return true;
  return filesystem::equivalent(path, directory, error);
}

filesystem::path require_directory(const std::string& mountpoint) {
  std::error_code error;
  filesystem::path target = filesystem::canonical(mountpoint, error);
  if (error) throw CommandError(ExitStatus::mount_failed, mountpoint + ": " + error.message());
  const bool is_directory = !error && filesystem::is_directory(target, error);
  if (error) throw CommandError(ExitStatus::mount_failed, mountpoint + ": " + error.message());
  if (!is_directory) throw CommandError(ExitStatus::mount_failed, mountpoint + ": is no directory");
  return target;
}

// Whether files that the daemon works on lie in the directory. One file as SOURCE has neighbours that are none of its
// own, but what it is a link to and its closed journals may lie below its directory.
bool holds_files_of(const LocalPlace& source, const filesystem::path& target) {
  if (is_at_or_below(source.directory, target)) return true;
  if (!source.only_file) return is_inside(target, source.directory);
  const std::string file = source.path();
  std::error_code error;
  return is_at_or_below(filesystem::weakly_canonical(file, error), target) ||
         is_at_or_below(target, closed_journal_directory(file));
}

// The daemon works on the files of SOURCE by path. Were the mount over them, it would wait for itself.
void require_apart(const LocalPlace& source, const std::string& mountpoint) {
  if (holds_files_of(source, require_directory(mountpoint)))
    throw CommandError(
        ExitStatus::mount_failed,
        mountpoint + ": SOURCE and MOUNTPOINT must not lie in each other; mount on a directory of its own");
}

// What cannot be meant together.
void require_fitting_options(const MountSettings& settings, bool is_etcd) {
  if (!is_etcd && settings.etcd.any())
    throw OptionError("-o cacert, cert, key, passwordfile and host go with etcd://HOST:PORT/PREFIX alone");
  if (is_etcd && settings.state)
    throw OptionError("-o state does not go with etcd, where the global counter is in etcd");
  if (is_etcd && (settings.signing_key || settings.anchor_log || settings.cache))
    throw OptionError("-o signing_key, anchor_log and cache are of files on this machine; they do not go with etcd");
  if (is_etcd && settings.adopt) throw OptionError("-o adopt does not go with etcd: adopt before statusfs import");
}

// The files of a mount of ours are fields. Its device is 0:MINOR, wherever a part of it may be bound to.
void require_no_mount_of_ours(const std::string& source) {
  struct stat status {};
  if (::stat(source.c_str(), &status) != 0 || major(status.st_dev) != 0) return;
  for (const MountEntry& mount : statusfs_mounts())
    if (mount.connection == std::to_string(minor(status.st_dev)))
      throw CommandError(ExitStatus::unusable, source + ": lies in a mount of statusfs (" + mount.mountpoint +
                                                   "), which shows status files and holds none; SOURCE can be what it "
                                                   "shows, " +
                                                   mount.source);
}

std::variant<LocalPlace, EtcdAccess> place_of(const std::string& source, const MountSettings& settings) {
  const bool is_etcd = EtcdAddress::is_one(source);
  require_fitting_options(settings, is_etcd);
  if (is_etcd) return etcd_access(etcd_address(source), settings.etcd);
  require_no_mount_of_ours(source);
  try {
    return LocalPlace::of(source);
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::unique_ptr<GlobalCounter> counter_of(const MountSettings& settings) {
  if (!settings.state) return std::make_unique<MemoryCounter>(0);
  try {
    return std::make_unique<StateFileCounter>(filesystem::absolute(*settings.state));
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

OpenedSource open_local_source(LocalPlace place, const MountSettings& settings,
                               const std::shared_ptr<const Mapping>& mapping,
                               const std::shared_ptr<const SigningKey>& signing_key) {
  OpenedSource opened;
  opened.own_counter = counter_of(settings);
  opened.counter = opened.own_counter.get();
  opened.source = std::make_unique<LocalSource>(std::move(place), mapping, settings.read_only, signing_key);
  return opened;
}

OpenedSource open_etcd_source(const std::string& name, const MountSettings& settings, EtcdAccess access,
                              const std::shared_ptr<const Mapping>& mapping) {
  try {
    auto source =
        std::make_unique<EtcdSource>(EtcdSourceOptions{std::move(access), EtcdAddress::of(name).prefix,
                                                       host_name(settings.etcd), STATUSFS_VERSION, settings.read_only},
                                     mapping);
    OpenedSource opened;
    opened.counter = &source->counter();
    opened.source = std::move(source);
    return opened;
  } catch (const EtcdError& error) {
    throw CommandError(ExitStatus::unusable, name + ": " + error.what());
  }
}

}  // namespace

MountSource::MountSource(const std::string& source, const MountSettings& settings)
    : name_(source), place_(place_of(source, settings)), shown_(source) {
  if (const auto* local = std::get_if<LocalPlace>(&place_)) shown_ = local->path();
}

void MountSource::require_mountpoint(const std::string& mountpoint) const {
  if (const auto* local = std::get_if<LocalPlace>(&place_)) return require_apart(*local, mountpoint);
  require_directory(mountpoint);
}

OpenedSource MountSource::open(const MountSettings& settings, const std::shared_ptr<const Mapping>& mapping,
                               const std::shared_ptr<const SigningKey>& signing_key) {
  if (auto* access = std::get_if<EtcdAccess>(&place_))
    return open_etcd_source(name_, settings, std::move(*access), mapping);
  return open_local_source(std::get<LocalPlace>(std::move(place_)), settings, mapping, signing_key);
}

}  // namespace statusfs
