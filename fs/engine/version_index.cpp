#include "fs/engine/version_index.hpp"

#include <algorithm>
#include <string>

#include "fs/engine/version_lines.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

void VersionIndex::add(std::string_view line) {
  const auto outline = outline_of_line(line);
  if (!outline) throw Rejection(Cause::io_failure, "the history cannot be read: a line of the journal is no record");
  if (entries_.empty()) first_ = outline->version;
  entries_.push_back(
      {outline->size, parse_timestamp(std::string(outline->time)).value_or(std::chrono::system_clock::time_point())});
}

void VersionIndex::follow(std::uint64_t upto) {
  const std::uint64_t known = entries_.empty() ? 0 : first_ + entries_.size() - 1;
  if (upto <= known) return;
  read_versions(store_, known, upto, [&](std::string_view line) { add(line); });
}

VersionIndex::Range VersionIndex::range(std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  follow(upto);
  if (entries_.empty()) return {};
  return {first_, std::min(upto, first_ + entries_.size() - 1)};
}

VersionIndex::Attributes VersionIndex::attributes(std::uint64_t version, std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  follow(upto);
  return entries_.at(version - first_);
}

}  // namespace statusfs
