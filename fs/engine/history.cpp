#include "fs/engine/history.hpp"

#include "fs/store/timestamp.hpp"
#include "mapping/chain/history.hpp"
#include "mapping/document/patch.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::size_t distance = 32;  // between remembered documents

using RecordStep = std::function<void(const JournalRecord& record)>;

// The records from behind one version up to another one, each version once.
void read_versions(Store& store, std::uint64_t after, std::uint64_t upto, const RecordStep& step) {
  std::uint64_t seen = after;
  try {
    store.read_records(after, [&](std::string_view line) {
      const JournalRecord record = decode_record(line);
      if (record.version > upto) return false;
      if (record.version != seen) step(record);
      seen = record.version;
      return seen < upto;
    });
  } catch (const Rejection&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw Rejection(Cause::io_failure, std::string("the history cannot be read: ") + error.what());
  }
  if (seen != upto) throw Rejection(Cause::io_failure, "the history ends at version " + std::to_string(seen));
}

}  // namespace

void History::add(const JournalRecord& record) {
  if (entries_.empty()) first_ = record.version;
  if (record.version != first_ + entries_.size())
    throw Rejection(Cause::io_failure, "the history lacks version " + std::to_string(first_ + entries_.size()));
  log_ += log_line(*mapping_, record, changes_of(*mapping_, newest_, record)) + "\n";
  newest_ = apply_json_patch(newest_, decode_json_patch(record.patch));
  if (entries_.size() % distance == 0) remembered_.push_back(newest_);
  entries_.push_back(
      {{record.size, parse_timestamp(record.time).value_or(std::chrono::system_clock::time_point())}, log_.size()});
}

void History::follow(const FileState& state) {
  const std::uint64_t known = entries_.empty() ? 0 : first_ + entries_.size() - 1;
  if (!state.chained || state.head.version <= known) return;
  read_versions(store_, known, state.head.version, [&](const JournalRecord& record) { add(record); });
}

History::Range History::range(const FileState& state) {
  const std::lock_guard lock(mutex_);
  follow(state);
  if (entries_.empty()) return {};
  return {first_, std::min(state.head.version, first_ + entries_.size() - 1)};
}

History::Attributes History::attributes(const FileState& state, std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  follow(state);
  return entries_.at(version - first_).attributes;
}

std::string History::text(const FileState& state, std::uint64_t version) {
  Value document;
  std::uint64_t at = 0;
  {
    const std::lock_guard lock(mutex_);
    follow(state);
    const std::size_t slot = (version - first_) / distance;
    document = remembered_.at(slot);
    at = first_ + slot * distance;
  }
  if (at < version)
    read_versions(store_, at, version, [&](const JournalRecord& record) {
      document = apply_json_patch(document, decode_json_patch(record.patch));
    });
  return indented_document(document);
}

std::string History::log(const FileState& state) {
  const std::lock_guard lock(mutex_);
  follow(state);
  return entries_.empty() ? std::string() : log_.substr(0, entries_.back().log_end);
}

std::uint64_t History::log_size(const FileState& state) {
  const std::lock_guard lock(mutex_);
  follow(state);
  return log_.size();
}

std::string head_text(const ChainHead& head) {
  return compact(Value::object()
                     .with_member("v", Value(static_cast<std::int64_t>(head.version)))
                     .with_member("g", Value(head.g))
                     .with_member("time", Value(head.time))
                     .with_member("size", Value(static_cast<std::int64_t>(head.size)))
                     .with_member("payload_hash_current", Value(head.payload_hash_current))
                     .with_member("record_hash", Value(head.record_hash))) +
         "\n";
}

}  // namespace statusfs
