// Keeps the JSON file following the journal: when it is written, and when the lock beside it is held.
//
// The lock is held while the JSON differs from what was committed. Commits go on while the JSON is written, but
// when a hold has lasted as long as it may, they wait until the JSON has caught up and others had their turn at the
// lock.
//
// A JSON that cannot be written lets the lock go and is tried again (RetrySchedule). That it is behind is told once,
// and so is that it has caught up.
//
// Thread safety and lock order: exclusive() before mutex_ and telling_. exclusive() is for long work on the JSON and
// the lock: taking it, reading, writing. mutex_ is for looking at the state. No file is touched under mutex_.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>

#include "fs/on_demand_thread.hpp"
#include "fs/store/local/local_options.hpp"
#include "fs/store/local/lock_file.hpp"
#include "fs/store/local/opened_directory.hpp"
#include "fs/store/local/retry_schedule.hpp"
#include "fs/store/local/signature_file.hpp"
#include "fs/store/local/snapshot_file.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

class JsonFollower {
 public:
  using DocumentPointer = std::shared_ptr<const StatusDocument>;

  /// `directory` is the one that the JSON is in. Both references must outlive this.
  JsonFollower(Files& files, const std::string& path, const OpenedDirectory& directory, const LocalOptions& options);
  /// Writes what is not written yet, as far as that is possible, and lets the lock go.
  ~JsonFollower();
  JsonFollower(const JsonFollower&) = delete;
  JsonFollower& operator=(const JsonFollower&) = delete;

  // Any thread.

  /// See Store.
  void tell_trouble_to(Store::Trouble told) {
    const std::lock_guard telling(telling_);
    told_ = std::move(told);
  }
  /// Whether there was somebody to be told.
  bool tell(const std::string& trouble);

  /// The JSON says what was committed last, and is on the disk.
  StoreResult settle();
  /// Whether something stands in the JSON's place that was not put there by us, or was found there in exchange.
  bool is_disturbed();

  // The commit thread.

  /// Whether a commit may follow at once: the lock is held, and there is nothing to look after.
  bool is_ready();
  /// Keeps no document any more, until set_newest(). False, and nothing happens, where one is still needed: the JSON is
  /// behind, or the lock is held.
  bool forget();
  /// Between these two the lock stays held. False: it is not held, or about to be let go.
  bool begin_append();
  /// nullptr: nothing was committed. Otherwise the JSON is written again, if it was paused.
  void end_append(DocumentPointer newest);

  // Whoever holds exclusive().

  std::unique_lock<std::mutex> exclusive() { return std::unique_lock(work_); }
  /// Takes the lock: done, busy, gone, refused, or why not.
  StoreResult hold() { return hold(options_.lock_wait); }
  /// The lock was in use until now: how long it stays held without a commit counts from here.
  void was_needed();
  /// Waits for an append that is under way; not to be called by the thread that makes it.
  void release();
  SnapshotFile& file() noexcept { return file_; }
  SignatureFile& signature() noexcept { return signature_; }
  /// Owner and mode of a JSON that has to be made anew, and of the lock file.
  void set_attributes(const FileStatus& like) {
    like_ = like;
    lock_.take_attributes(like);
  }
  const FileStatus& attributes() const noexcept { return like_; }
  /// What the JSON should say, and whether it does, and is signed.
  void set_newest(DocumentPointer newest, bool is_written);
  /// The JSON stands beside its journal, and neither was read yet.
  void set_unread(const FileStatus& json);
  /// While paused the JSON is not written: it is foreign, and what shall become of it is not decided.
  void set_paused(bool paused);
  bool is_behind();
  StoreResult write();
  /// If the JSON is behind: for this reason it stays so until it is tried again. The lock is not held.
  void try_again_after(const StoreResult& failure);
  /// What a write found in exchange and kept aside; stays until it is dropped.
  std::optional<SnapshotFile::Kept> kept();
  void drop_kept();

 private:
  using Time = HoldPolicy::Time;

  StoreResult hold(std::chrono::milliseconds allowed);
  std::optional<Time> step();
  std::optional<Time> work(Time now);
  StoreResult write_over_known();
  std::optional<Time> try_again(Time now);
  // mutex_ is held.
  std::optional<Time> due(Time now) const { return held_since_ ? next_due(now) : next_attempt(); }
  Time next_due(Time now) const;
  HoldPolicy::Duration patience() const { return paused_ ? options_.hold.judging : options_.hold.linger; }
  std::optional<Time> next_attempt() const { return has_work() ? retry_.next_attempt() : std::nullopt; }
  bool has_work() const { return newest_ && newest_ != written_ && !paused_; }
  bool try_release(bool only_when_idle);
  void let_go();
  void drain_if_due(Time now);
  bool has_chain();
  bool is_removed();
  StoreResult removed() const;
  StoreResult hindrance();
  StoreResult lock_failure(const std::system_error& error) const;
  StoreResult replace_file(const DocumentPointer& newest, const DocumentPointer& previous);

  const LocalOptions options_;
  Files& files_;
  const OpenedDirectory& directory_;

  std::mutex telling_;  // held while somebody is told, never while mutex_ is taken. Guards:
  Store::Trouble told_;

  std::mutex work_;  // taken before mutex_; serialises long work. Guards:
  SnapshotFile file_;
  SignatureFile signature_;
  LockFile lock_;
  FileStatus like_;

  std::mutex mutex_;                  // never held while waiting for a file. Guards:
  std::condition_variable appended_;  ///< appending_ became false
  DocumentPointer newest_;            ///< committed
  DocumentPointer written_;           ///< in the JSON; the same object as newest_ when it is not behind
  bool is_unread_ = false;            ///< there is a chain, but its document is not kept here
  std::optional<Time> unwritten_since_;
  std::optional<Time> held_since_;
  Time last_activity_{};
  Time rest_until_{};
  HoldPolicy::Duration cost_{};  ///< of writing the JSON last time
  bool draining_ = false;
  bool appending_ = false;
  bool paused_ = false;
  StoreResult failure_;  ///< of writing the JSON; done when it went well
  RetrySchedule retry_;  ///< of writing it
  std::optional<SnapshotFile::Kept> kept_;

  OnDemandThread checkpointer_;  // last: its thread uses all of the above
};

}  // namespace statusfs
