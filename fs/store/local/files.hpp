// Every operation on files that the local store makes, so that tests can fail, tear or drop each of them.
//
// All of them throw std::system_error with the errno and the path; what is not there is a normal answer where the
// comment says so.
//
// Thread safety: a Files may be used by any number of threads; a File by one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace statusfs {

struct FileStatus {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  ///< since 1970
  mode_t mode = 0;               ///< permission bits only
  uid_t owner = 0;
  gid_t group = 0;
  nlink_t links = 0;
  bool is_regular = false;

  bool is_same_file(const FileStatus& other) const noexcept { return device == other.device && inode == other.inode; }
  bool has_same_attributes(const FileStatus& other) const noexcept {
    return mode == other.mode && owner == other.owner && group == other.group;
  }
  /// Whether nobody wrote between the two.
  bool is_same_content(const FileStatus& other) const noexcept {
    return is_same_file(other) && size == other.size && modified_ns == other.modified_ns;
  }
};

/// An open regular file.
class File {
 public:
  virtual ~File() = default;

  /// Fills the buffer, less only where the file ends. How many bytes were read.
  virtual std::size_t read_at(std::span<char> buffer, std::uint64_t offset) = 0;
  /// One pwrite(2), which may write less than it was given. How many bytes were written.
  virtual std::size_t write_at(std::string_view bytes, std::uint64_t offset) = 0;
  virtual void truncate(std::uint64_t size) = 0;
  virtual void sync() = 0;       ///< fsync(2)
  virtual void sync_data() = 0;  ///< fdatasync(2)
  virtual FileStatus status() = 0;

  virtual void set_mode(mode_t mode) = 0;
  /// Changes what the process has the right to change; the rest stays, without an error.
  virtual void set_owner(uid_t owner, gid_t group) = 0;
  /// Sets the time of the last change to the clock's full resolution. The kernel's own stamps move in steps of
  /// milliseconds, so that two writes may bear the same one; after this call any later write shows.
  virtual void mark_modified() = 0;

  /// flock(LOCK_EX | LOCK_NB). Whether it was got. The lock ends with the File.
  virtual bool try_lock() = 0;
  /// flock(LOCK_EX): waits for ever.
  virtual void lock() = 0;
};

class Files {
 public:
  enum class Open { read, write, create };

  virtual ~Files() = default;

  /// read: for reading only. write: for reading and writing. Both: nullptr when there is no such file. create: a new
  /// file for reading and writing, mode 0600; EEXIST when the name is taken. Links are not followed (ELOOP) and other
  /// things than regular files are refused (EINVAL) without waiting for them.
  virtual std::unique_ptr<File> open(const std::string& path, Open how) = 0;

  /// Of what the name itself stands for, links not followed; nothing when there is none.
  virtual std::optional<FileStatus> status(const std::string& path) = 0;
  /// The path without any links in it; nothing when it leads nowhere.
  virtual std::optional<std::string> resolve(const std::string& path) = 0;
  /// What a symbolic link says; nothing when the name stands for no link.
  virtual std::optional<std::string> read_link(const std::string& /*path*/) { return std::nullopt; }

  virtual void rename(const std::string& from, const std::string& to) = 0;
  /// EEXIST when `to` is taken.
  virtual void rename_new(const std::string& from, const std::string& to) = 0;
  /// Swaps two names in one step. EINVAL or ENOSYS where the file system cannot; ENOENT when one of them is missing.
  virtual void exchange(const std::string& one, const std::string& other) = 0;
  /// Another name for the same file. EEXIST when it is taken.
  virtual void link(const std::string& path, const std::string& name) = 0;
  /// False when there was none.
  virtual bool unlink(const std::string& path) = 0;
  /// A directory of the owner and group of `like`, searchable for whom its mode lets read; nothing where there is one
  /// already. ENOTDIR where the name is taken by something else.
  virtual void make_directory(const std::string& path, const FileStatus& like) = 0;
  /// Whether a process, this one included, has the file open to write it: it may be in the middle of that. False where
  /// the system does not tell.
  virtual bool is_being_written(const std::string& /*path*/) { return false; }
  /// Whether the process may make, rename and remove files in the directory.
  virtual bool may_change(const std::string& /*directory*/) { return true; }
  /// The names in a directory, in no order; none where there is no such directory.
  virtual std::vector<std::string> names_in(const std::string& directory) = 0;
  /// fsync(2) of a directory: what was renamed, linked or unlinked in it stays so.
  virtual void sync_directory(const std::string& path) = 0;
};

/// The directory a path is in, as a path: "." for a bare name.
std::string directory_of(const std::string& path);
/// What follows the last slash.
std::string name_of_path(const std::string& path);
/// Whether the path is that of something in the directory or below it. Both are without links.
bool is_inside(std::string_view path, std::string_view directory);

}  // namespace statusfs
