// A status file in a directory of this machine: a journal, which is the durable record, and a JSON that follows it.
//
//   exec_status_125.txt            the JSON; replaced as a whole (SnapshotFile, JsonFollower)
//   exec_status_125.txt.journal    one line a mutation; locked as long as the store lives (JournalFile)
//   exec_status_125.txt.lock       flock(2) for programs that change the JSON (LockFile)
//   exec_status_125.txt.foreign-1  what another program put in the JSON's place
//
// Thread safety: as fs/store/store.hpp says; settle(), looks_changed(), is_displaced() and take_notices() from any
// thread.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fs/store/local/comparison.hpp"
#include "fs/store/local/compressed_beginning.hpp"
#include "fs/store/local/files.hpp"
#include "fs/store/local/journal_file.hpp"
#include "fs/store/local/json_follower.hpp"
#include "fs/store/local/local_options.hpp"
#include "fs/store/local/opened_directory.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// What can be said of a status file without reading it.
struct Probe {
  bool has_journal = false;
  /// Of the journal's last line; nothing when that is no record. Its hash was looked at, or the JSON says the same.
  std::optional<ChainHead> head;
  /// The JSON has the head's length, and what its two ends show is the head's, and it is signed.
  bool looks_current = false;
};

class LocalStore final : public Store {
 public:
  /// `path` names the JSON, which may be missing. `files` must outlive the store.
  LocalStore(std::string path, std::shared_ptr<const Mapping> mapping, Files& files, LocalOptions options = {});
  ~LocalStore() override;
  LocalStore(const LocalStore&) = delete;
  LocalStore& operator=(const LocalStore&) = delete;

  /// Takes the journal's lock, too, unless read-only. Throws JournalHeld and std::system_error.
  Probe probe();
  /// Besides what the interface says, throws JournalHeld where another process writes this file.
  StoredFile load() override;

