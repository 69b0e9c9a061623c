#include "fs/engine/version_log.hpp"

#include <algorithm>

#include "fs/engine/version_lines.hpp"
#include "mapping/chain/history_changes.hpp"
#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

void VersionLog::add(std::string_view line, JsonParser& parser) {
  try {
    const JournalRecord record = decode_record(line, parser);
    if (ends_.empty()) first_ = record.version;
    if (record.version > first_ + ends_.size()) return go_on_behind_gap(record);
    const std::string shown = log_line(*mapping_, record, changes_of(*mapping_, newest_, record)) + "\n";
    newest_ = apply_json_patch(newest_, decode_json_patch(record.patch));
    text_ += shown;
    documents_.offer(record.version, newest_);
    ends_.push_back(text_.size());
  } catch (const RecordError& error) {
    throw Rejection(Cause::io_failure, std::string("the history cannot be read: ") + error.what());
  }
}

// The record begins a journal, with the whole document of a version whose own line is missing with the others.
void VersionLog::go_on_behind_gap(const JournalRecord& record) {
  const std::string version = std::to_string(record.version), last = std::to_string(first_ + ends_.size() - 1);
  text_ += "the closed journal " + last + "-" + version + " is missing\n";
  newest_ = apply_json_patch(Value(), decode_json_patch(record.patch));
  ends_.resize(record.version - first_ + 1, text_.size());
}

void VersionLog::follow(std::uint64_t upto) {
  const std::uint64_t known = ends_.empty() ? 0 : first_ + ends_.size() - 1;
  if (upto <= known) return;
  JsonParser parser;
  read_versions(store_, known, upto, [&](std::string_view line) { add(line, parser); });
}

std::uint64_t VersionLog::end_of(std::uint64_t upto) const {
  if (ends_.empty() || upto < first_) return 0;
  return ends_[std::min<std::uint64_t>(upto - first_, ends_.size() - 1)];
}

std::string VersionLog::text(std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  follow(upto);
  return text_.substr(0, end_of(upto));
}

std::uint64_t VersionLog::size(std::uint64_t upto) {
  const std::lock_guard lock(mutex_);
  follow(upto);
  return end_of(upto);
}

bool VersionLog::try_forget() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  first_ = 0;
  ends_ = {};
  newest_ = {};
  text_ = {};
  return true;
}

}  // namespace statusfs
