#include "fs/store/local/posix_files.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <system_error>
#include <thread>

#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::system_category(), what);
}

/// Repeats a call that a signal interrupted.
template <typename Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Nanoseconds since 1970, the nearest that can be said: they end in the year 2262.
std::int64_t nanoseconds_of(const struct timespec& time) {
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / second - 1;
  return std::clamp(std::int64_t{time.tv_sec}, -latest, latest) * second + time.tv_nsec;
}

/// As far as the process may give it away: the group alone where the owner stays.
void give_to(int descriptor, uid_t owner, gid_t group, const std::string& path) {
  const auto is_denied = [](int error) { return error == EPERM || error == EINVAL; };  // EINVAL: no such id here
  if (::fchown(descriptor, owner, group) == 0) return;
  if (!is_denied(errno)) fail(errno, "changing the owner of " + path);
  if (::fchown(descriptor, static_cast<uid_t>(-1), group) == 0) return;
  if (!is_denied(errno)) fail(errno, "changing the group of " + path);
}

FileStatus status_of(const struct stat& from) {
  FileStatus status;
  status.device = from.st_dev;
  status.inode = from.st_ino;
  status.size = static_cast<std::uint64_t>(from.st_size);
  status.modified_ns = nanoseconds_of(from.st_mtim);
  status.mode = from.st_mode & 07777;
  status.owner = from.st_uid;
  status.group = from.st_gid;
  status.links = from.st_nlink;
  status.is_regular = S_ISREG(from.st_mode);
  return status;
}

class PosixFile final : public File {
 public:
  PosixFile(UniqueFd descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
    std::size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t got = retried([&] {
        return ::pread(descriptor_.get(), buffer.data() + done, buffer.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) fail(errno, "reading " + path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  std::size_t write_at(std::string_view bytes, std::uint64_t offset) override {
    const ssize_t done =
        retried([&] { return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (done < 0) fail(errno, "writing " + path_);
    return static_cast<std::size_t>(done);
  }

  void truncate(std::uint64_t size) override {
    check(retried([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); }), "truncating ");
  }

  // A failed fsync is never repeated, EINTR included: the kernel may have dropped the pages by then.
  void sync() override { check(::fsync(descriptor_.get()), "syncing "); }
  void sync_data() override { check(::fdatasync(descriptor_.get()), "syncing "); }

  FileStatus status() override {
    struct stat status {};
    check(::fstat(descriptor_.get(), &status), "looking at ");
    return status_of(status);
  }

  void set_mode(mode_t mode) override { check(::fchmod(descriptor_.get(), mode), "changing the mode of "); }

  void set_owner(uid_t owner, gid_t group) override { give_to(descriptor_.get(), owner, group, path_); }

  void mark_modified() override {
    // Not UTIME_NOW, which is as coarse as the kernel's own stamps.
    struct timespec times[2] = {{0, UTIME_OMIT}, {}};
    ::clock_gettime(CLOCK_REALTIME, &times[1]);
    check(::futimens(descriptor_.get(), times), "stamping ");
  }

  bool try_lock() override {
    if (retried([&] { return ::flock(descriptor_.get(), LOCK_EX | LOCK_NB); }) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    fail(errno, "locking " + path_);
  }

  void lock() override {
    check(retried([&] { return ::flock(descriptor_.get(), LOCK_EX); }), "locking ");
  }

 private:
  void check(int result, const char* what) const {
    if (result < 0) fail(errno, what + path_);
  }

  UniqueFd descriptor_;
  std::string path_;
};

int flags_of(Files::Open how) {
  // O_NONBLOCK: a FIFO put in the file's place must not hold us up before it is recognised.
  constexpr int always = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  switch (how) {
    case Files::Open::read:
      return always | O_RDONLY;
    case Files::Open::write:
      return always | O_RDWR;
    case Files::Open::create:
      return always | O_RDWR | O_CREAT | O_EXCL;
  }
  return always;
}

/// Does not wait for what stands in the file's place, but for the end of a lease (is_being_written()), which keeps out
/// who does not wait, and is short.
int open_file(const std::string& path, Files::Open how) {
  constexpr int attempts = 200;
  for (int attempt = 1;; ++attempt) {
    const int descriptor = retried([&] { return ::open(path.c_str(), flags_of(how), 0600); });
    if (descriptor >= 0 || errno != EWOULDBLOCK || attempt == attempts) return descriptor;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void rename_with(const std::string& from, const std::string& to, unsigned flags) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) < 0)
    fail(errno, "renaming " + from + " to " + to);
}

}  // namespace

std::unique_ptr<File> PosixFiles::open(const std::string& path, Open how) {
  UniqueFd descriptor(open_file(path, how));
  if (!descriptor) {
    if (errno == ENOENT && how != Open::create) return nullptr;
    fail(errno, "opening " + path);
  }
  auto file = std::make_unique<PosixFile>(std::move(descriptor), path);
  if (!file->status().is_regular) fail(EINVAL, path + " is not a regular file");
  return file;
}

std::optional<FileStatus> PosixFiles::status(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return status_of(status);
  if (errno == ENOENT) return std::nullopt;
  fail(errno, "looking at " + path);
}

std::optional<std::string> PosixFiles::resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
  if (resolved) return std::string(resolved.get());
  if (errno == ENOENT) return std::nullopt;
  fail(errno, "resolving " + path);
}

std::optional<std::string> PosixFiles::read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length >= 0) return target.substr(0, static_cast<std::size_t>(length));
  if (errno == ENOENT || errno == EINVAL) return std::nullopt;
  fail(errno, "reading the link " + path);
}

void PosixFiles::rename(const std::string& from, const std::string& to) { rename_with(from, to, 0); }

void PosixFiles::rename_new(const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) fail(errno, "renaming " + from + " to " + to);
  link(from, to);  // the file system does not know the flag
  unlink(from);
}

