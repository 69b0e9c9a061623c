// A SOURCE on this machine: a directory of exec_status_*.txt files, or one such file.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fs/signing/ed25519.hpp"
#include "fs/store/local/closed_journal_texts.hpp"
#include "fs/store/local/directory_watch.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/status_source.hpp"

namespace statusfs {

/// SOURCE as the command line names it.
struct LocalPlace {
  std::string directory;                 ///< absolute
  std::optional<std::string> only_file;  ///< file name, where SOURCE is one file
  /// Throws std::runtime_error where it is neither a directory nor a status file.
  static LocalPlace of(const std::string& path);
  std::string path() const;
};

/// The stems of the status files in a directory, sorted. A JSON that is missing while its journal stands counts, too.
/// Throws std::runtime_error where the directory cannot be read.
std::vector<std::string> stems_in(const std::string& directory);

class LocalSource final : public StatusSource {
 public:
  LocalSource(LocalPlace place, std::shared_ptr<const Mapping> mapping, bool read_only,
              std::shared_ptr<const SigningKey> signing_key = nullptr);

  bool shows_one_file() const override { return place_.only_file.has_value(); }
  std::optional<std::string> local_directory() const override { return place_.directory; }
  std::vector<std::string> list() override;
  bool has(const std::string& stem) override;
  bool is_complete(const std::string& stem) override;
  bool has_arrived(const std::string& stem) override;
  /// Takes the journal's lock. Throws JournalHeld where another mount writes the file.
  OpenedFile open(const std::string& stem) override;
  PlanReading read_plan(const std::string& file_name) override;
  void watch(StatusSourceObserver& observer) override;
  void stop_watching() override { watch_.reset(); }

 private:
  std::string path_of(const std::string& stem) const { return place_.directory + "/" + file_name_of(stem); }

  const LocalPlace place_;
  const std::shared_ptr<const Mapping> mapping_;
  const bool read_only_;
  const std::shared_ptr<const SigningKey> signing_key_;
  PosixFiles posix_files_;
  const std::shared_ptr<ClosedJournalTexts> closed_texts_ = std::make_shared<ClosedJournalTexts>(posix_files_);
  std::atomic<bool> is_watched_ = false;
  std::unique_ptr<DirectoryWatch> watch_;
};

}  // namespace statusfs
