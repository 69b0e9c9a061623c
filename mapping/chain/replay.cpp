#include "mapping/chain/replay.hpp"

#include <algorithm>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

TamperError::TamperError(std::uint64_t line, const std::string& reason, std::string pointer)
    : std::runtime_error("journal line " + std::to_string(line) + ": " + reason),
      line_(line),
      reason_(reason),
      pointer_(std::move(pointer)) {}

Replay::Replay(std::shared_ptr<const Mapping> mapping, ReplayDepth depth)
    : mapping_(std::move(mapping)), depth_(depth) {}

void Replay::continue_from(const std::string& record_hash) { expected_previous_ = record_hash; }

// A line that does not follow on the one before: where versions are missing in between, those are what is wrong.
std::string Replay::about_broken_link(const JournalRecord& record) const {
  const std::string version = std::to_string(record.version);
  if (lines_ == 0 && is_rotation(record) && !expected_previous_)
    return "the closed journals before version " + version + " are missing: the chain does not begin here";
  const std::string last = std::to_string(last_.version), next = std::to_string(last_.version + 1);
  if (lines_ > 0 && is_rotation(record) && record.version > last_.version)
    return "the closed journal " + last + "-" + version + " is missing: it held the versions from " + next + " on";
  if (lines_ > 0 && record.version > last_.version + 1)
    return "the versions from " + next + " to " + std::to_string(record.version - 1) + " are missing";
  return "record_previous is " + record.record_previous.value_or("null") +
         ", but the line before has the record_hash " + expected_previous_.value_or("null");
}

void Replay::check_chain(const JournalRecord& record) const {
  if (record.record_previous != expected_previous_) throw TamperError(lines_ + 1, about_broken_link(record));
  if (lines_ == 0) return;
  if (is_rotation(record)) return check_rotation(record);
  if (record.version != last_.version + 1)
    throw TamperError(lines_ + 1, "v is " + std::to_string(record.version) + " after " + std::to_string(last_.version));
  if (record.payload_hash_previous != last_.payload_hash_current)
    throw TamperError(lines_ + 1, "payload_hash_previous is not the payload_hash_current of the line before");
}

// The first line of a journal that goes on where a closed one ended: the same version once more, whole.
void Replay::check_rotation(const JournalRecord& record) const {
  const bool is_same = record.version == last_.version && record.g == last_.g && record.size == last_.size &&
                       record.payload_hash_previous == last_.payload_hash_previous &&
                       record.payload_hash_current == last_.payload_hash_current;
  if (!is_same)
    throw TamperError(lines_ + 1, "the journal goes on with another version than the closed one ended with");
}

namespace {

std::vector<PatchOperation> decoded(const Value& patch, std::uint64_t line) {
  try {
    return decode_json_patch(patch);
  } catch (const Rejection& rejection) {
    throw TamperError(line, std::string("the patch cannot be applied: ") + rejection.what());
  }
}

Value applied(const Value& root, const std::vector<PatchOperation>& patch, std::uint64_t line) {
  try {
    return apply_json_patch(root, patch);
  } catch (const Rejection& rejection) {
    throw TamperError(line, std::string("the patch cannot be applied: ") + rejection.what());
  }
}

// What a patch does to the tasks, where it replaces and moves none. Positions are those before the patch, each once, in
// order.
struct TouchedTasks {
  std::vector<std::size_t> changed;
  std::vector<std::size_t> removed;  // none of those that are changed
  bool is_one_appended = false;

  // Where a task stands afterwards that was not removed.
  std::size_t position_after(std::size_t before) const {
    return before - static_cast<std::size_t>(std::ranges::lower_bound(removed, before) - removed.begin());
  }
};

void sort_distinct(std::vector<std::size_t>& positions) {
  std::ranges::sort(positions);
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
}

// Nothing where tasks may be replaced or moved, or are removed in another order than from the last to the first.
std::optional<TouchedTasks> touched_tasks(const Mapping& mapping, const std::vector<PatchOperation>& patch) {
  using Kind = PatchOperation::Kind;
  const Pointer& tasks = mapping.collection->pointer;
  const std::size_t depth = tasks.tokens().size();
  TouchedTasks touched;
  for (const PatchOperation& operation : patch) {
    const auto& tokens = operation.path.tokens();
    if (operation.kind == Kind::test) continue;
    if (operation.kind == Kind::move || operation.kind == Kind::copy || tasks.starts_with(operation.path))
      return std::nullopt;
    if (!operation.path.starts_with(tasks)) continue;
    const auto position = array_index(tokens[depth]);
    if (tokens.size() > depth + 1) {
      if (!position || tokens[depth + 1] == mapping.collection_id || !touched.removed.empty()) return std::nullopt;
      touched.changed.push_back(*position);
    } else if (operation.kind == Kind::remove) {
      const bool is_before_others = touched.removed.empty() || (position && *position < touched.removed.back());
      if (!position || !is_before_others || touched.is_one_appended) return std::nullopt;
      touched.removed.push_back(*position);
    } else {
      if (operation.kind != Kind::add || tokens.back() != "-" || touched.is_one_appended) return std::nullopt;
      touched.is_one_appended = true;
    }
  }
  sort_distinct(touched.changed);
  sort_distinct(touched.removed);
  std::vector<std::size_t> both;
  std::ranges::set_intersection(touched.changed, touched.removed, std::back_inserter(both));
  if (!both.empty()) return std::nullopt;
  return touched;
}

}  // namespace

