#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/file_commands.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/file_names.hpp"
#include "fs/unique_fd.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "mapping/tree/node_text.hpp"

namespace statusfs {
namespace {

using std::chrono::steady_clock;

class FieldError : public CommandError {
 public:
  FieldError(const std::string& path, int error_number)
      : CommandError(ExitStatus::unusable, path + ": " + std::strerror(error_number)), error_number_(error_number) {}
  int error_number() const noexcept { return error_number_; }

 private:
  int error_number_;
};

[[noreturn]] void fail(const std::string& path) { throw FieldError(path, errno); }

bool is_in_mount(const std::string& path) {
  struct statfs status {};
  return statfs(path.c_str(), &status) == 0 && status.f_type == FUSE_SUPER_MAGIC;
}

// Fields say where they lie; views and pages do not, but nobody may write them, as scratch files. What is told about
// the mount, and the history, stand in directories that are not listed.
bool is_field(const std::string& path) {
  struct stat status {};
  if (getxattr(path.c_str(), "user.statusfs.pointer", nullptr, 0) >= 0) return true;
  std::error_code error;
  const auto directory = std::filesystem::canonical(path, error).parent_path().filename().string();
  return !directory.starts_with('.') && stat(path.c_str(), &status) == 0 && (status.st_mode & S_IWUSR) == 0;
}

// The mount's directory of what is no field: a status file, or that directory itself.
std::optional<std::string> shown_directory_of(const std::string& argument) {
  std::error_code error;
  if (is_in_mount(argument)) return argument;
  const bool may_be_status_file = !std::filesystem::exists(argument, error) ||
                                  std::filesystem::is_directory(argument, error) ||
                                  stem_of(std::filesystem::path(argument).filename().string());
  if (!may_be_status_file) return std::nullopt;
  const auto targets = status_targets(argument);
  const auto place = targets.size() == 1 ? shown_place(targets.front(), MountUse::reading) : std::nullopt;
  return place ? std::optional(place->directory) : std::nullopt;
}

// The file of a mount whose changes are meant: the field itself, or the whole of a status file.
std::string watched_path(const std::string& argument) {
  std::error_code error;
  const bool is_file = is_in_mount(argument) && !std::filesystem::is_directory(argument, error);
  if (is_file && is_field(argument)) return argument;
  const auto directory = is_file ? std::nullopt : shown_directory_of(argument);
  const std::string whole = directory.value_or("") + "/" + whole_file_view(*default_mapping())->name;
  if (!directory || !is_in_mount(whole))
    throw CommandError(ExitStatus::unusable, argument + ": is neither a field in a mount nor a mounted status file");
  return whole;
}

UniqueFd open_field(const std::string& path) {
  UniqueFd handle(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (handle.get() < 0) fail(path);
  return handle;
}

// The text without the newline at its end.
std::string read_value(const UniqueFd& handle, const std::string& path) {
  std::string text;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = read(handle.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(count));
  if (count < 0) fail(path);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

class Deadline {
 public:
  explicit Deadline(std::optional<double> seconds) {
    constexpr double longest = 1e9;  // seconds: what is more, and what is no number, is as good as for ever
    if (!seconds) return;
    const double bounded = std::min(longest, *seconds);
    end_ = steady_clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(bounded * 1000));
  }
  // For poll(2), in milliseconds; long waits come in several.
  int remaining() const {
    constexpr std::int64_t longest = 3600 * 1000;
    if (!end_) return longest;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_ - steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, longest));
  }
  bool is_over() const { return end_ && steady_clock::now() >= *end_; }

 private:
  std::optional<steady_clock::time_point> end_;
};

// False when the time is over.
bool await_change(const UniqueFd& handle, const std::string& path, const Deadline& deadline) {
  while (true) {
    pollfd wanted{handle.get(), POLLPRI, 0};
    const int count = poll(&wanted, 1, deadline.remaining());
    if (count < 0 && errno != EINTR) fail(path);
    if (count > 0 && (wanted.revents & POLLPRI)) return true;
    if (count > 0) throw CommandError(ExitStatus::unusable, path + ": its mount has ended");
    if (deadline.is_over()) return false;
  }
}

// To be read after a change: whoever took a removal for one would read what is not there.
std::string read_changed_value(UniqueFd& handle, const std::string& path) {
  try {
    // Opened anew: a whole file's handle keeps the version that it has read.
    handle = open_field(path);
    return read_value(handle, path);
  } catch (const FieldError& error) {
    if (error.error_number() != ENOENT) throw;
    throw CommandError(ExitStatus::unusable, path + ": is gone; it was removed while its change was waited for");
  }
}

}  // namespace

ExitStatus wait_command(const std::string& argument, const std::optional<std::string>& until,
                        std::optional<double> timeout) {
  const std::string path = watched_path(argument);
  const Deadline deadline(timeout);
  UniqueFd handle = open_field(path);
  if (until && read_value(handle, path) == *until) return ExitStatus::done;
  std::string value;
  do {
    if (!await_change(handle, path, deadline)) return ExitStatus::time_is_over;
    value = read_changed_value(handle, path);
  } while (until && value != *until);
  return ExitStatus::done;
}

}  // namespace statusfs
