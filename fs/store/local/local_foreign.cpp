// What a LocalStore finds in the JSON's place, and what becomes of that when it is foreign.
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "fs/store/local/local_store.hpp"
#include "fs/store/local/side_file.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/tree/stamped_value.hpp"

namespace statusfs {
namespace {

// A program that writes the JSON in place shows within this time that it goes on.
constexpr std::chrono::milliseconds writing_pause{100};

}  // namespace

StoreResult LocalStore::look_at_json() try {
  if (!foreign_)
    if (auto change = foreign_kept()) foreign_ = Foreign{std::move(*change), std::nullopt, false};
  if (foreign_ && !foreign_->in_place)
    return foreign_->is_accepted ? StoreResult{}
                                 : StoreResult{StoreStatus::foreign, path_ + " was changed by another program"};
  if (!foreign_ && follower_.file().is_untouched()) return {};
  // Not read again: with a large file the lock, which is held for so long at most, would be let go before the commit.
  if (foreign_ && foreign_->is_accepted && follower_.file().is_still(*foreign_->in_place)) return {};
  const Content content = read_when_whole([&] { return follower_.file().read(); });
  return take_over(content, compare_with(content));
} catch (const TamperError& error) {  // of the journal, which the JSON is compared with
  return journal_was_changed(error.what() + std::string("; ") + advice_where_verify_finds_it);
}

/// What an exchange brought out of the JSON's place, if it is foreign. What is torn, or a version of ours, would have
/// been written over, had it been seen there before.
std::optional<ForeignChange> LocalStore::foreign_kept() {
  const auto kept = follower_.kept();
  if (!kept) return std::nullopt;
  const Content content = read_when_whole([&] { return follower_.file().read_kept(kept->name); });
  if (content.state != Content::State::present) return ForeignChange{kept->text, kept->owner, kept->name};
  const JsonState state = compare_with(content).json;
  if (state == JsonState::foreign) return ForeignChange{content.text, kept->owner, kept->name};
  const bool is_torn = state == JsonState::torn;
  note(path_ + (is_torn ? " was torn" : " was at an earlier version") + " and has been rebuilt from its journal; the " +
       (is_torn ? "torn" : "earlier") + " one is kept as " + kept->name);
  follower_.drop_kept();
  return std::nullopt;
}

/// Reads the JSON, and again while it is torn and still changes: a program may be writing it in place.
LocalStore::Content LocalStore::read_when_whole(const std::function<Content()>& read) {
  const auto deadline = std::chrono::steady_clock::now() + options_.writing;
  Content content = read();
  while (content.state == Content::State::present && JsonText(content.text).is_torn) {
    std::this_thread::sleep_for(writing_pause);
    Content again = read();
    const bool is_still = again.status.is_same_content(content.status);
    content = std::move(again);
    if (is_still || std::chrono::steady_clock::now() > deadline) break;
  }
  return content;
}

Comparison LocalStore::compare_with(const Content& content) {
  if (content.state == Content::State::unreadable) return {JsonState::foreign, head_, document_};
  const JsonText json(content.state == Content::State::present ? std::optional(content.text) : std::nullopt);
  if (json.root && document_ && *json.root == document_->root()) return {JsonState::head, head_, document_};
  // No version of ours; the journal need not be searched for it, which takes the longer the more it holds.
  if (json.root && document_ && version_of(*mapping_, *json.root).value_or(0) > head_.version)
    return {JsonState::foreign, head_, document_};
  return compare(mapping_, *journal_, json);
}

/// Takes over what a comparison found. The lock is held; nothing is written yet.
StoreResult LocalStore::take_over(const Content& content, const Comparison& comparison) {
  head_ = comparison.head;
  document_ = comparison.document;
  if (comparison.json == JsonState::foreign) return report_foreign(content);
  foreign_.reset();
  follower_.set_paused(false);
  const bool is_known = comparison.json == JsonState::head || comparison.json == JsonState::earlier;
  follower_.file().set_known(is_known ? std::optional(content.status) : std::nullopt);
  take_over_attributes();
  // One whose signature is missing or wrong is written, and so signed, anew: only what verified gets here.
  follower_.set_newest(document_, comparison.json == JsonState::head && follower_.signature().is_of(content.text));
  to_note_when_written_.clear();
  if (comparison.json == JsonState::missing)
    to_note_when_written_ = path_ + " was missing and has been rebuilt from its journal";
  if (comparison.json == JsonState::earlier)
    to_note_when_written_ =
        path_ + " was at an earlier version and has been brought up to version " + std::to_string(head_.version);
  return {};
}

StoreResult LocalStore::report_foreign(const Content& content) {
  follower_.file().set_known(std::nullopt);
  follower_.set_newest(document_, false);
  follower_.set_paused(true);
  foreign_ = Foreign{{content.text, content.status.owner, ""}, content.status, false};
  return {StoreStatus::foreign, path_ + " was changed by another program"};
}

std::optional<ForeignChange> LocalStore::foreign_change() {
  if (!foreign_) return std::nullopt;
  return foreign_->change;
}

void LocalStore::accept_foreign() {
  if (foreign_) foreign_->is_accepted = true;
}

void LocalStore::withdraw_acceptance() {
  if (foreign_) foreign_->is_accepted = false;
}

/// Writes the last good version where the foreign one stands, which is kept unless it is `known`. exclusive() is held.
StoreResult LocalStore::write_over_foreign(const std::optional<FileStatus>& known) {
  StoreResult result = follower_.hold();
  if (result.status != StoreStatus::done) return result;
  follower_.set_paused(false);
  follower_.file().set_known(known);
  result = follower_.write();
  if (result.status == StoreStatus::done) return result;
  follower_.set_paused(true);
  follower_.release();
  return result;
}

// What takes its place in between is kept, and found by the next prepare().
StoreResult LocalStore::write_over_accepted() {
  if (!foreign_ || !foreign_->is_accepted || !foreign_->in_place)
    return {StoreStatus::failed, path_ + " has accepted nothing"};
  const auto guard = follower_.exclusive();
  StoreResult result = write_over_foreign(foreign_->in_place);
  if (result.status != StoreStatus::done) return result;
  foreign_.reset();
  take_over_attributes();
  return result;
}

StoreResult LocalStore::set_foreign_aside(std::string& kept_as) {
  if (!foreign_) return {StoreStatus::failed, path_ + " holds no foreign change"};
  foreign_->is_accepted = false;
  const auto guard = follower_.exclusive();
  if (foreign_->in_place) {
    const StoreResult result = write_over_foreign(std::nullopt);
    if (result.status != StoreStatus::done) return result;
    if (const auto kept = follower_.kept()) foreign_->change.kept_as = kept->name;
  }
  kept_as = foreign_->change.kept_as;
  follower_.drop_kept();
  foreign_.reset();
  return {};
}

std::string LocalStore::read_foreign(const std::string& kept_as) {
  const std::string name = name_of_path(kept_as);
  // Beside the file itself; another one where the link has been changed since.
  auto file = files_.open(follower_.file().directory() + "/" + name, Files::Open::read);
  if (!file) file = files_.open(directory_of(path_) + "/" + name, Files::Open::read);
  if (!file) throw std::runtime_error(kept_as + " is missing");
  return read_all(*file);
}

}  // namespace statusfs
