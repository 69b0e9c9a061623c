// The JSON file: read by everybody, replaced as a whole, and never over something that is not known.
//
// A new version is staged beside the file, then takes its name by an exchange of names. What the exchange brought
// out is looked at: unless it is the file that was known, or says the same, it is kept as <file>.foreign-<n>.
//
// Thread safety: is_untouched() from any thread; the others by one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fs/store/local/files.hpp"

namespace statusfs {

class SnapshotFile {
 public:
  /// What stands under the file's name.
  struct Content {
    enum class State { missing, unreadable, present };
    State state = State::missing;
    std::string text;       ///< of present
    std::string reason;     ///< of unreadable: a link that leads out of the directory, no regular file, no permission
    bool may_pass = false;  ///< the reason (outcome.hpp)
    FileStatus status;      ///< unless missing
  };
  /// What a replacement brought out and kept.
  struct Kept {
    std::string text;
    uid_t owner = 0;
    std::string name;  ///< without the directory
  };
  using IsOurs = std::function<bool(const std::string& text)>;
  using IsRemoved = std::function<bool()>;

  /// `path` may be a symbolic link to a file that is in the same directory or below it.
  SnapshotFile(Files& files, std::string path);

  /// The directory that the file itself is in: the names that replace() keeps are there.
  std::string directory();
  /// Reads the file, following the link as it is now; missing where the link leads to a file that could be made. Throws
  /// nothing for what stands there.
  Content read();
  struct Ends {
    std::string first, last;  ///< of a short file the same
    FileStatus status;        ///< of the whole file
  };
  /// At most so many bytes from either end of the file; nothing where it cannot be read.
  std::optional<Ends> read_ends(std::size_t bytes);

  /// This is what the next replacement may throw away; nothing: the file is missing, or what stands there must be kept.
  void set_known(std::optional<FileStatus> known);
  /// What the known file is; nothing when none is known.
  std::optional<FileStatus> status();
  /// What stands there now, whether known or not; nothing when there is nothing.
  std::optional<FileStatus> look();
  /// Owner and mode that the next version takes: those that the known file has now, or had when it was last seen;
  /// nothing when none is known. Never those of anything foreign that stands there.
  std::optional<FileStatus> attributes();
  /// Whether the file is the known one, unwritten since, or still missing when none is known; and whether a link that
  /// led there still stands.
  bool is_untouched();
  /// Whether this stands there, unwritten since, and a link that led there still stands; whatever is known.
  bool is_still(const FileStatus& status);

  /// Whether there is any use in trying: a new version is made in the file's directory.
  bool may_be_replaced();
  /// Puts a new version in the file's place, on the disk when it returns; it is the known one then. `fallback` gives
  /// owner and mode where attributes() has none. Throws std::system_error: the old version stands, or the new one does
  /// but may not survive a crash. A file that is missing is made anew unless `is_removed` says that nobody wants it:
  /// then false, and nothing is left.
  bool replace(const std::string& text, const FileStatus& fallback, const IsOurs& is_ours,
               const IsRemoved& is_removed = {});
  /// What replace() kept, also one that failed; told once.
  std::optional<Kept> take_kept();
  /// What was kept under this name, as it is now: whoever had it open may have written on. Throws nothing.
  Content read_kept(const std::string& name);

  /// What a crash left under the temporary name.
  bool has_left_over();  ///< only looks
  Content read_left_over();
  void remove_left_over();
  std::string keep_left_over();

  const std::string& path() const noexcept { return path_; }

 private:
  Content read_file(const std::string& path);
  FileStatus status_if_possible();
  /// Where the name leads.
  struct Followed {
    std::string target;              ///< the file itself
    std::optional<FileStatus> link;  ///< of the name, where it is a link
  };
  Followed follow();
  std::optional<std::string> first_name_of(const std::string& target, const std::string& directory);
  std::optional<std::string> resolve_missing();
  void set_followed(const Followed& followed);
  bool is_link_untouched();
  void stage(const std::string& text, const FileStatus& fallback);
  bool is_missing_for_good(const IsRemoved& is_removed);
  void swap();
  bool take_name();
  bool exchange_names();
  void complete_exchange();
  void dispose(const IsOurs& is_ours);
  std::string read_if_possible(const std::string& path);

  Files& files_;
  const std::string path_;
  std::optional<FileStatus> replaced_;  ///< what was known when swap() ran
  std::optional<FileStatus> staged_;    ///< set from stage() to swap()
  bool brought_out_ = false;            ///< swap() put something under the temporary name that was not disposed of yet
  std::optional<Kept> kept_;

  std::mutex mutex_;  // innermost; held while names are exchanged: nobody sees the new file with an old status. Guards
  Followed followed_;
  std::optional<FileStatus> known_;
};

}  // namespace statusfs
