// How a LocalStore finds out what it holds: section 7's table.
#include <cstring>
#include <system_error>
#include <utility>

#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/first_entry.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/outcome.hpp"
#include "fs/store/local/side_file.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// At either end of a JSON, where the members of the file stand before and behind those of its tasks.
constexpr std::size_t probed_bytes = 4096;

std::chrono::system_clock::time_point modified_at(const FileStatus& status) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(status.modified_ns)));
}

StoredFile unusable(const std::string& reason, bool may_pass = false) {
  StoredFile stored;
  stored.reason = reason;
  stored.may_pass = may_pass;
  return stored;
}

/// Whether the text, of a file as we write it, shows the member's key, and behind it the value.
bool shows(std::string_view text, const Field* field, const Value& value) {
  if (!field) return false;
  const std::string member = '"' + field->key() + "\": " + compact(value);
  // find() of the standard library stops at every quotation mark.
  return ::memmem(text.data(), text.size(), member.data(), member.size()) != nullptr;
}

/// Whether a JSON with these ends is the head's, as far as they show. No other version says the same: the payload that
/// is hashed holds the hash of the one before.
bool shows_head(const Mapping& mapping, const SnapshotFile::Ends& json, const ChainHead& head) {
  const auto is_shown = [&](Stamp stamp, const Value& value) {
    const Field* field = mapping.stamped(stamp, false);
    return shows(json.first, field, value) || shows(json.last, field, value);
  };
  return json.status.size == head.size && is_shown(Stamp::version, Value(static_cast<std::int64_t>(head.version))) &&
         is_shown(Stamp::g, Value(head.g)) && is_shown(Stamp::payload_hash_current, Value(head.payload_hash_current));
}

/// Nothing where there is no such file, one without properties where that cannot be told.
template <typename Look>
std::optional<FileStatus> sight_of(Look look) try {
  return look();
} catch (const std::system_error&) {
  return FileStatus();
}

}  // namespace

void LocalStore::note(const std::string& notice) {
  const std::lock_guard guard(mutex_);
  notices_.push_back(notice);
}

/// For those who look after the mount; where nobody listens, as much as any notice.
void LocalStore::warn(const std::string& warning) {
  if (!follower_.tell(warning)) note(warning);
}

void LocalStore::remember_journal() {
  const FileStatus status = journal_->status();
  const std::lock_guard guard(mutex_);
  journal_status_ = status;
  acknowledged_ = journal_->end();
}

/// What another program makes of the journal from now on is found when it is opened again.
void LocalStore::close_journal() {
  beginning_.drop();
  journal_.reset();
  const std::lock_guard guard(mutex_);
  journal_status_.reset();
  acknowledged_.reset();
  is_journal_as_opened_ = false;
}

std::optional<FileStatus> LocalStore::status_at_opening() {
  const std::lock_guard guard(mutex_);
  return journal_status_;
}

void LocalStore::set_journal_as_opened(bool is_as_opened) {
  const std::lock_guard guard(mutex_);
  is_journal_as_opened_ = is_as_opened;
}

bool LocalStore::is_journal_as_opened() {
  const std::lock_guard guard(mutex_);
  return is_journal_as_opened_;
}

/// Opens the journal, if there is one, and cuts off a torn tail.
void LocalStore::open_journal() {
  if (journal_) return;
  const auto access = options_.read_only ? JournalFile::Access::read_only : JournalFile::Access::exclusive;
  auto journal = JournalFile::open(files_, journal_path_, access, options_.journal_wait);
  if (!journal) return;
  if (!options_.read_only) {
    files_.unlink(temporary_name(journal_path_));
    remove_unfinished_closing(files_, path_);
    follower_.signature().remove_left_over();
    if (const auto dropped = journal->drop_torn_tail())
      note(journal_path_ + ": the last " + std::to_string(dropped) +
           " bytes were no whole line and have been dropped; nothing in them had been acknowledged");
  }
  journal_ = std::move(journal);
  remember_journal();
  set_journal_as_opened(true);
}

