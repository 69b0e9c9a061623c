// The directory that a file was opened in, which another one may have taken the name of since.
#pragma once

#include <optional>
#include <string>

#include "fs/store/local/files.hpp"

namespace statusfs {

/// What is written to a path late belongs in the directory that the path led to at first, and in no other.
///
/// Directories are told apart by their inode numbers. One that was removed is not taken for another as long as somebody
/// has a file open that was in it, as a store has its journal: until then the kernel gives its number to no other.
///
/// Thread safety: any thread.
class OpenedDirectory {
 public:
  /// The directory that the path leads to now. One that cannot be seen is never displaced. `files` must outlive this.
  OpenedDirectory(Files& files, std::string path);

  /// Whether another directory has its name now; while none has it, it is not displaced: it may come back. One call of
  /// stat(2). Throws std::system_error.
  bool is_displaced() const;

 private:
  Files& files_;
  const std::string path_;
  const std::optional<FileStatus> opened_;
};

}  // namespace statusfs
