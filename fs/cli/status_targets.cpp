#include "fs/cli/status_targets.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mount_table.hpp"
#include "fs/engine/file_state.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/status_source.hpp"
#include "mapping/schema/mapping_loader.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;
constexpr std::string_view journal_suffix = ".journal";

std::string without_journal_suffix(std::string name) {
  if (name.ends_with(journal_suffix)) name.resize(name.size() - journal_suffix.size());
  return name;
}

// As a mount sees it: other things than regular files have the name of a status file and are none.
bool is_status_file(const filesystem::path& path) {
  std::error_code error;
  return filesystem::is_regular_file(path, error) ||
         filesystem::is_regular_file(path.string() + std::string(journal_suffix), error);
}

std::vector<StatusTarget> targets_in(const filesystem::path& directory) {
  std::vector<StatusTarget> targets;
  for (const auto& entry : filesystem::directory_iterator(directory)) {
    const std::string name = without_journal_suffix(entry.path().filename().string());
    const auto stem = stem_of(name);
    if (stem && is_status_file(directory / name)) targets.push_back({(directory / name).string(), *stem});
  }
  std::ranges::sort(targets, {}, &StatusTarget::path);
  // Not std::ranges::unique: clang 14 does not compile what gcc 12's library returns.
  const auto repeated = std::unique(targets.begin(), targets.end(),
                                    [](const auto& one, const auto& other) { return one.path == other.path; });
  targets.erase(repeated, targets.end());
  return targets;
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
  std::error_code error;
  // A link to a status file stays the name that the file is known by.
  const filesystem::path given = filesystem::absolute(argument);
  const bool is_file_name = given.has_filename() && !filesystem::is_directory(given, error);
  const filesystem::path path = is_file_name
                                    ? filesystem::weakly_canonical(given.parent_path(), error) / given.filename()
                                    : filesystem::weakly_canonical(given, error);
  if (filesystem::is_directory(path)) {
    auto targets = targets_in(path);
    if (targets.empty())
      throw CommandError(ExitStatus::unusable, argument + ": has no status file (exec_status_<g>.txt)");
    return targets;
  }
  const bool is_there = filesystem::exists(path) || filesystem::exists(path.string() + std::string(journal_suffix));
  if (!is_there) throw CommandError(ExitStatus::unusable, argument + ": no such file");
  const auto stem = stem_of(path.filename().string());
  if (!stem) throw CommandError(ExitStatus::unusable, argument + ": a status file is named exec_status_<g>.txt");
  return {{path.string(), *stem}};
}

std::optional<std::string> mounted_directory_of(const StatusTarget& target) {
  for (const MountEntry& mount : statusfs_mounts()) {
    if (mount.source == target.path) return mount.mountpoint;
    if (mount.source == target.directory()) return mount.mountpoint + "/" + target.stem;
  }
  return std::nullopt;
}

std::int64_t largest_g_in_directory(const std::string& directory) {
  std::int64_t largest = 0;
  for (const StatusTarget& target : targets_in(directory)) largest = std::max(largest, largest_g_of(target));
  return largest;
}

}  // namespace statusfs
