#include "fs/store/local/plan_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "fs/store/local/posix_files.hpp"
#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

constexpr std::chrono::milliseconds settling_time(50);
constexpr std::int64_t largest_plan = std::int64_t{256} << 20;  // bytes

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
         one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec &&
         one.st_ctim.tv_sec == other.st_ctim.tv_sec && one.st_ctim.tv_nsec == other.st_ctim.tv_nsec;
}

bool is_none(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

// Anything else is not opened, which may be heard at its other end.
void require_regular(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) throw std::runtime_error("it is no regular file");
}

// As with a link in the place of a status file.
void require_inside(const std::string& path) {
  PosixFiles files;
  const auto directory = files.resolve(directory_of(path));
  const auto target = files.resolve(path);
  if (!directory || !target || !is_inside(*target, *directory))
    throw std::runtime_error("it is a link that leads out of its directory; one to a file there or below is followed");
}

bool is_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

std::string content_of(int file, const struct stat& status) {
  require_regular(status);
  if (status.st_size > largest_plan) throw std::runtime_error("it is larger than 256 MiB");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file, text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category());
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

// What was there when a plan was read, and whether it still is.
class ReadStatus {
 public:
  ReadStatus(std::string path, std::chrono::system_clock::time_point read_at)
      : path_(std::move(path)), read_at_(read_at) {}

  void set(const struct stat& status) { status_ = status; }

  bool is_unchanged() const {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) return !status_ && is_none(errno);
    // The kernel's stamps move in steps: what was changed shortly before it was read may have been changed after that.
    const auto changed = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
    const bool was_settled = changed + settling_time < read_at_.time_since_epoch();
    return status_ && was_settled && is_same(*status_, status);
  }

 private:
  std::string path_;
  std::chrono::system_clock::time_point read_at_;
  std::optional<struct stat> status_;  // nothing when there was none
};

}  // namespace

PlanReading read_plan_file(const std::string& path) {
  PlanReading reading;
  reading.path = path;
  ReadStatus read_status(path, std::chrono::system_clock::now());
  struct stat status {};
  try {
    if (::stat(path.c_str(), &status) == 0) {
      read_status.set(status);
      if (is_link(path)) require_inside(path);
      require_regular(status);
      const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
      if (file.get() < 0 || ::fstat(file.get(), &status) != 0) throw std::system_error(errno, std::generic_category());
      read_status.set(status);
      reading.text = content_of(file.get(), status);
    } else if (!is_none(errno)) {
      throw std::system_error(errno, std::generic_category());
    }
  } catch (const std::exception& error) {
    reading.failure = error.what();
  }
  reading.is_unchanged = [read_status] { return read_status.is_unchanged(); };
  return reading;
}

std::optional<std::string> read_plan_text(const std::string& path) {
  PlanReading reading = read_plan_file(path);
  if (!reading.failure.empty()) throw std::runtime_error(reading.failure);
  return std::move(reading.text);
}

}  // namespace statusfs
