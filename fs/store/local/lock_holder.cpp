#include "fs/store/local/lock_holder.hpp"

#include <sys/sysmacros.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace statusfs {
namespace {

struct LockLine {
  pid_t pid = 0;
  unsigned major = 0, minor = 0;
  unsigned long inode = 0;
};

/// "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF". Lines of waiters ("1: -> FLOCK ...") and of other kinds are none.
std::optional<LockLine> parse_line(const std::string& line) {
  LockLine parsed;
  int pid = 0;
  if (std::sscanf(line.c_str(), "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &parsed.major, &parsed.minor, &parsed.inode) !=
      4)
    return std::nullopt;
  parsed.pid = pid;
  return parsed;
}

}  // namespace

std::optional<pid_t> flock_holder_in(std::string_view locks, dev_t device, ino_t inode) {
  std::istringstream lines{std::string(locks)};
  std::optional<pid_t> by_inode;
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = parse_line(line);
    if (!parsed || parsed->inode != inode || parsed->pid <= 0) continue;
    if (parsed->major == major(device) && parsed->minor == minor(device)) return parsed->pid;
    by_inode = parsed->pid;  // btrfs and overlayfs show another device number here than in stat(2)
  }
  return by_inode;
}

std::optional<pid_t> flock_holder(dev_t device, ino_t inode) {
  std::ifstream file("/proc/locks");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return flock_holder_in(text, device, inode);
}

}  // namespace statusfs
