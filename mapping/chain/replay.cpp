#include "mapping/chain/replay.hpp"

#include "mapping/document/patch.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

TamperError::TamperError(std::uint64_t line, const std::string& reason)
    : std::runtime_error("journal line " + std::to_string(line) + ": " + reason), line_(line) {}

Replay::Replay(std::shared_ptr<const Mapping> mapping, ReplayDepth depth)
    : mapping_(std::move(mapping)), depth_(depth) {}

void Replay::continue_from(const std::string& record_hash) { expected_previous_ = record_hash; }

void Replay::check_chain(const JournalRecord& record) const {
  if (record.record_previous != expected_previous_)
    throw TamperError(lines_ + 1, "record_previous is " + record.record_previous.value_or("null") +
                                      ", but the line before has the record_hash " + expected_previous_.value_or("null"));
  if (lines_ == 0) return;
  if (record.version != last_.version + 1)
    throw TamperError(lines_ + 1, "v is " + std::to_string(record.version) + " after " + std::to_string(last_.version));
  if (record.payload_hash_previous != last_.payload_hash_current)
    throw TamperError(lines_ + 1, "payload_hash_previous is not the payload_hash_current of the line before");
}

namespace {

Value applied(const Value& root, const Value& patch, std::uint64_t line) {
  try {
    return apply_json_patch(root, decode_json_patch(patch));
  } catch (const Rejection& rejection) {
    throw TamperError(line, std::string("the patch cannot be applied: ") + rejection.what());
  }
}

void require_equal(const Value* found, const Value& wanted, const char* what, std::uint64_t line) {
  if (!found || !(*found == wanted))
    throw TamperError(line, std::string(what) + " in the document is " + (found ? compact(*found) : "absent") +
                                ", but the record says " + compact(wanted));
}

}  // namespace

void Replay::check_document(const JournalRecord& record, const Value& root) {
  const std::uint64_t line = lines_ + 1;
  const auto stamped = [&](Stamp stamp) { return find(root, mapping_->stamped(stamp, false)->pointer); };
  require_equal(stamped(Stamp::version), Value(static_cast<std::int64_t>(record.version)), "the version", line);
  require_equal(stamped(Stamp::payload_hash_current), Value(record.payload_hash_current), "the payload hash", line);
  require_equal(stamped(Stamp::payload_hash_previous),
                record.payload_hash_previous ? Value(*record.payload_hash_previous) : Value(),
                "the previous payload hash", line);
  try {
    const StatusDocument document(mapping_, root);
    verify_touched(document, line);
    if (const std::string hash = digest_->payload_hash(document); hash != record.payload_hash_current)
      throw TamperError(line, "the payload hashes to " + hash + ", but the record says " + record.payload_hash_current);
    if (const std::uint64_t size = digest_->file_size(document); size != record.size)
      throw TamperError(line, "the file has " + std::to_string(size) + " bytes, but the record says " +
                                  std::to_string(record.size));
  } catch (const Rejection& rejection) {
    throw TamperError(line, rejection.what());
  }
}

void Replay::verify_task(const StatusDocument& document, std::size_t position, std::uint64_t line) const {
  const Pointer signature = mapping_->stamped(Stamp::signature_hash, true)->pointer;
  const Value expected(signature_hash(*mapping_, document.task(position)));
  const Value* stored = find(document.task(position), signature);
  if (!stored || !(*stored == expected))
    throw TamperError(line, mapping_->collection->pointer.child(position).concat(signature).text() + " is " +
                                (stored ? compact(*stored) : "absent") + ", but the task hashes to " + compact(expected));
}

// Tasks that are the same node as in the version before were verified with it.
void Replay::verify_touched(const StatusDocument& document, std::uint64_t line) {
  const Value* before = lines_ == 0 ? nullptr : find(root_, mapping_->collection->pointer);
  const std::size_t old_count = before && before->is_array() ? before->size() : 0;
  const bool same_count = digest_ && old_count == document.task_count();
  if (same_count && (old_count == 0 || before->is_same_node(document.tasks()))) return;
  for (std::size_t position = 0; position < document.task_count(); ++position) {
    const Value& task = document.task(position);
    const bool is_same = position < old_count && before->element(position).is_same_node(task);
    if (is_same) continue;
    verify_task(document, position, line);
    if (same_count) digest_->task_changed(position, before->element(position), task);
  }
  if (!same_count) digest_ = std::make_unique<IncrementalDigest>(document);
}

void Replay::apply(std::string_view line) {
  JournalRecord record;
  try {
    record = decode_record(line);
  } catch (const RecordError& error) {
    throw TamperError(lines_ + 1, error.what());
  }
  check_chain(record);
  Value root = applied(root_, record.patch, lines_ + 1);
  try {
    if (depth_ == ReplayDepth::verified) check_document(record, root);
  } catch (const TamperError&) {
    digest_.reset();  // it was told of changes that do not count
    throw;
  }
  root_ = std::move(root);
  expected_previous_ = record.record_hash;
  last_ = std::move(record);
  last_.patch = Value();
  ++lines_;
}

bool is_whole_line(std::string_view line) noexcept {
  constexpr std::string_view member = ",\"record_hash\":\"";
  constexpr std::size_t tail = member.size() + 64 + 2;
  return line.size() > tail && line.front() == '{' && line.ends_with("\"}") &&
         line.substr(line.size() - tail).starts_with(member);
}

}  // namespace statusfs
