// The journal of one status file: lines that were acknowledged, on the disk.
//
// Invariant: the bytes before end() are whole lines, each of them synced before its append() returned done. What stands
// behind end() was never acknowledged.
//
// Thread safety: one thread at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "fs/store/local/backward_reader.hpp"
#include "fs/store/local/files.hpp"
#include "fs/store/local/journal_reader.hpp"
#include "fs/store/local/side_file.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// Another process writes this status file. what() names it.
class JournalHeld : public std::runtime_error {
 public:
  JournalHeld(const std::string& path, std::optional<pid_t> holder);
  std::optional<pid_t> holder() const noexcept { return holder_; }

 private:
  std::optional<pid_t> holder_;
};

class JournalFile {
 public:
  enum class Access { read_only, exclusive };

  /// nullptr when there is none. exclusive: takes the lock that lasts as long as the object, waiting up to `allowed`;
  /// JournalHeld after that. Throws std::system_error, ETXTBSY where a program that takes no lock is writing it, as one
  /// that copies it here: what is there is not all of it.
  static std::unique_ptr<JournalFile> open(Files& files, const std::string& path, Access access,
                                           std::chrono::milliseconds allowed);
  /// A new journal with one line, locked and on the disk under a temporary name until publish(). Throws
  /// std::system_error.
  static std::unique_ptr<JournalFile> create(Files& files, const std::string& path, std::string_view line,
                                             const FileStatus& like);
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  /// Gives a created journal its name, durably. Throws std::system_error, EEXIST when there is a journal by now.
  void publish();

  std::uint64_t end() const noexcept { return end_; }
  std::optional<std::string> last_line();
  /// What the last line says if it is the first one, too, and so long that reading and hashing it can be felt: a whole
  /// document. Its hash is not looked at, nor whether there are lines in between. Asked once after opening.
  std::optional<ChainHead> head_of_single_line();
  /// The version of the first line, read from its beginning; nothing where it does not begin like a record.
  std::optional<std::uint64_t> first_version();
  /// Bytes of the first line with its newline; 0 where there is none.
  std::uint64_t first_line_size();
  JournalReader read() { return {file(), end_}; }
  /// Its lines from `begin` on, which is where one begins.
  std::string text_from(std::uint64_t begin);
  BackwardReader read_backwards() { return {file(), end_}; }
  FileStatus status() { return file().status(); }
  void take_attributes(const FileStatus& like) { match_attributes(file(), writable_again(like)); }

  /// Cuts off what stood behind the last whole line when it was opened: what a crash left of a write. How many bytes.
  /// Throws std::system_error.
  std::uint64_t drop_torn_tail();

  /// Adds lines, each with its newline: one write and one fdatasync. no_space, quota, too_large: the file is as before,
  /// durably. failed: the outcome is unknown, and nothing is appended any more until replace_by_copy().
  StoreResult append(std::string_view lines);
  bool has_failed() const noexcept { return failed_; }

  /// Whether the journal's name still stands for this file, and the file ends where it should.
  bool is_in_place();
  /// Nothing may be acknowledged before this was called since the journal was opened: whoever gave it its name may have
  /// died before the directory was on the disk. Throws std::system_error, and has failed then.
  void make_name_durable();
  bool has_own_length() { return file().status().size == end_; }

  /// Writes the acknowledged lines to a new file that takes the journal's name, so that nothing rests on pages whose
  /// writing failed, or on a file that lost its name. Another file of that name is kept aside; its new name, or empty.
  /// Throws std::system_error.
  std::string replace_by_copy();

  /// Puts a journal with this one line in the journal's place, locked. Returns the file that stood there: to close it
  /// frees its blocks, which takes the longer the more it has. Precondition: is_in_place(). Throws std::system_error:
  /// it stands as it was, or has failed.
  std::unique_ptr<File> replace_by_line(std::string_view line);
  const std::string& path() const noexcept { return path_; }
  Files& files() const noexcept { return files_; }  ///< where it stands

 private:
  JournalFile(Files& files, std::string path);

  File& file() noexcept { return file_ ? *file_ : unpublished_->file(); }
  std::unique_ptr<File> take_name(Temporary& next);

  std::string read_beginning(std::size_t bytes);
  void write_all(std::string_view lines);
  void sync_once();
  StoreResult take_back(StoreResult cause);
  void copy_lines_to(File& copy);
  std::string keep_stranger_aside();

  Files& files_;
  std::string path_;
  std::unique_ptr<File> file_;  ///< nullptr before publish()
  std::optional<Temporary> unpublished_;
  std::uint64_t end_ = 0;
  std::uint64_t size_at_open_ = 0;
  std::uint64_t first_line_size_ = 0;     ///< 0: not asked for yet
  std::optional<std::string> last_line_;  ///< seen when it was opened, and neither asked for nor followed since
  std::string part_of_line_;              ///< the same: of one that was not seen as a whole, the last bytes
  bool failed_ = false;
  bool name_is_durable_ = false;
};

}  // namespace statusfs
