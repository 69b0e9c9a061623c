#include "fs/engine/version_index.hpp"

#include <algorithm>

#include "fs/engine/version_lines.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

// Precondition of all of these: mutex_ is held.

void VersionIndex::make_room(std::uint64_t upto) {
  if (first_ == 0) first_ = first_version(store_);
  if (upto >= first_ + entries_.size()) entries_.resize(upto + 1 - first_);
}

bool VersionIndex::is_known(std::uint64_t version) const { return entries_.at(version - first_).size != 0; }

void VersionIndex::add(std::string_view line) {
  const auto outline = outline_of_line(line);
  if (!outline) throw Rejection(Cause::io_failure, "the history cannot be read: a line of the journal is no record");
  const bool is_wanted = outline->version >= first_ && outline->version < first_ + entries_.size();
  if (!is_wanted || is_known(outline->version)) return;
  const auto time = parse_timestamp(outline->time).value_or(std::chrono::system_clock::time_point());
  entries_[outline->version - first_] = {outline->size, time};
}

VersionIndex::Range VersionIndex::range(std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  if (upto == 0) return {};
  make_room(upto);
  return {first_, upto};
}

bool VersionIndex::has(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  return version >= first_ && version < first_ + entries_.size() && is_known(version);
}

VersionIndex::Attributes VersionIndex::attributes(std::uint64_t version, std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  make_room(upto);
  if (!is_known(version)) read_lines_around(store_, version, [this](std::string_view line) { add(line); });
  return entries_.at(version - first_);
}

void VersionIndex::read_all(std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  if (upto == 0) return;
  make_room(upto);
  const auto unknown = std::ranges::find(entries_, 0u, &Attributes::size);
  if (unknown == entries_.end()) return;
  // A version whose journal is missing stays unknown.
  const std::uint64_t known = first_ + static_cast<std::uint64_t>(unknown - entries_.begin()) - 1;
  read_versions(store_, known < first_ ? 0 : known, upto, [this](std::string_view line) { add(line); });
}

bool VersionIndex::try_forget() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  first_ = 0;
  entries_ = {};
  return true;
}

}  // namespace statusfs
