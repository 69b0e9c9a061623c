// The texts of the closed journals that were read last, so that one which is asked for again is not inflated again.
//
// Thread safety: any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/files.hpp"

namespace statusfs {

class ClosedJournalTexts {
 public:
  explicit ClosedJournalTexts(Files& files) : files_(files) {}

  /// All lines. One whose file was changed is read again. Throws as read_closed_journal does, and std::system_error.
  std::shared_ptr<const std::string> text(const ClosedJournal& journal);
  /// How many were inflated so far.
  std::uint64_t inflated() const;

 private:
  struct Entry {
    std::string path;
    FileStatus status;
    std::shared_ptr<const std::string> text;
  };
  std::shared_ptr<const std::string> find(const std::string& path, const FileStatus& status);
  void remember(Entry entry);

  Files& files_;

  mutable std::mutex mutex_;  // guards all below; innermost, and not held while a file is read
  std::list<Entry> entries_;  // the last used first
  std::size_t bytes_ = 0;
  std::uint64_t inflated_ = 0;
};

}  // namespace statusfs
