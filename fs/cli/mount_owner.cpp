#include "fs/cli/mount_owner.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{30};
constexpr std::size_t longest_answer = 256 * 1024;  // bytes

bool lets_in(const MountEntry& mount) {
  struct stat status {};
  return stat(mount.mountpoint.c_str(), &status) == 0 || errno != EACCES;
}

bool become(const MountEntry& mount) {
  return setgroups(0, nullptr) == 0 && setresgid(mount.group, mount.group, mount.group) == 0 &&
         setresuid(mount.owner, mount.owner, mount.owner) == 0;
}

// In a process of its own. Nothing of this one's is ended or flushed twice.
[[noreturn]] void answer(const MountEntry& mount, const UniqueFd& to_parent,
                         const std::function<std::string()>& question) {
  if (!become(mount)) _exit(EXIT_FAILURE);
  const std::string text = question();
  const bool is_told = write(to_parent.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(is_told ? EXIT_SUCCESS : EXIT_FAILURE);
}

// Nothing where the end does not come in time, or too much comes: what serves the mount is the owner's.
std::optional<std::string> read_to_end(const UniqueFd& from_child) {
  const auto deadline = Clock::now() + patience;
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() <= longest_answer) {
    pollfd wait{from_child.get(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = left.count() > 0 ? poll(&wait, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    const ssize_t count = read(from_child.get(), buffer.data(), buffer.size());
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
  return std::nullopt;
}

}  // namespace

std::string asked_as_owner(const MountEntry& mount, const std::function<std::string()>& question) {
  if (geteuid() != 0 || mount.owner == 0 || lets_in(mount)) return question();
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const UniqueFd from_child(ends[0]);
  UniqueFd to_parent(ends[1]);
  const pid_t child = fork();
  if (child == 0) answer(mount, to_parent, question);
  to_parent.reset();
  if (child < 0) return {};
  const std::optional<std::string> text = read_to_end(from_child);
  if (!text) {
    kill(child, SIGKILL);  // and is not waited for: what it asked the mount for may hold it still
    return {};
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return *text;
}

}  // namespace statusfs
