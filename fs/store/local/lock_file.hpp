// The lock beside a status file, which programs take that change it.
//
// It is waited for inside flock(2), by a thread of its own, and not by polling: against a program that lets go and
// takes it again at once, polling each 0.2 ms got nothing in 3 s where the kernel's queue took 0.2 s. A wait
// that ran out of time keeps its place in the queue for the next attempt, and lets go at once if its turn comes before
// that.
//
// Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "fs/store/local/files.hpp"

namespace statusfs {

class LockWaiter;

/// The file, locked, or nullptr when the deadline passed first: waited for in the kernel's queue, too. Throws
/// std::system_error.
std::unique_ptr<File> lock_in_queue(std::unique_ptr<File> file, std::chrono::steady_clock::time_point deadline);

class LockFile {
 public:
  LockFile(Files& files, std::string path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  /// Whether the lock is held when it returns, after `allowed` at most. The file is made, with owner and mode of
  /// `like`, where there is none. Throws std::system_error.
  bool acquire(std::chrono::milliseconds allowed, const FileStatus& like);
  void release() noexcept;
  /// Gives a lock that is held the owner and mode of `like`; one that is not held takes them when it is.
  void take_attributes(const FileStatus& like);
  bool is_held() const noexcept { return held_ != nullptr; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  std::unique_ptr<File> open_or_create(const FileStatus& like);
  bool is_current(const FileStatus& locked);
  /// The locked file, or nullptr when the time is over.
  std::unique_ptr<File> wait_for(std::unique_ptr<File> file, Deadline deadline);
  std::unique_ptr<File> join_waiter(Deadline deadline);

  Files& files_;
  std::string path_;
  std::unique_ptr<File> held_;
  std::shared_ptr<LockWaiter> waiter_;  ///< still waiting since an earlier acquire()
  FileStatus waited_for_;               ///< the file that it waits for
};

}  // namespace statusfs