Probe LocalStore::probe() {
  Probe result;
  try {
    open_journal();
  } catch (const std::system_error&) {  // load() says why; other files are not to suffer from it
    return result;
  }
  if (!journal_) return result;
  result.has_journal = true;
  const auto json = follower_.file().read_ends(probed_bytes);
  const auto guard = follower_.exclusive();
  if (json) follower_.set_unread(json->status);  // whoever removes both before load() gets neither back
  const auto is_of = [&](const ChainHead& head) { return json && shows_head(*mapping_, *json, head); };
  result.head = journal_->head_of_single_line();
  bool is_shown = result.head && is_of(*result.head);
  if (!is_shown) {
    result.head = checked_head();
    is_shown = result.head && is_of(*result.head);
  }
  result.looks_current = is_shown && !follower_.signature().is_missing();
  return result;
}

/// By the whole last line and its hash; nothing where it is no record.
std::optional<ChainHead> LocalStore::checked_head() {
  const auto line = journal_->last_line();
  if (!line) return std::nullopt;
  try {
    return head_of_line(*line);
  } catch (const RecordError&) {
    return std::nullopt;
  }
}

LocalStore::Sighting LocalStore::look() {
  return {sight_of([&] { return files_.status(path_); }), sight_of([&] { return follower_.file().look(); }),
          sight_of([&] { return files_.status(journal_path_); })};
}

std::optional<LocalStore::Sighting> LocalStore::sighting() {
  const std::lock_guard guard(mutex_);
  return sighting_;
}

void LocalStore::set_sighting(const std::optional<Sighting>& sighting) {
  const std::lock_guard guard(mutex_);
  sighting_ = sighting;
}

StoredFile LocalStore::load() {
  const auto guard = follower_.exclusive();
  must_reload_ = false;
  continuation_.reset();
  {
    const std::lock_guard state(mutex_);
    is_beginning_put_off_ = false;
  }
  if (options_.read_only || std::exchange(is_journal_of_no_use_, false)) close_journal();  // others write to it
  const bool was_open = journal_ != nullptr;
  Sighting seen = look();  // before anything is read: a write during that then shows later
  const Content content = follower_.file().read();
  seen.json = content.state == Content::State::missing ? std::nullopt : std::optional(content.status);
  set_sighting(seen);  // it stays where loading throws
  StoredFile stored = load_from(content);
  if (stored.state == StoredFile::State::unusable) stored.modified = modified_at(content.status);
  if (journal_ && !was_open) seen.journal = status_at_opening();  // a torn tail was cut off
  set_sighting(is_journal_of_no_use_ ? std::optional(seen) : std::nullopt);
  return stored;
}

StoredFile LocalStore::load_from(const Content& content) {
  try {
    open_journal();
    return journal_ ? load_chained(content) : load_without_journal(content);
  } catch (const std::system_error& error) {
    return load_read_only_after(content, error.what(), may_pass(error));
  }
}

/// The journal is of no use as it is now. The JSON is shown, if it can be, and nothing is written.
StoredFile LocalStore::load_read_only_after(const Content& content, const std::string& reason, bool may_pass) {
  is_chained_ = false;
  is_journal_of_no_use_ = true;
  if (content.state != Content::State::present) return unusable(reason, may_pass);
  try {
    StoredFile stored;
    stored.state = StoredFile::State::unchained;
    stored.reason = reason;
    stored.may_pass = may_pass;
    stored.document = std::make_shared<const StatusDocument>(mapping_, parse_json(content.text));
    stored.modified = modified_at(content.status);
    return stored;
  } catch (const std::exception&) {
    return unusable(reason, may_pass);
  }
}