  void tell_trouble_to(Trouble told) override { follower_.tell_trouble_to(std::move(told)); }
  bool forget_document() override;
  void let_go() override;
  bool is_displaced() override;
  StoreResult prepare() override;
  std::optional<ChainHead> take_continuation() override;
  StoreResult commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) override;
  std::optional<ForeignChange> foreign_change() override;
  void accept_foreign() override;
  StoreResult write_over_accepted() override;
  void withdraw_acceptance() override;
  StoreResult set_foreign_aside(std::string& kept_as) override;
  StoreResult begin(const CommitEntry& entry) override;
  StoreResult recheck() override;
  void visit_records_backwards(const std::function<bool(std::string_view line)>& visit) override;
  /// Besides what the interface says: not done where the journal has not the length any more that was acknowledged.
  StoreResult settle() override;

  /// Whether the JSON or the journal is not what this store left there: then prepare() (or, read-only, load()) is to be
  /// called. Any thread; two or three calls of stat(2).
  bool looks_changed() override;
  /// What was mended since the last call, for people. Any thread.
  std::vector<std::string> take_notices() override;
  std::uint64_t record_count() override;
  std::uint64_t first_version() override;
  void read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) override;
  void read_records_from_whole(std::uint64_t version,
                               const std::function<bool(std::string_view record)>& visit) override;
  std::string read_foreign(const std::string& kept_as) override;

 private:
  using Content = SnapshotFile::Content;

  /// Something foreign in the JSON's place, or found there.
  struct Foreign {
    ForeignChange change;
    std::optional<FileStatus> in_place;  ///< as long as it stands in the JSON's place
    bool is_accepted = false;
  };

  /// What stands there; for what cannot be looked at, a file without properties.
  struct Sighting {
    std::optional<FileStatus> name, json, journal;  ///< `name` is the JSON's, which may be a link to it
  };

  // local_store.cpp
  StoreResult prepare_slowly();
  void take_over_attributes();
  StoreResult take_care_of_journal();
  StoreResult journal_was_changed(const std::string& found);
  static constexpr const char* advice_where_verify_finds_it =
      "statusfs verify says where. Writes go on when what was acknowledged stands in this very file again (as cp puts "
      "it there, and mv does not); or put the journal in order and mount again";
  static std::string about_length(std::uint64_t found, std::uint64_t acknowledged);
  StoreResult look_at_length();
  StoreResult append(std::string_view lines);
  StoreResult open_journal_anew();
  StoreResult catch_up();
  bool is_rotation_wanted();
  void compress_ahead() noexcept;
  StoreResult rotate_if_due();
  void free_later(std::unique_ptr<File> file);
  void committed(const CommitEntry& last);
  StoreResult publish_first(const CommitEntry& entry);

  // local_foreign.cpp
  StoreResult look_at_json();
  std::optional<ForeignChange> foreign_kept();
  Content read_when_whole(const std::function<Content()>& read);
  Comparison compare_with(const Content& content);
  StoreResult take_over(const Content& content, const Comparison& comparison);
  StoreResult report_foreign(const Content& content);
  StoreResult write_over_foreign(const std::optional<FileStatus>& known);

  // local_load.cpp
  void open_journal();
  std::optional<ChainHead> checked_head();
  Sighting look();
  std::optional<Sighting> sighting();
  void set_sighting(const std::optional<Sighting>& sighting);
  StoredFile load_from(const Content& content);
  StoredFile load_chained(const Content& content);
  StoredFile load_without_journal(const Content& content, unsigned attempts = 3);
  StoredFile load_read_only_after(const Content& content, const std::string& reason, bool may_pass);
  StoredFile begin_with(const Content& content, std::shared_ptr<const StatusDocument> document, unsigned attempts);
  StoredFile begin_held(StoredFile stored, const Content& content);
  StoredFile put_off_beginning(StoredFile stored, const std::string& reason);
  StoredFile load_begun_by_another();
  FileStatus attributes_of(const Content& content, JsonState json);
  void mend(const Content& content, Comparison comparison);
  StoreResult mend_under_lock(const Content& content, const Comparison& comparison);
  void tidy_left_over();
  void remove_abandoned_beginning();
  void note(const std::string& notice);
  void warn(const std::string& warning);
  void remember_journal();
  void close_journal();
  std::optional<FileStatus> status_at_opening();
  bool is_journal_as_opened();
  void set_journal_as_opened(bool is_as_opened);

  const std::string path_;
  const std::string journal_path_;
  const std::shared_ptr<const Mapping> mapping_;
  Files& files_;
  const LocalOptions options_;
  const OpenedDirectory directory_;

  // The commit thread's own.
  std::unique_ptr<JournalFile> journal_;
  bool is_chained_ = false;            ///< load() or begin() found the journal good
  bool is_journal_of_no_use_ = false;  ///< load() did not; then it is opened anew by the next one
  ChainHead head_;
  std::shared_ptr<const StatusDocument> document_;
  std::optional<Foreign> foreign_;
  bool must_reload_ =
      false;  ///< whoever builds versions does not know the head or its document: nothing is committed until load()
  std::optional<ChainHead> continuation_;  ///< all that whoever builds versions has to know where must_reload_ is set
  CompressedBeginning beginning_;          ///< of journal_
  std::future<void> freeing_;              ///< of the one before
  std::uint64_t no_rotation_below_ =
      0;  ///< length of the journal below which a rotation that failed is not tried again
  bool is_journal_trouble_told_ = false;
  std::string to_note_when_written_;  ///< what is true of the JSON once it follows its journal
  std::optional<FileStatus> loaded_;  ///< the JSON that load() saw; nothing when there was none

  std::mutex appending_;  // held while the journal's length changes; taken before mutex_

  std::mutex mutex_;  // never held while waiting for a file. Guards:
  std::optional<FileStatus> journal_status_;
  std::optional<std::uint64_t> acknowledged_;  ///< bytes of the journal, where that is certain
  bool is_journal_as_opened_ = false;          ///< nothing that was acknowledged since is in it
  std::optional<Sighting> sighting_;           ///< when load() found the journal of no use; nothing where it is of use
  std::vector<std::string> notices_;
  bool is_beginning_put_off_ = false;  ///< a chain could be begun with the JSON, but for a reason that may pass

  JsonFollower follower_;
};

}  // namespace statusfs
