#include "fs/engine/followed_records.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "mapping/chain/followed_version.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {
namespace {

// Whoever did not look for so long is told that everything may have changed. As much as a stream of events keeps.
constexpr std::size_t most_bytes = std::size_t{16} << 20;

// Oldest first; fewer where they are too much. Others may have written more since the later state was read.
std::vector<std::string> records_between(Store& store, std::uint64_t before, std::uint64_t after) {
  std::vector<std::string> records;
  std::size_t bytes = 0;
  store.visit_records_backwards([&](std::string_view line) {
    const std::uint64_t version = version_of_line(line).value_or(0);
    if (version <= before) return false;
    if (version != after - records.size() || is_rotation_line(line)) return true;
    bytes += line.size();
    if (bytes > most_bytes) return false;
    records.emplace_back(line);
    return true;
  });
  std::ranges::reverse(records);
  return records;
}

bool continues(const std::string& record, const ChainHead& head) {
  return decode_record(record).payload_hash_previous == head.payload_hash_current;
}

}  // namespace

std::vector<Version> versions_between(Store& store, const FileState& before, const FileState& after) try {
  const std::uint64_t first = before.head.version, last = after.head.version;
  if (!before.chained || !after.chained || last <= first) return {};
  const std::vector<std::string> records = records_between(store, first, last);
  if (records.size() != last - first || !continues(records.front(), before.head)) return {};
  std::vector<Version> versions;
  for (const std::string& record : records) {
    Version version;
    version.document = after.document;
    version.record = record;
    version.head = head_of_line(record);
    versions.push_back(std::move(version));
  }
  if (before.document)
    versions.back() = version_of_several(*before.document, after.document, records.back(), after.head);
  return versions;
} catch (const std::runtime_error&) {
  return {};
}

}  // namespace statusfs