void PosixFiles::exchange(const std::string& one, const std::string& other) {
  rename_with(one, other, RENAME_EXCHANGE);
}

void PosixFiles::link(const std::string& path, const std::string& name) {
  if (::link(path.c_str(), name.c_str()) < 0) fail(errno, "linking " + path + " as " + name);
}

bool PosixFiles::unlink(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  fail(errno, "removing " + path);
}

void PosixFiles::make_directory(const std::string& path, const FileStatus& like) {
  const mode_t mode = like.mode | ((like.mode & 0444) >> 2);
  if (::mkdir(path.c_str(), 0700) == 0) {
    try {
      const UniqueFd directory(
          retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }));
      if (!directory) fail(errno, "opening " + path);
      give_to(directory.get(), like.owner, like.group, path);
      if (::fchmod(directory.get(), mode) != 0) fail(errno, "changing the mode of " + path);
    } catch (const std::system_error&) {
      ::rmdir(path.c_str());  // one that stands is taken for whole
      throw;
    }
    return;
  }
  if (errno != EEXIST) fail(errno, "making " + path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) fail(errno, "looking at " + path);
  if (!S_ISDIR(status.st_mode)) fail(ENOTDIR, path);
}

// A lease to read is refused while anybody may write. Whoever wants to write while we have it waits until it is given
// back, and we are sent a signal, which is one that nobody minds.
bool PosixFiles::is_being_written(const std::string& path) {
  const UniqueFd descriptor(retried([&] { return ::open(path.c_str(), flags_of(Open::read)); }));
  if (!descriptor || ::fcntl(descriptor.get(), F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(descriptor.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  ::fcntl(descriptor.get(), F_SETLEASE, F_UNLCK);
  return false;
}

bool PosixFiles::may_change(const std::string& directory) {
  return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

std::vector<std::string> PosixFiles::names_in(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return {};
  std::vector<std::string> names;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) fail(error.value(), "listing " + directory);
  return names;
}

void PosixFiles::sync_directory(const std::string& path) {
  const UniqueFd descriptor(retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!descriptor) fail(errno, "opening " + path);
  if (::fsync(descriptor.get()) < 0) fail(errno, "syncing " + path);
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of_path(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool is_inside(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         (directory == "/" || path[directory.size()] == '/');
}

}  // namespace statusfs
