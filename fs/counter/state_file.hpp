// A state file under its locks, shared with other programs that follow the same protocol.
//
// The protocol: flock(2) on FILE.lock, then on FILE, then look whether FILE is still the file that was locked; replace
// it by rename only, durable. FILE.lock comes first, because the lock on FILE goes with the file that is replaced.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "fs/unique_fd.hpp"

namespace statusfs {

/// Holds both locks from construction to destruction. Not thread-safe. Within a process, too, the second waits for the
/// first, but by polling: do not count on it.
class LockedStateFile {
 public:
  using Clock = std::chrono::steady_clock;

  /// Throws Rejection(busy) after the deadline, StateFileError where FILE is missing or no regular file, and
  /// std::system_error.
  LockedStateFile(const std::filesystem::path& file, Clock::time_point deadline);

  const std::string& text() const noexcept { return text_; }

  /// Replaces the file, which keeps its mode and, as far as we may, its owner. When it returns the new text is on disk.
  /// When it throws std::system_error, either text may be there. Throws Rejection(busy), and nothing was changed, if
  /// somebody replaced or rewrote FILE without regard to the locks. Call at most once.
  void replace(std::string_view text);

 private:
  UniqueFd open_lock() const;
  void lock_current_file(Clock::time_point deadline);
  bool is_unchanged() const;
  UniqueFd write_temporary(std::string_view text) const;

  // In the order in which they are taken.
  std::filesystem::path lock_path_;
  UniqueFd lock_;
  std::filesystem::path file_path_;  ///< links resolved: the link stays, what it leads to is replaced
  UniqueFd file_;
  struct stat known_ {};  ///< of file_, when it was read
  std::filesystem::path temporary_path_;
  std::string text_;
};

}  // namespace statusfs
