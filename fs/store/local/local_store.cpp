#include "fs/store/local/local_store.hpp"

#include <system_error>
#include <utility>

#include "fs/store/file_names.hpp"
#include "fs/store/local/outcome.hpp"
#include "fs/store/local/rotation.hpp"

namespace statusfs {
namespace {

constexpr int gate_attempts = 3;

StoreResult failed(std::string reason) { return {StoreStatus::failed, std::move(reason)}; }

bool is_same(const std::optional<FileStatus>& one, const std::optional<FileStatus>& other) {
  if (!one || !other) return !one && !other;
  return one->is_same_content(*other) && one->has_same_attributes(*other);
}

}  // namespace

LocalStore::LocalStore(std::string path, std::shared_ptr<const Mapping> mapping, Files& files, LocalOptions options)
    : path_(std::move(path)),
      journal_path_(journal_of(path_)),
      mapping_(std::move(mapping)),
      files_(files),
      options_(options),
      directory_(files, directory_of(path_)),
      beginning_(files),
      follower_(files, path_, directory_, options) {}

LocalStore::~LocalStore() = default;

StoreResult LocalStore::prepare() {
  if (options_.read_only) return failed(path_ + " is read-only here");
  if (!is_chained_) return failed(path_ + " has no chain");
  if (journal_->has_failed()) return failed(journal_path_ + " must be checked first");
  if (must_reload_) return {StoreStatus::conflict, journal_path_ + " was closed and begun anew"};
  return guarded([&]() -> StoreResult {
    journal_->make_name_durable();
    if (!foreign_ && follower_.is_ready() && journal_->is_in_place() && !is_rotation_wanted()) return {};
    const auto guard = follower_.exclusive();
    take_over_attributes();
    StoreResult result = follower_.hold();
    if (result.status != StoreStatus::done) return result;
    result = guarded([&] { return prepare_slowly(); });
    const bool goes_on = result.status == StoreStatus::done || result.status == StoreStatus::foreign || continuation_;
    if (goes_on) {
      follower_.was_needed();
    } else {
      follower_.release();
      follower_.try_again_after(result);
    }
    return result;
  });
}

/// Somebody may have given the JSON another owner or mode, which the files beside it take. What is foreign gives them
/// nothing: whoever put it there could write to the journal then. exclusive() is held.
void LocalStore::take_over_attributes() {
  const auto json = follower_.file().attributes();
  if (!json || json->has_same_attributes(follower_.attributes())) return;
  follower_.set_attributes(*json);
  journal_->take_attributes(*json);
}

StoreResult LocalStore::prepare_slowly() {
  StoreResult result = take_care_of_journal();
  if (result.status == StoreStatus::done) result = look_at_json();
  if (result.status == StoreStatus::done) result = catch_up();
  if (result.status == StoreStatus::done) result = rotate_if_due();
  return result;
}

bool LocalStore::is_rotation_wanted() {
  return journal_->end() >= no_rotation_below_ && is_rotation_due(*journal_, head_, options_.longest_journal);
}

/// conflict: the journal was closed, and the chain goes on from the first line of a new one. A rotation that cannot be
/// made hinders nothing.
StoreResult LocalStore::rotate_if_due() {
  if (foreign_ || !is_rotation_wanted()) return {};
  try {
    set_journal_as_opened(false);
    Rotation rotation = rotate(files_, path_, *journal_, *document_, beginning_.take());
    head_ = std::move(rotation.head);
    must_reload_ = true;
    continuation_ = head_;
    remember_journal();
    free_later(std::move(rotation.replaced));
    return {StoreStatus::conflict, journal_path_ + " was closed at version " + std::to_string(head_.version)};
  } catch (const std::exception& error) {
    if (journal_->has_failed()) {
      // The new journal has the name, but who knows for how long: it is what has to be checked.
      must_reload_ = true;
      if (const auto line = journal_->last_line()) head_ = head_of_line(*line);
      throw;
    }
    no_rotation_below_ = journal_->end() + options_.longest_journal / 4;
    warn(journal_path_ + " could not be closed and goes on growing: " + error.what());
    return {};
  }
}

void LocalStore::free_later(std::unique_ptr<File> file) try {
  if (options_.background)
    freeing_ = std::async(std::launch::async, [file = std::move(file)]() mutable { file.reset(); });
} catch (const std::exception&) {  // no thread is to be had: now, then
}

/// What writers would wait for when the journal is closed. Where it fails they wait then, and hear why.
void LocalStore::compress_ahead() noexcept try {
  if (!options_.background || beginning_.has_begun()) return;
  if (is_rotation_near(*journal_, head_, options_.longest_journal))
    beginning_.begin(journal_path_, journal_->status(), journal_->end());
} catch (const std::exception&) {
}

/// The document is the same as before.
std::optional<ChainHead> LocalStore::take_continuation() {
  if (!continuation_ || !document_) return std::nullopt;
  must_reload_ = false;
  return std::exchange(continuation_, std::nullopt);
}

/// A journal that another program copies here may have been taken for whole.
StoreResult LocalStore::open_journal_anew() {
  is_chained_ = false;
  must_reload_ = true;
  continuation_.reset();
  follower_.set_newest(nullptr, true);
  close_journal();
  return {StoreStatus::conflict, journal_path_ + " was written by another program"};
}

/// No disk failed, and nothing was written: which bytes are right is for people to say. Those who look after the mount
/// are told once.
StoreResult LocalStore::journal_was_changed(const std::string& found) {
  const StoreResult result{StoreStatus::refused, journal_path_ + " was changed by another program: " + found};
  if (!std::exchange(is_journal_trouble_told_, true)) warn(result.reason);
  return result;
}

/// A journal that is shorter may be whole, as an older copy is: then verify finds nothing in it.
std::string LocalStore::about_length(std::uint64_t found, std::uint64_t acknowledged) {
  const std::string lengths =
      "it has " + std::to_string(found) + " bytes, and " + std::to_string(acknowledged) + " were acknowledged";
  if (found > acknowledged) return lengths + "; " + advice_where_verify_finds_it;
  return lengths +
         ", so that it lacks versions. Writes go on when a copy that has all of it is put back into this very file "
         "(as cp puts it there, and mv does not); or mount again to go on with the versions that are there";
}

/// Any thread. What nobody wrote to since it was opened is opened anew instead.
StoreResult LocalStore::look_at_length() {
  const auto named = files_.status(journal_path_);
  const std::lock_guard guard(mutex_);
  const bool is_known = named && journal_status_ && !is_journal_as_opened_ && named->is_same_file(*journal_status_);
  if (!is_known || !acknowledged_ || named->size == *acknowledged_) return {};
  return {StoreStatus::refused,
          journal_path_ + " was changed by another program: " + about_length(named->size, *acknowledged_)};
}

StoreResult LocalStore::take_care_of_journal() {
  if (journal_->has_own_length()) is_journal_trouble_told_ = false;
  if (journal_->is_in_place()) {
    if (is_journal_as_opened()) remember_journal();  // it was looked at
    return {};
  }
  if (!journal_->has_own_length()) {
    if (is_journal_as_opened()) return open_journal_anew();
    return journal_was_changed(about_length(journal_->status().size, journal_->end()));
  }
  const std::string stranger = journal_->replace_by_copy();
  remember_journal();
  warn(journal_path_ + " was removed or replaced by another program and has been restored" +
       (stranger.empty() ? "" : "; the other one is kept as " + stranger));
  return {};
}

/// Brings the JSON up to date if it is not. Something foreign that this takes out of its place is found by the next
/// look.
StoreResult LocalStore::catch_up() {
  if (foreign_ || !follower_.is_behind()) return {};
  StoreResult result = follower_.write();
  if (result.status == StoreStatus::done && !to_note_when_written_.empty())
    note(std::exchange(to_note_when_written_, {}));
  foreign_kept();
  return result;
}

StoreResult LocalStore::commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) {
  if (entries.empty()) return {};
  if (!is_chained_ || options_.read_only) return failed(path_ + " takes no writes");
  must_reload_ = must_reload_ || head_.version != expected_version;
  if (must_reload_) return {StoreStatus::conflict, path_ + " is at version " + std::to_string(head_.version)};
  if (foreign_ && !foreign_->is_accepted) return {StoreStatus::foreign, path_ + " was changed by another program"};
  std::string lines;
  for (const CommitEntry& entry : entries) (lines += entry.record) += '\n';
  // The lock may have been let go since prepare(): it is not held for long without a commit.
  for (int attempt = 0; !follower_.begin_append(); ++attempt) {
    if (attempt == gate_attempts) return {StoreStatus::busy, path_ + ".lock could not be kept long enough"};
    const StoreResult prepared = prepare();
    if (prepared.status != StoreStatus::done) return prepared;
  }
  set_journal_as_opened(false);
  StoreResult result = append(lines);
  const bool is_done = result.status == StoreStatus::done;
  const bool is_adopted = is_done && foreign_;
  if (is_done) committed(entries.back());
  follower_.end_append(is_done ? entries.back().document : nullptr);
  if (is_done) compress_ahead();
  if (is_adopted) {
    const auto guard = follower_.exclusive();  // not sooner: whoever has it may be waiting for the append to end
    take_over_attributes();
  }
  return result;
}

