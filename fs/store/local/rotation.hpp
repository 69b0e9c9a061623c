// Closing a journal that has grown too long.
//
// The order makes that a crash at any point loses nothing and leaves no doubt: the closed journal is complete and on
// the disk, under a name that tells which versions it holds, before the live one is replaced by one that goes on where
// it ends. A closed journal that begins where the live one begins is what a crash in between left: readers pass over
// it, and the next rotation removes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "fs/store/local/compressed_beginning.hpp"
#include "fs/store/local/files.hpp"
#include "fs/store/local/journal_file.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// Whether the records after the first exceed both `limit` bytes and the size of the document.
bool is_rotation_due(JournalFile& journal, const ChainHead& head, std::uint64_t limit);
/// Whether they will soon: they exceed seven eighths of that.
bool is_rotation_near(JournalFile& journal, const ChainHead& head, std::uint64_t limit);

struct Rotation {
  /// The same version as before, with the record_hash of the new first line.
  ChainHead head;
  /// The closed journal's, without a name. To free its blocks, which its end does, takes the longer the more it has.
  std::unique_ptr<File> replaced;
};

/// Moves the journal's lines to <path>.journal.d and lets it begin anew with the document, which is its head. What of
/// its lines is compressed already is taken from `beginning`. Precondition: the journal is in place. Throws
/// std::system_error and std::runtime_error; the journal stands as it was then, or must be checked
/// (JournalFile::has_failed()).
Rotation rotate(Files& files, const std::string& path, JournalFile& journal, const StatusDocument& document,
                std::optional<CompressedLines> beginning = {});

}  // namespace statusfs
