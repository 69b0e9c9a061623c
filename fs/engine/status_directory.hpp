// The status files of a SOURCE: a directory of exec_status_*.txt, or one such file.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/engine/engine_context.hpp"
#include "fs/engine/status_file.hpp"
#include "fs/store/local/directory_watch.hpp"
#include "fs/store/local/posix_files.hpp"

namespace statusfs {

class StatusDirectoryObserver : public StatusFileObserver {
 public:
  /// A status file appeared or vanished. From the watch's thread. Must not throw.
  virtual void file_appeared(const std::string& name) = 0;
  virtual void file_vanished(const std::string& name) = 0;
};

/// SOURCE as the command line names it.
struct Source {
  std::string directory;                 ///< absolute
  std::optional<std::string> only_file;  ///< file name, where SOURCE is one file
  /// Throws std::runtime_error where it is neither a directory nor a status file.
  static Source of(const std::string& path);
};

/// exec_status_125 of exec_status_125.txt; nothing for any other name.
std::optional<std::string> stem_of(std::string_view file_name);

/// Thread safety: any thread.
class StatusDirectory {
 public:
  /// Looks at every file without reading it, takes the journals' locks, and loads those that must be recovered. Throws JournalHeld
  /// where another mount writes one of them, and std::system_error.
  StatusDirectory(Source source, const EngineContext& context, StatusDirectoryObserver& observer);
  ~StatusDirectory();

  /// Files that come and go are followed from now on.
  void watch();

  const std::string& path() const noexcept { return source_.directory; }
  bool shows_one_file() const noexcept { return source_.only_file.has_value(); }
  std::vector<std::string> names() const;
  std::shared_ptr<StatusFile> find(std::string_view name) const;
  std::vector<std::shared_ptr<StatusFile>> files() const;
  /// Follows no more changes, and returns when every job that was queued has been answered.
  void drain();
  /// Everything committed is in the JSON files. Throws Rejection with the first failure, after all were tried.
  void settle();

 private:
  std::vector<std::string> scan() const;
  std::shared_ptr<StatusFile> open(const std::string& stem);
  void changed(const std::string& file_name);
  void rescan();
  void vanished(const std::string& stem);
  void appeared(const std::string& stem);
  bool is_there(const std::string& stem) const;
  bool is_complete(const std::string& stem) const;
  std::string path_of(const std::string& stem) const { return source_.directory + "/" + stem + ".txt"; }

  const Source source_;
  const EngineContext& context_;
  StatusDirectoryObserver& observer_;
  mutable PosixFiles posix_files_;

  mutable std::mutex mutex_;  // guards files_; no other lock is taken while it is held
  std::map<std::string, std::shared_ptr<StatusFile>, std::less<>> files_;

  std::unique_ptr<DirectoryWatch> watch_;  // last: it calls back
};

}  // namespace statusfs
