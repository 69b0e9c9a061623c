#include "fs/counter/state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

#include "fs/counter/state_document.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

using namespace std::chrono_literals;
namespace filesystem = std::filesystem;

// A counter and a few members: whatever is larger is something else.
constexpr std::size_t maximum_size = std::size_t{1} << 24;

// Short against the 1 ms that a busy holder leaves free, long against a system call.
constexpr auto first_pause = 100us, longest_pause = 400us;

[[noreturn]] void fail(const char* what, const filesystem::path& path) {
  throw std::system_error(errno, std::generic_category(), std::string(what) + " " + path.string());
}

// flock(2) has no timeout and a signal would hit the whole process, so it is polled.
void take_lock(int descriptor, const filesystem::path& path, LockedStateFile::Clock::time_point deadline) {
  std::chrono::microseconds pause = first_pause;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) fail("cannot lock", path);
    if (LockedStateFile::Clock::now() >= deadline) {
      throw Rejection(Cause::busy, "another program holds the lock of " + path.string() + "; try again");
    }
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(pause * 2, longest_pause);
  }
}

// Not blocking: a FIFO in the file's place must not hang us.
UniqueFd open_state(const filesystem::path& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) throw StateFileError(path.string() + ": there is no such file");
  if (!file) fail("cannot open", path);
  return file;
}

struct stat status_of(const UniqueFd& file, const filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("cannot look at", path);
  if (!S_ISREG(status.st_mode)) throw StateFileError(path.string() + ": this is not a regular file");
  return status;
}

filesystem::path resolved(const filesystem::path& file) {
  std::error_code error;
  filesystem::path path = filesystem::canonical(file, error);
  if (error) throw StateFileError(file.string() + ": " + error.message());
  return path;
}

// Throws where the file is not there, for which no lock is to be made.
filesystem::path lock_of_present(const filesystem::path& file) {
  static_cast<void>(resolved(file));
  return file.string() + ".lock";
}

bool is_same_file(const struct stat& left, const struct stat& right) {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

bool is_same_content(const struct stat& left, const struct stat& right) {
  return left.st_size == right.st_size && left.st_mtim.tv_sec == right.st_mtim.tv_sec &&
         left.st_mtim.tv_nsec == right.st_mtim.tv_nsec;
}

std::string read_all(const UniqueFd& file, const filesystem::path& path, std::size_t expected) {
  if (expected > maximum_size) throw StateFileError(path.string() + ": this is too large for a state file");
  std::string text(expected, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  return text;
}

void write_all(const UniqueFd& file, std::string_view text, const filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(file.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail("cannot write", path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

void sync_directory(const filesystem::path& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!directory || ::fsync(directory.get()) != 0) fail("cannot sync", path);
}

// Of a file owned by somebody else, in a directory that we share with him, we can keep only the group.
void keep_owner_and_mode(const UniqueFd& file, const struct stat& model, const filesystem::path& path) {
  if (::fchown(file.get(), model.st_uid, model.st_gid) != 0 && ::fchown(file.get(), uid_t(-1), model.st_gid) != 0 &&
      errno != EPERM) {
    fail("cannot give away", path);
  }
  if (::fchmod(file.get(), model.st_mode & 07777) != 0) fail("cannot set the mode of", path);
}

}  // namespace

LockedStateFile::LockedStateFile(const filesystem::path& file, Clock::time_point deadline)
    : lock_path_(lock_of_present(file)), lock_(open_lock()) {
  take_lock(lock_.get(), lock_path_, deadline);
  file_path_ = resolved(file);
  lock_current_file(deadline);
  // Dotted and of a fixed name: what a crash leaves is in nobody's way, and is replaced the next time.
  temporary_path_ = file_path_.parent_path() / ("." + file_path_.filename().string() + ".statusfs-new");
  known_ = status_of(file_, file_path_);
  text_ = read_all(file_, file_path_, static_cast<std::size_t>(known_.st_size));
}

// Opened before it is made, because a sticky directory refuses O_CREAT for another user's file.
UniqueFd LockedStateFile::open_lock() const {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  while (true) {
    if (UniqueFd lock{::open(lock_path_.c_str(), flags)}) return lock;
    if (errno != ENOENT) fail("cannot open", lock_path_);
    if (UniqueFd lock{::open(lock_path_.c_str(), flags | O_CREAT | O_EXCL, 0644)}) return lock;
    if (errno != EEXIST) fail("cannot create", lock_path_);
  }
}

void LockedStateFile::lock_current_file(Clock::time_point deadline) {
  while (true) {
    file_ = open_state(file_path_);
    take_lock(file_.get(), file_path_, deadline);
    struct stat there {};
    if (::stat(file_path_.c_str(), &there) == 0 && is_same_file(there, status_of(file_, file_path_))) return;
  }
}

bool LockedStateFile::is_unchanged() const {
  struct stat there {};
  return ::lstat(file_path_.c_str(), &there) == 0 && is_same_file(there, known_) && is_same_content(there, known_);
}

UniqueFd LockedStateFile::write_temporary(std::string_view text) const {
  ::unlink(temporary_path_.c_str());
  UniqueFd temporary(::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!temporary) fail("cannot create", temporary_path_);
  keep_owner_and_mode(temporary, known_, temporary_path_);
  write_all(temporary, text, temporary_path_);
  if (::fsync(temporary.get()) != 0) fail("cannot sync", temporary_path_);
  return temporary;
}

void LockedStateFile::replace(std::string_view text) {
  try {
    write_temporary(text);
    if (!is_unchanged()) {
      throw Rejection(Cause::busy, file_path_.string() + " was changed by a program that does not take its lock");
    }
    if (::rename(temporary_path_.c_str(), file_path_.c_str()) != 0) fail("cannot replace", file_path_);
  } catch (...) {
    ::unlink(temporary_path_.c_str());
    throw;
  }
  sync_directory(file_path_.parent_path());
}

}  // namespace statusfs
