// What the files beside a status file have in common.
#pragma once

#include <string>
#include <string_view>

#include "fs/store/local/files.hpp"

namespace statusfs {

/// The name under which a new version of `path` is written before it takes its place: hidden, in the same directory.
std::string temporary_name(const std::string& path);
/// Whether a name (without directory) is one of those.
bool is_temporary_name(std::string_view name);

/// A new file of that name with the owner and mode of `like`; one that is left over is removed first.
std::unique_ptr<File> create_temporary(Files& files, const std::string& name, const FileStatus& like);

/// A new version of a file under its temporary name, which is removed unless it took the file's place: where the disk
/// is full, what is left over would keep room from everybody.
class Temporary {
 public:
  /// See create_temporary(). All of this throws std::system_error. `files` must outlive it.
  Temporary(Files& files, const std::string& path, const FileStatus& like);
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  File& file() noexcept { return *file_; }
  /// Takes the place of whatever stands there. The file, which stays open.
  std::unique_ptr<File> replace();
  /// The same where the name is free; EEXIST where it is not.
  std::unique_ptr<File> publish();

 private:
  Files& files_;
  const std::string path_;
  std::unique_ptr<File> file_;  ///< nullptr: it has its place
};

/// `like` for a file that there was not before: owned by whom the process is, and read by everybody.
FileStatus ordinary_attributes();

/// `like` for a file that is opened to be written again, as the JSON never is: its owner may.
FileStatus writable_again(FileStatus like);

/// Gives the file the owner and mode of `like`, as far as the process may.
void match_attributes(File& file, const FileStatus& like);

/// Removes a file that a process locked while it wrote it, if that process is gone.
void remove_if_unlocked(Files& files, const std::string& name);

/// Writes all of the bytes at the file's beginning and waits until they are on the disk.
void write_durably(File& file, std::string_view bytes);

/// Renames `path` to the first free `<base>.foreign-<n>`. Its name, without the directory.
std::string keep_aside(Files& files, const std::string& path, const std::string& base);

/// The whole content.
std::string read_all(File& file);

}  // namespace statusfs
