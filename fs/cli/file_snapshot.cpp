#include "fs/cli/file_snapshot.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

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

constexpr std::chrono::seconds patience{5};  // as long as a writer waits for another program
constexpr std::chrono::milliseconds between_attempts{20};

// Whoever may read the file but not the lock reads without it.
UniqueFd lock(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return file;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR && errno != EWOULDBLOCK)
      throw CommandError(ExitStatus::unusable, path + ": " + std::strerror(errno));
    if (std::chrono::steady_clock::now() >= deadline)
      throw CommandError(ExitStatus::unusable, path + ": another program has held this lock for 5 seconds");
    std::this_thread::sleep_for(between_attempts);
  }
  return file;
}

}  // namespace

FileSnapshot take_snapshot(const std::string& path) {
  const UniqueFd held = lock(path + ".lock");
  return {read_if_there(path), read_if_there(path + ".journal"), read_if_there(path + ".sig")};
}

}  // namespace statusfs
