// All lines of a status file's chain, oldest first: its closed journals, then the live one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "fs/store/local/files.hpp"

namespace statusfs {

/// Called with each line, without its newline. False: no more of them.
using LineVisitor = std::function<bool(std::string_view line)>;

class ClosedJournalTexts;

/// Where the line stands that was read last: the file, by its name beside the status file, and the line in it.
class LinePlace {
 public:
  void begin(std::string file) {
    file_ = std::move(file);
    line_ = 0;
  }
  void next() noexcept { ++line_; }
  std::string text() const { return file_ + " line " + std::to_string(line_); }

 private:
  std::string file_;
  std::uint64_t line_ = 0;
};

/// The version of the chain's first line; `live` is its live journal, opened before. Throws std::runtime_error where
/// that holds no line.
std::uint64_t first_version_of_chain(Files& files, const std::string& path, File& live);
/// The same with the text of the live journal, or its beginning.
std::uint64_t first_version_of_chain(Files& files, const std::string& path, std::string_view live);

/// Reads the lines of versions above `after_version`; 0 for all. `path` is the status file's, `live` the text of its
/// live journal, which must have been read before: a journal that is closed meanwhile is then not missed. A torn last
/// line is passed over. `closed`: where the text of closed journals is remembered, if it is. `place`, if there is one,
/// is that of the line that `visit` is called with. Throws UnreadableLines, or another std::runtime_error, where a
/// closed journal cannot be read.
void read_chain(Files& files, const std::string& path, std::string_view live, std::uint64_t after_version,
                const LineVisitor& visit, ClosedJournalTexts* closed = nullptr, LinePlace* place = nullptr);

/// The lines of the one journal that holds the version: the newest that begins with it or before it. Throws as
/// read_chain does.
void read_journal_of(Files& files, const std::string& path, std::string_view live, std::uint64_t version,
                     const LineVisitor& visit, ClosedJournalTexts* closed = nullptr, LinePlace* place = nullptr);

/// The lines of the closed journals, newest first; `first_of_live` is the version of the live journal's first line.
/// Throws as read_chain does.
void visit_closed_backwards(Files& files, const std::string& path, std::uint64_t first_of_live,
                            const LineVisitor& visit);

}  // namespace statusfs
