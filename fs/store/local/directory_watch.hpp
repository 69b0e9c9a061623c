// Tells which names of a directory other programs (and we) changed. One for a mount.
//
// Not told: writing by a program that keeps its file open; it is told when that file is closed. Each append to our own
// journals would wake us otherwise, and what is half written is of no use to anybody.
//
// Thread safety: the constructor and destructor by one thread; the callback runs on a thread of the watch, with no lock
// held.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "fs/unique_fd.hpp"

namespace statusfs {

class DirectoryWatch {
 public:
  /// The name in the directory; empty when anything may have changed: too many changes at once, or the directory itself
  /// was moved or removed.
  using Callback = std::function<void(const std::string& name)>;

  /// Throws std::system_error.
  DirectoryWatch(const std::string& directory, Callback callback);
  /// Returns when the callback runs no more. Must not be called by it.
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  void run();
  void tell(const char* begin, const char* end);

  const Callback callback_;
  UniqueFd inotify_;
  UniqueFd stop_;  ///< an eventfd
  std::thread thread_;
};

}  // namespace statusfs
