#include "fs/cli/status_targets.hpp"

#include <algorithm>
#include <filesystem>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mount_table.hpp"
#include "fs/cli/unmounting.hpp"
#include "fs/counter/global_counter.hpp"
#include "fs/engine/file_state.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/local_source.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/schema/mapping_loader.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

std::vector<StatusTarget> targets_in(const std::string& directory) try {
  std::vector<StatusTarget> targets;
  for (const std::string& stem : stems_in(directory)) targets.push_back({directory + "/" + file_name_of(stem), stem});
  return targets;
} catch (const std::runtime_error& error) {
  throw CommandError(ExitStatus::unusable, error.what());
}

// The path that a mount of it would know it by: a link that stays inside its directory is a name of its own, and one
// that leads out is what it leads to. Of a JSON that is missing the journal tells the place.
LocalPlace place_of_target(const std::string& argument) {
  const filesystem::path given(argument);
  std::error_code error;
  const bool is_missing = !filesystem::exists(given, error) && given.has_filename();
  if (!is_missing || !filesystem::exists(journal_of(argument), error)) return LocalPlace::of(argument);
  const filesystem::path directory = filesystem::canonical(filesystem::absolute(given).parent_path());
  return {directory.string(), given.filename().string()};
}

LocalPlace named_place(const std::string& argument) {
  if (argument.empty()) throw CommandError(ExitStatus::unusable, "the name of the file is empty");
  try {
    return place_of_target(argument);
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::int64_t largest_g_of(const StatusTarget& target) {
  PosixFiles files;
  LocalOptions options;
  options.read_only = true;
  LocalStore store(target.path, default_mapping(), files, options);
  if (const Probe probe = store.probe(); probe.head && probe.looks_current) return probe.head->g;
  const StoredFile stored = store.load();
  FileState state;
  state.document = stored.document;
  state.head = stored.head;
  return largest_g_in(state);
}

}  // namespace

std::string StatusTarget::directory() const { return filesystem::path(path).parent_path().string(); }

std::vector<StatusTarget> status_targets(const std::string& argument) {
  const LocalPlace place = named_place(argument);
  if (place.only_file) {
    const auto stem = stem_of(*place.only_file);
    if (!stem) throw CommandError(ExitStatus::unusable, argument + ": a status file is named exec_status_<g>.txt");
    return {{place.path(), *stem}};
  }
  auto targets = targets_in(place.directory);
  if (targets.empty())
    throw CommandError(ExitStatus::unusable, argument + ": has no status file (exec_status_<g>.txt)");
  return targets;
}

std::optional<ShownPlace> shown_place(const StatusTarget& target, MountUse use) {
  for (const MountEntry& mount : statusfs_mounts()) {
    const bool shows_one = mount.source == target.path;
    if (!shows_one && mount.source != target.directory()) continue;
    if ((use == MountUse::changing && mount.read_only) || is_dead_mount(mount)) continue;
    return ShownPlace{mount.mountpoint, shows_one ? mount.mountpoint : mount.mountpoint + "/" + target.stem};
  }
  return std::nullopt;
}

std::int64_t largest_g_in_directory(const std::string& directory) {
  std::int64_t largest = 0;
  for (const StatusTarget& target : targets_in(directory)) largest = std::max(largest, largest_g_of(target));
  return largest;
}

std::int64_t next_g_in_directory(const std::string& directory) {
  const std::int64_t largest = largest_g_in_directory(directory);
  if (largest >= largest_g)
    throw CommandError(ExitStatus::unusable,
                       directory + ": the global counter has no number left: a status file has g " +
                           std::to_string(largest) + ", and the largest is " + std::to_string(largest_g));
  return largest + 1;
}

}  // namespace statusfs
