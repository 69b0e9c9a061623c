#include "fs/cli/file_snapshot.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>

#include "fs/cli/exit_status.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/lock_file.hpp"
#include "fs/store/local/lock_holder.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/local/side_file.hpp"
#include "fs/store/local/snapshot_file.hpp"

namespace statusfs {
namespace {

// A mount lets go after a second, or two renderings of a large file.
constexpr std::chrono::seconds patience{10};

// Side files are never followed through links, as by the store. nullptr where there is none.
std::unique_ptr<File> open_side_file(Files& files, const std::string& path) try {
  return files.open(path, Files::Open::read);
} catch (const std::system_error& error) {
  if (error.code().value() != ELOOP) throw;
  throw CommandError(ExitStatus::unusable, path + ": is a symbolic link, and those are not followed here");
}

std::optional<std::string> read_side_file(Files& files, const std::string& path) {
  const auto file = open_side_file(files, path);
  return file ? std::optional(read_all(*file)) : std::nullopt;
}

std::optional<std::string> read_json(Files& files, const std::string& path) {
  SnapshotFile::Content content = SnapshotFile(files, path).read();
  if (content.state == SnapshotFile::Content::State::unreadable)
    throw CommandError(ExitStatus::unusable, content.reason);
  if (content.state == SnapshotFile::Content::State::missing) return std::nullopt;
  return std::move(content.text);
}

[[noreturn]] void refuse_held(const std::string& path, const FileStatus& status) {
  const auto holder = flock_holder(status.device, status.inode);
  throw CommandError(ExitStatus::unusable,
                     path + ": has been locked for " + std::to_string(patience.count()) + " seconds by " +
                         (holder ? "process " + std::to_string(*holder) : std::string("another process")));
}

// Whoever may read the file but not the lock, or cannot lock what it opened for reading, reads without it: nullptr.
std::unique_ptr<File> lock_if_possible(Files& files, const std::string& path,
                                       std::chrono::steady_clock::time_point deadline) try {
  auto file = open_side_file(files, path);
  if (!file) return nullptr;
  const FileStatus status = file->status();
  file = lock_in_queue(std::move(file), deadline);
  if (!file) refuse_held(path, status);
  return file;
} catch (const std::system_error& error) {
  const int number = error.code().value();
  if (number == EACCES || number == EBADF || number == ENOLCK || number == EOPNOTSUPP) return nullptr;
  throw;
}

// A lock on a file that was removed or replaced meanwhile excludes nobody.
std::unique_ptr<File> lock(Files& files, const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto file = lock_if_possible(files, path, deadline);
    const auto named = file ? files.status(path) : std::nullopt;
    if (!file || (named && named->is_same_file(file->status()))) return file;
  }
}

}  // namespace

FileSnapshot take_snapshot(const std::string& path) try {
  PosixFiles files;
  const auto held = lock(files, lock_of(path));
  return {read_json(files, path), read_side_file(files, journal_of(path)), read_side_file(files, signature_of(path))};
} catch (const std::system_error& error) {
  throw CommandError(ExitStatus::unusable, error.what());
}

}  // namespace statusfs
