#include "fs/store/local/directory_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace statusfs {
namespace {

constexpr std::uint32_t of_names = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE;
constexpr std::uint32_t of_directory = IN_DELETE_SELF | IN_MOVE_SELF;
// Whoever removes a directory removes the names in it first. That it is gone is not told while a process is in it.
constexpr std::uint32_t of_ending = IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;
constexpr std::chrono::milliseconds until_certain{500};

UniqueFd checked(int descriptor, const std::string& what) {
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), what);
  return UniqueFd(descriptor);
}

}  // namespace

DirectoryWatch::DirectoryWatch(const std::string& directory, Callback callback)
    : directory_(directory),
      callback_(std::move(callback)),
      inotify_(checked(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify")),
      stop_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      mounts_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) {
  watch_ = add_watch();
  if (watch_ < 0) throw std::system_error(errno, std::system_category(), "watching " + directory);
  watch_parents();
  thread_ = std::thread([this] { run(); });
}

int DirectoryWatch::add_watch() const {
  return ::inotify_add_watch(inotify_.get(), directory_.c_str(), of_names | of_directory | IN_ONLYDIR);
}

// That they go elsewhere is all that is told of them. One that may not be watched is passed over.
void DirectoryWatch::watch_parents() const {
  const std::filesystem::path directory(directory_);
  for (auto parent = directory.parent_path(); parent.has_relative_path(); parent = parent.parent_path())
    ::inotify_add_watch(inotify_.get(), parent.c_str(), of_directory | IN_ONLYDIR);
}

DirectoryWatch::~DirectoryWatch() {
  const std::uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

/// -1: no time is set.
int DirectoryWatch::milliseconds_left() const {
  if (!certain_by_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*certain_by_ - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

void DirectoryWatch::run() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  // A change of the mounts is POLLPRI, and told once; a descriptor of -1 is passed over.
  std::array<pollfd, 3> waits{{{inotify_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}}};
  for (;;) {
    const int ready = ::poll(waits.data(), waits.size(), milliseconds_left());
    if (ready < 0 && errno != EINTR) return;
    if (ready < 0) continue;
    if (waits[1].revents != 0) return;
    if (waits[2].revents != 0) become_certain_soon();
    if (certain_by_ && Clock::now() >= *certain_by_) make_certain();
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got > 0) tell(buffer.data(), buffer.data() + got);
  }
}

void DirectoryWatch::tell(const char* begin, const char* end) {
  std::string last;
  bool is_first = true;
  while (begin < end) {
    inotify_event event;
    std::memcpy(&event, begin, sizeof event);
    // A name is padded with zero bytes.
    const std::string name = event.len > 0 ? std::string(begin + sizeof event) : std::string();
    begin += sizeof event + event.len;
    if (event.mask & of_ending) become_certain_soon();
    if (event.wd != watch_ && (event.mask & IN_Q_OVERFLOW) == 0)
      continue;  // of a parent, or of what is watched no more
    if (event.mask & IN_IGNORED) watch_ = -1;
    if (!is_first && name == last) continue;  // a new file is created, written and closed
    is_first = false;
    last = name;
    callback_(name);
  }
}

void DirectoryWatch::become_certain_soon() {
  if (!certain_by_) certain_by_ = Clock::now() + until_certain;
}

/// A directory that is watched already keeps its number; another one of the path has a new one.
void DirectoryWatch::make_certain() {
  const int known = watch_;
  watch_ = add_watch();
  watch_parents();
  certain_by_.reset();
  if (watch_ < 0) certain_by_ = Clock::now() + until_certain;
  if (watch_ == known) return;
  if (known >= 0) ::inotify_rm_watch(inotify_.get(), known);
  callback_({});
}

}  // namespace statusfs
