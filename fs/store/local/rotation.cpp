#include "fs/store/local/rotation.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "fs/identity/trace_context.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/side_file.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {
namespace {

// As a gzip file; of several members, as zcat(1) takes it, where the beginning is one already (RFC 1952, section 2.2).
std::string compressed(JournalFile& journal, std::optional<CompressedLines> beginning) {
  if (!beginning) return gzip_compressed(journal.text_from(0));
  std::string bytes = std::move(beginning->bytes);
  if (beginning->end < journal.end()) bytes += gzip_compressed(journal.text_from(beginning->end));
  return bytes;
}

JournalRecord last_record(JournalFile& journal) {
  const auto line = journal.last_line();
  if (!line) throw std::runtime_error("the journal is empty");
  return decode_record(*line);
}

std::uint64_t first_version(JournalFile& journal) {
  const auto version = journal.first_version();
  if (!version) throw std::runtime_error("the journal does not begin with a record");
  return *version;
}

void remove_left_over(Files& files, const std::string& path, std::uint64_t first_of_live) {
  for (const ClosedJournal& journal : closed_journals(files, path, std::numeric_limits<std::uint64_t>::max()))
    if (journal.first >= first_of_live) files.unlink(journal.path);
}

void write_closed(Files& files, const std::string& directory, const std::string& name, std::string_view bytes,
                  const FileStatus& like) {
  const std::string path = directory + "/" + name;
  Temporary closed(files, path, like);
  write_durably(closed.file(), bytes);
  closed.replace();
  files.sync_directory(directory);
}

// Bytes of the records after the first.
bool has_grown_beyond(JournalFile& journal, std::uint64_t length) {
  if (journal.end() <= length) return false;
  const std::uint64_t first = journal.first_line_size();
  return first > 0 && journal.end() - first > length;
}

JournalRecord continuation(const JournalRecord& last, const StatusDocument& document) {
  JournalRecord record = last;
  record.op = std::string(rotation_op);
  record.path.clear();
  record.author = {"STATUSFS", "", ::getuid(), ::getpid(), new_trace_id()};
  record.idempotency.reset();
  record.patch = whole_document_patch(document.root());
  record.record_previous = last.record_hash;
  return record;
}

}  // namespace

bool is_rotation_due(JournalFile& journal, const ChainHead& head, std::uint64_t limit) {
  return has_grown_beyond(journal, std::max(limit, head.size));
}

bool is_rotation_near(JournalFile& journal, const ChainHead& head, std::uint64_t limit) {
  const std::uint64_t threshold = std::max(limit, head.size);
  return has_grown_beyond(journal, threshold - threshold / 8);
}

Rotation rotate(Files& files, const std::string& path, JournalFile& journal, const StatusDocument& document,
                std::optional<CompressedLines> beginning) {
  const JournalRecord last = last_record(journal);
  const std::uint64_t first = first_version(journal);
  const std::string bytes = compressed(journal, std::move(beginning));
  const std::string directory = closed_journal_directory(path);
  const FileStatus like = journal.status();
  files.make_directory(directory, like);
  files.sync_directory(directory_of(path));
  remove_unfinished_closing(files, path);
  remove_left_over(files, path, first);
  write_closed(files, directory, closed_journal_name(first, last.version), bytes, like);
  JournalRecord record = continuation(last, document);
  auto replaced = journal.replace_by_line(encode_record(record));
  return {head_of(record), std::move(replaced)};
}

}  // namespace statusfs