StoredFile LocalStore::load_chained(const Content& content) {
  // What stands there cannot be compared with the journal, so it is neither shown as its head nor replaced.
  if (content.state == Content::State::unreadable)
    return load_read_only_after(content, content.reason, content.may_pass);
  document_.reset();  // so that the JSON is compared with the journal, not with what is remembered
  bool is_foreign = false;
  try {
    Comparison comparison = compare_with(content);
    is_foreign = comparison.json == JsonState::foreign;
    head_ = comparison.head;
    document_ = comparison.document;
    is_chained_ = true;
    mend(content, std::move(comparison));
  } catch (const TamperError& error) {
    return load_read_only_after(content, journal_path_ + ": " + error.what(), false);
  } catch (const Rejection& error) {
    return load_read_only_after(content, path_ + ": " + error.what(), false);
  }
  StoredFile stored;
  stored.state = StoredFile::State::chained;
  stored.document = document_;
  stored.head = head_;
  // Whoever only reads deals with nothing, and tells it all the same.
  stored.has_foreign_content = foreign_.has_value() || (options_.read_only && is_foreign);
  stored.modified = parse_timestamp(head_.time).value_or(std::chrono::system_clock::now());
  stored.notices = take_notices();
  return stored;
}

/// Owner and mode of the status file: those of its JSON, unless what stands there is foreign or torn. Then the journal
/// still has them, except that its owner may always write to it.
FileStatus LocalStore::attributes_of(const Content& content, JsonState json) {
  if (json == JsonState::head || json == JsonState::earlier) return content.status;
  const FileStatus journal = journal_->status(), known = follower_.attributes();
  return writable_again(known).has_same_attributes(journal) ? known : journal;
}

/// Brings the JSON to what the journal says. What cannot be mended now is tried again by prepare().
void LocalStore::mend(const Content& content, Comparison comparison) {
  const FileStatus attributes = attributes_of(content, comparison.json);
  follower_.set_attributes(attributes);
  if (options_.read_only) {
    follower_.file().set_known(content.state == Content::State::missing ? std::nullopt : std::optional(content.status));
    return;
  }
  journal_->take_attributes(attributes);
  const bool is_in_order = comparison.json == JsonState::head && follower_.signature().is_of(content.text);
  if (is_in_order && !follower_.file().has_left_over()) {
    take_over(content, comparison);
    return;
  }
  StoreResult result = follower_.hold();
  if (result.status == StoreStatus::done) {
    result = guarded([&] { return mend_under_lock(content, comparison); });
    follower_.release();
  }
  if (result.status == StoreStatus::gone) return;  // it was known, and somebody removed it: nothing is made anew
  if (result.status != StoreStatus::done) {
    take_over(content, comparison);
    follower_.try_again_after(result);
    note(path_ + " could not be brought up to date: " + result.reason);
  }
}

StoreResult LocalStore::mend_under_lock(const Content& content, const Comparison& comparison) {
  // Another program may have had the lock until now.
  const Content current = follower_.file().read();
  const bool is_same = current.state == content.state && current.status.is_same_content(content.status);
  take_over(current, is_same ? comparison : compare_with(current));
  tidy_left_over();
  return catch_up();
}

/// What a crash left under the temporary name is thrown away if it is a version of ours, whole or torn, and kept
/// otherwise: it may be what an exchange had brought out.
void LocalStore::tidy_left_over() {
  const Content left_over = follower_.file().read_left_over();
  if (left_over.state == Content::State::missing) return;
  if (compare_with(left_over).json == JsonState::foreign) {
    note(path_ + ": what another program had put in its place is kept as " + follower_.file().keep_left_over());
    return;
  }
  follower_.file().remove_left_over();
}