void Replay::check_stamps(const JournalRecord& record, const Value& root) const {
  const auto require = [&](Stamp stamp, const Value& wanted, const char* what) {
    const Pointer& pointer = mapping_->stamped(stamp, false)->pointer;
    const Value* found = find(root, pointer);
    if (!found || !(*found == wanted))
      throw TamperError(lines_ + 1,
                        std::string(what) + " in the document is " + (found ? compact(*found) : "absent") +
                            ", but the record says " + compact(wanted),
                        pointer.text());
  };
  require(Stamp::version, Value(static_cast<std::int64_t>(record.version)), "the version");
  require(Stamp::payload_hash_current, Value(record.payload_hash_current), "the payload hash");
  require(Stamp::payload_hash_previous, record.payload_hash_previous ? Value(*record.payload_hash_previous) : Value(),
          "the previous payload hash");
  check_g(record, root);
}

// Another program's version may leave the file's stamps as they were, one or all, and the record's g is drawn then. A
// chain may be begun with any, and then the record bears the first of them.
void Replay::check_g(const JournalRecord& record, const Value& root) const {
  if (lines_ == 0 || is_rotation(record)) return;
  const Field* last_stamped = nullptr;
  std::int64_t largest = 0;
  for (const Field* field : mapping_->file_fields()) {
    const Value* g = field->stamp == Stamp::g ? find(root, field->pointer) : nullptr;
    if (!g || !g->is_integer() || (last_stamped && g->as_integer() <= largest)) continue;
    last_stamped = field;
    largest = g->as_integer();
  }
  const bool may_be_older = record.op == "external";
  if (last_stamped && (may_be_older ? largest > record.g : largest != record.g))
    throw TamperError(
        lines_ + 1,
        "g in the document is " + std::to_string(largest) + ", but the record says " + std::to_string(record.g),
        last_stamped->pointer.text());
}

void Replay::check_document(const JournalRecord& record, const std::vector<PatchOperation>& patch, const Value& root) {
  const std::uint64_t line = lines_ + 1;
  check_stamps(record, root);
  try {
    follow(patch, root);
  } catch (const Rejection& rejection) {
    throw TamperError(line, rejection.what());
  }
  if (const std::string hash = digest_->payload_hash(*document_); hash != record.payload_hash_current)
    throw TamperError(line, "the payload hashes to " + hash + ", but the record says " + record.payload_hash_current,
                      mapping_->stamped(Stamp::payload_hash_current, false)->pointer.text());
  if (const std::uint64_t size = digest_->file_size(*document_); size != record.size)
    throw TamperError(
        line, "the file has " + std::to_string(size) + " bytes, but the record says " + std::to_string(record.size));
}

void Replay::verify_task(const StatusDocument& document, std::size_t position) const {
  const Pointer& signature = mapping_->stamped(Stamp::signature_hash, true)->pointer;
  const Value expected(signature_hash(*mapping_, document.task(position)));
  const Value* stored = find(document.task(position), signature);
  if (stored && *stored == expected) return;
  const std::string pointer = mapping_->collection->pointer.child(position).concat(signature).text();
  throw TamperError(lines_ + 1,
                    "task " + compact(Value(document.task_id(position))) + ": " + pointer + " is " +
                        (stored ? compact(*stored) : "absent") + ", but the task hashes to " + compact(expected),
                    pointer);
}

// Brings the document and its digest to the patch's outcome, and verifies the tasks that it touched: all others are
// what they were when they were verified.
void Replay::follow(const std::vector<PatchOperation>& patch, const Value& root) {
  const auto touched = document_ ? touched_tasks(*mapping_, patch) : std::nullopt;
  if (!touched) return start_again(root);
  const StatusDocument before = *document_;
  if (touched->removed.empty())
    document_ = before.with_changed_root(root, touched->changed, touched->is_one_appended);
  else
    document_.emplace(mapping_, root);
  for (const std::size_t position : touched->changed) {
    const std::size_t now = touched->position_after(position);
    verify_task(*document_, now);
    if (position < before.task_count()) digest_->task_changed(position, before.task(position), document_->task(now));
  }
  if (!touched->removed.empty()) digest_->tasks_removed(touched->removed, before);
  if (!touched->is_one_appended) return;
  const std::size_t last = document_->task_count() - 1;
  verify_task(*document_, last);
  digest_->task_added(document_->task(last));
}

void Replay::start_again(const Value& root) {
  document_.emplace(mapping_, root);
  for (std::size_t position = 0; position < document_->task_count(); ++position) verify_task(*document_, position);
  digest_ = std::make_unique<IncrementalDigest>(*document_);
}

void Replay::apply(std::string_view line) {
  JournalRecord record;
  try {
    record = decode_record(line, parser_);
  } catch (const RecordError& error) {
    throw TamperError(lines_ + 1, error.what());
  }
  check_chain(record);
  const std::vector<PatchOperation> patch = decoded(record.patch, lines_ + 1);
  Value root = applied(root_, patch, lines_ + 1);
  if (lines_ > 0 && is_rotation(record) && !(root == root_))
    throw TamperError(lines_ + 1, "the journal goes on with another document than the closed one ended with");
  try {
    if (depth_ == ReplayDepth::verified) check_document(record, patch, root);
  } catch (const TamperError&) {
    document_.reset();  // both were told of changes that do not count
    digest_.reset();
    throw;
  }
  root_ = std::move(root);
  expected_previous_ = record.record_hash;
  last_ = std::move(record);
  ++lines_;
}

}  // namespace statusfs
