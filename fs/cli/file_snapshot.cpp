#include "fs/cli/file_snapshot.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

std::optional<std::string> read_if_there(const std::string& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  if (!std::filesystem::is_regular_file(path)) throw CommandError(ExitStatus::unusable, path + ": is no regular file");
  return read_text_file(path);
}

// Whoever may read the file but not the lock reads without it.
UniqueFd lock(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return file;
  while (flock(file.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return file;
}

}  // namespace

FileSnapshot take_snapshot(const std::string& path) {
  const UniqueFd held = lock(path + ".lock");
  return {read_if_there(path), read_if_there(path + ".journal"), read_if_there(path + ".sig")};
}

}  // namespace statusfs