StoredFile LocalStore::load_without_journal(const Content& content, unsigned attempts) {
  is_chained_ = false;
  loaded_ = content.state == Content::State::missing ? std::nullopt : std::optional(content.status);
  follower_.file().set_known(loaded_);
  if (content.state == Content::State::missing) return unusable("there is no such file");
  if (content.state == Content::State::unreadable) return unusable(content.reason, content.may_pass);
  follower_.set_attributes(content.status);
  try {
    auto document = std::make_shared<const StatusDocument>(mapping_, parse_json(content.text));
    if (!options_.read_only) remove_abandoned_beginning();
    return begin_with(content, std::move(document), attempts);
  } catch (const ParseError& error) {
    return unusable(error.what());
  } catch (const Rejection& error) {
    return unusable(error.what());
  }
}

/// What begin() left when it died halfway: neither of the two was the file's content yet, or else it was both.
void LocalStore::remove_abandoned_beginning() {
  if (!files_.status(temporary_name(journal_path_)) && !follower_.file().has_left_over()) return;
  if (follower_.hold().status != StoreStatus::done) return;  // somebody is at it
  remove_if_unlocked(files_, temporary_name(journal_path_));
  if (follower_.file().read_left_over().state != Content::State::missing) follower_.file().remove_left_over();
  follower_.release();
}

/// A journal is begun with the document as it is, if its hashes verify.
StoredFile LocalStore::begin_with(const Content& content, std::shared_ptr<const StatusDocument> document,
                                  unsigned attempts) {
  StoredFile stored;
  stored.state = StoredFile::State::unchained;
  stored.document = document;
  stored.modified = modified_at(content.status);
  stored.reason = hindrance_to_begin(*document);
  if (!stored.reason.empty()) return stored;
  if (!options_.read_only) {
    // Whoever is just beginning this chain (init, adopt) holds the lock, and the JSON comes before the journal.
    if (const StoreResult held = follower_.hold(); held.status != StoreStatus::done)
      return put_off_beginning(std::move(stored), held.reason);
    if (files_.status(journal_path_)) {
      follower_.release();
      return load_begun_by_another();
    }
    // Whoever had the lock until now may have replaced what was read.
    if (!follower_.file().is_untouched()) {
      follower_.release();
      if (attempts > 0) return load_without_journal(follower_.file().read(), attempts - 1);
      return put_off_beginning(std::move(stored), path_ + " is being changed by another program");
    }
  }
  stored = begin_held(std::move(stored), content);
  if (!options_.read_only) {
    follower_.release();
    follower_.try_again_after({StoreStatus::failed, path_ + " could not be signed"});  // where that is so
  }
  return stored;
}

/// The file is shown read-only until load() is tried again; looks_changed() asks for that.
StoredFile LocalStore::put_off_beginning(StoredFile stored, const std::string& reason) {
  const std::lock_guard guard(mutex_);
  is_beginning_put_off_ = true;
  stored.reason = reason;
  return stored;
}

StoredFile LocalStore::load_begun_by_another() {
  open_journal();
  return journal_ ? load_chained(follower_.file().read()) : unusable(journal_path_ + " came and went");
}

StoredFile LocalStore::begin_held(StoredFile stored, const Content& content) {
  const auto document = stored.document;
  const CommitEntry entry = first_entry(document);
  try {
    if (!options_.read_only) {
      auto journal = JournalFile::create(files_, journal_path_, entry.record, content.status);
      journal->publish();
      journal_ = std::move(journal);
      remember_journal();
      set_journal_as_opened(true);
      note(journal_path_ + " has been begun with version " + std::to_string(entry.head.version));
    }
  } catch (const std::system_error& error) {
    return put_off_beginning(std::move(stored), std::string("its journal cannot be begun: ") + error.what());
  }
  head_ = entry.head;
  document_ = document;
  is_chained_ = !options_.read_only;
  const bool is_signed = options_.read_only || follower_.signature().is_of(content.text);
  follower_.set_newest(document, is_signed);
  if (const StoreResult result = catch_up(); result.status != StoreStatus::done)
    note(path_ + " could not be signed: " + result.reason);
  stored.state = StoredFile::State::chained;
  stored.head = head_;
  stored.notices = take_notices();
  return stored;
}

}  // namespace statusfs