StoreResult LocalStore::append(std::string_view lines) {
  const std::lock_guard appending(appending_);
  StoreResult result = guarded([&] { return journal_->append(lines); });
  const std::lock_guard guard(mutex_);
  acknowledged_ = journal_->has_failed() ? std::nullopt : std::optional(journal_->end());
  return result;
}

void LocalStore::committed(const CommitEntry& last) {
  head_ = last.head;
  document_ = last.document;
  if (!foreign_) return;
  // Accepted: what it says is in the journal now, so the JSON may be written over it.
  if (foreign_->in_place) follower_.file().set_known(foreign_->in_place);
  follower_.drop_kept();
  foreign_.reset();
}

StoreResult LocalStore::begin(const CommitEntry& entry) {
  if (options_.read_only) return failed(path_ + " is read-only here");
  return guarded([&]() -> StoreResult {
    if (journal_ || files_.status(journal_path_))
      return {StoreStatus::conflict, journal_path_ + " stands already; a chain is begun once"};
    const auto guard = follower_.exclusive();
    StoreResult result = follower_.hold();
    if (result.status != StoreStatus::done) return result;
    result = guarded([&] { return publish_first(entry); });
    if (result.status != StoreStatus::done || !options_.background) follower_.release();
    return result;
  });
}

/// The JSON goes first: if we die in between, a JSON whose hashes verify needs no more than a journal begun with it.
StoreResult LocalStore::publish_first(const CommitEntry& entry) {
  follower_.file().set_known(loaded_);
  if (!follower_.file().is_untouched()) return {StoreStatus::conflict, path_ + " was changed by another program"};
  const FileStatus like = loaded_.value_or(follower_.attributes());
  auto journal = JournalFile::create(files_, journal_path_, entry.record, like);
  follower_.set_newest(entry.document, false);
  StoreResult result = follower_.write();
  if (result.status == StoreStatus::done)
    result = guarded([&]() -> StoreResult {
      journal->publish();
      return {};
    });
  if (result.status != StoreStatus::done) {
    follower_.set_newest(nullptr, true);
    return result;
  }
  journal_ = std::move(journal);
  is_chained_ = true;
  head_ = entry.head;
  document_ = entry.document;
  remember_journal();
  return {};
}

