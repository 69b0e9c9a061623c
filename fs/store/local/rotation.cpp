#include "fs/store/local/rotation.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "fs/identity/trace_context.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/side_file.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {
namespace {

std::string text_of(JournalFile& journal) {
  std::string text;
  text.reserve(journal.end());
  auto reader = journal.read();
  while (const auto line = reader.next()) (text += *line) += '\n';
  return text;
}

JournalRecord last_record(JournalFile& journal) {
  const auto line = journal.last_line();
  if (!line) throw std::runtime_error("the journal is empty");
  return decode_record(*line);
}

std::uint64_t first_version(const std::string& text) {
  const auto version = version_of_line(std::string_view(text).substr(0, text.find('\n')));
  if (!version) throw std::runtime_error("the journal does not begin with a record");
  return *version;
}

void remove_left_over(Files& files, const std::string& path, std::uint64_t first_of_live) {
  for (const ClosedJournal& journal : closed_journals(files, path, std::numeric_limits<std::uint64_t>::max()))
    if (journal.first >= first_of_live) files.unlink(journal.path);
}

void write_closed(Files& files, const std::string& directory, const std::string& name, std::string_view text,
                  const FileStatus& like) {
  const std::string path = directory + "/" + name;
  Temporary closed(files, path, like);
  write_durably(closed.file(), gzip_compressed(text));
  closed.replace();
  files.sync_directory(directory);
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
  const std::uint64_t threshold = std::max(limit, head.size);
  if (journal.end() <= threshold) return false;
  const std::uint64_t first = journal.first_line_size();
  return first > 0 && journal.end() - first > threshold;
}

ChainHead rotate(Files& files, const std::string& path, JournalFile& journal, const StatusDocument& document) {
  const JournalRecord last = last_record(journal);
  const std::string text = text_of(journal);
  const std::uint64_t first = first_version(text);
  const std::string directory = closed_journal_directory(path);
  const FileStatus like = journal.status();
  files.make_directory(directory, like);
  files.sync_directory(directory_of(path));
  remove_unfinished_closing(files, path);
  remove_left_over(files, path, first);
  write_closed(files, directory, closed_journal_name(first, last.version), text, like);
  JournalRecord record = continuation(last, document);
  journal.replace_by_line(encode_record(record));
  return head_of(record);
}

}  // namespace statusfs
