// Journals that were closed: <file>.journal.d/<first>-<last>.jsonl.gz, the versions that they hold in the name.
//
// A closed journal begins with the document whole, as every journal does; the next one begins with the record that
// repeats its last version (is_rotation) and bears the record_hash of its last line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fs/store/file_names.hpp"
#include "fs/store/local/files.hpp"

namespace statusfs {

struct ClosedJournal {
  std::uint64_t first = 0;  ///< version of its first line
  std::uint64_t last = 0;   ///< and of its last
  std::string path;
};

/// In closed_journal_directory().
std::string closed_journal_name(std::uint64_t first, std::uint64_t last);

/// The closed journals of the status file at `path` in order. One that begins where the live journal begins is left
/// out: whoever closed it died before the live one was replaced, so the live one holds its lines still.
std::vector<ClosedJournal> closed_journals(Files& files, const std::string& path, std::uint64_t first_of_live);

/// How many lines the closed journals hold, by their names: as many as the versions, each once.
std::uint64_t line_count(const std::vector<ClosedJournal>& journals);

/// All lines. Throws UnreadableLines, naming the file, where it cannot be read or is damaged.
std::string read_closed_journal(Files& files, const ClosedJournal& journal);

/// Removes what a process that died while it closed a journal left half written.
void remove_unfinished_closing(Files& files, const std::string& path);

/// The text as zcat(1) takes it. Throws std::runtime_error.
std::string gzip_compressed(std::string_view text);

}  // namespace statusfs
