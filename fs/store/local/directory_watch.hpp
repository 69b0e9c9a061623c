// Tells which names of a directory other programs (and we) changed. One for a mount.
//
// Not told: writing by a program that keeps its file open; it is told when that file is closed. Each append to our own
// journals would wake us otherwise, and what is half written is of no use to anybody.
//
// It is the path that is watched: a directory that takes the name of one that was removed or moved, or whose parents
// were, or over which something is mounted, is watched from then on, half a second later at most.
//
// Thread safety: the constructor and destructor by one thread; the callback runs on a thread of the watch, with no lock
// held.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "fs/unique_fd.hpp"

namespace statusfs {

class DirectoryWatch {
 public:
  /// The name in the directory; empty when anything may have changed: too many changes at once, or the directory itself
  /// was moved, removed or made anew.
  using Callback = std::function<void(const std::string& name)>;

  /// Throws std::system_error.
  DirectoryWatch(const std::string& directory, Callback callback);
  /// Returns when the callback runs no more. Must not be called by it.
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  int add_watch() const;
  void watch_parents() const;
  int milliseconds_left() const;
  void run();
  void tell(const char* begin, const char* end);
  void become_certain_soon();
  void make_certain();

  const std::string directory_;
  const Callback callback_;
  UniqueFd inotify_;
  UniqueFd stop_;    ///< an eventfd
  UniqueFd mounts_;  ///< tells that something is mounted or unmounted; none where there is no /proc

  // The thread's own.
  int watch_ = -1;                               ///< of what the path named last; -1: of nothing
  std::optional<Clock::time_point> certain_by_;  ///< when it is seen whether the path still names that; none: it does

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace statusfs
