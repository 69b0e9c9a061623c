#include "fs/engine/version_documents.hpp"

#include <iterator>

#include "fs/engine/version_lines.hpp"
#include "mapping/document/patch.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::uint64_t distance = 64;        // versions between remembered documents
constexpr std::size_t most_remembered = 160;  // 10,000 versions and some

JournalRecord record_of(std::string_view line) {
  try {
    return decode_record(line);
  } catch (const RecordError& error) {
    throw Rejection(Cause::io_failure, std::string("the history cannot be read: ") + error.what());
  }
}

}  // namespace

std::optional<VersionDocuments::Remembered> VersionDocuments::nearest(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  const auto above = remembered_.upper_bound(version);
  if (above == remembered_.begin()) return std::nullopt;
  const auto found = std::prev(above);
  return Remembered{found->first, found->second};
}

// Where there are too many, every second one goes: the distance between them doubles.
void VersionDocuments::remember(std::uint64_t version, const Value& document) {
  const std::lock_guard lock(mutex_);
  remembered_.insert_or_assign(version, document);
  if (remembered_.size() <= most_remembered) return;
  bool is_odd = false;
  std::erase_if(remembered_, [&](const auto& entry) { return entry.first != version && (is_odd = !is_odd); });
}

Value VersionDocuments::document(std::uint64_t version) {
  const auto start = nearest(version);
  if (start && start->version == version) return start->document;
  Value document = start ? start->document : Value();
  const auto step = [&](std::string_view line) {
    const JournalRecord record = record_of(line);
    document = apply_json_patch(document, decode_json_patch(record.patch));
    if (record.version % distance == 0) remember(record.version, document);
  };
  // A remembered document of an earlier journal is farther away than the beginning of the version's own.
  if (start && version - start->version < 2 * distance)
    read_versions(store_, start->version, version, step);
  else
    read_from_whole(store_, version, step);
  return document;
}

}  // namespace statusfs