StoreResult LocalStore::recheck() {
  if (options_.read_only || !is_chained_) return failed(path_ + " has no chain to write to");
  const auto guard = follower_.exclusive();
  StoreResult result = follower_.hold();
  if (result.status != StoreStatus::done) return result;
  result = guarded([&]() -> StoreResult {
    if (!journal_->has_own_length() && !journal_->has_failed())
      return journal_was_changed(about_length(journal_->status().size, journal_->end()));
    journal_->replace_by_copy();
    remember_journal();
    const Comparison whole = compare(mapping_, *journal_, JsonText(std::nullopt));
    if (!(whole.head == head_)) return failed(journal_path_ + " does not end where it should");
    const StoreResult looked = look_at_json();
    return looked.status == StoreStatus::done ? catch_up() : looked;
  });
  const bool has_failed = result.status != StoreStatus::done && result.status != StoreStatus::foreign;
  if (!options_.background || has_failed) follower_.release();
  if (has_failed) follower_.try_again_after(result);
  return result;
}

StoreResult LocalStore::settle() {
  StoreResult written = follower_.settle();
  const std::lock_guard appending(appending_);
  StoreResult journal = guarded([&] { return look_at_length(); });
  return journal.status == StoreStatus::done ? written : journal;
}

bool LocalStore::forget_document() {
  if (!is_chained_ || foreign_ || must_reload_ || !follower_.forget()) return false;
  document_.reset();
  beginning_.drop();
  must_reload_ = true;
  return true;
}

// Under its new name the journal may be opened by another store right away.
void LocalStore::let_go() {
  is_chained_ = false;
  const auto guard = follower_.exclusive();
  follower_.set_newest(nullptr, true);
  follower_.release();
  beginning_.drop();
  journal_.reset();
  const std::lock_guard state(mutex_);
  acknowledged_.reset();
}

bool LocalStore::is_displaced() try { return directory_.is_displaced(); } catch (const std::system_error&) {
  return false;
}

// Of a journal that is of no use nothing is held, and looking at it again opens and closes it, which the directory's
// watch tells like the work of another program: unless what stands there is another thing than it was, that is all
// there was.
bool LocalStore::looks_changed() try {
  if (const auto seen = sighting()) {
    const Sighting now = look();
    return !is_same(now.name, seen->name) || !is_same(now.json, seen->json) || !is_same(now.journal, seen->journal);
  }
  if (follower_.is_disturbed()) return true;
  // While it is written to, whoever writes looks at it.
  const std::unique_lock appending(appending_, std::try_to_lock);
  if (appending && look_at_length().status != StoreStatus::done) return true;
  const auto named = files_.status(journal_path_);
  const std::lock_guard guard(mutex_);
  if (is_beginning_put_off_) return true;
  if (!named || !journal_status_) return named.has_value() != journal_status_.has_value();
  return is_journal_as_opened_ ? !named->is_same_content(*journal_status_) : !named->is_same_file(*journal_status_);
} catch (const std::system_error&) {
  return true;
}

std::vector<std::string> LocalStore::take_notices() {
  const std::lock_guard guard(mutex_);
  return std::exchange(notices_, {});
}

}  // namespace statusfs
