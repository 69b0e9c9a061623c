// One status file of a mount: its durable state for readers, and the thread that commits writes to it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fs/engine/committer.hpp"
#include "fs/engine/document_cache.hpp"
#include "fs/engine/engine_context.hpp"
#include "fs/engine/file_state.hpp"
#include "fs/engine/history.hpp"
#include "fs/engine/job.hpp"
#include "fs/engine/turn.hpp"
#include "fs/on_demand_thread.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

class StatusFile;

/// Told of everything that becomes visible, from the commit thread, before the writers are answered. Must not throw.
class StatusFileObserver {
 public:
  virtual ~StatusFileObserver() = default;
  virtual void versions_published(StatusFile& file, std::span<const Version> versions) = 0;
  /// Anything may be another than before: the file was loaded anew, adopted, or quarantined.
  virtual void state_replaced(StatusFile& file) = 0;
  /// Something about the file of this name that concerns whoever looks after it. From any thread.
  virtual void warned(const std::string& name, const std::string& message) = 0;
  /// The document was freed, and whoever still holds a version of it should let it go. From any thread.
  virtual void document_freed(StatusFile& file) = 0;
};

/// Thread safety: any thread. Lock order: the turn, load_mutex_, then state_mutex_ or queue_mutex_. None but the turn
/// is held while a job is answered, or while the cache of documents is asked.
class StatusFile final : private VersionEvents, private CachedDocument {
 public:
  /// `name` is the name of the directory that shows the file, `source` is where its plan lies; it, `context` and
  /// `observer` must outlive this.
  StatusFile(std::string name, StatusSource& source, std::unique_ptr<Store> store, const EngineContext& context,
             StatusFileObserver& observer);
  ~StatusFile() override;

  const std::string& name() const noexcept { return name_; }

  /// The newest durable state. Loads the file on first use, after its document was freed, and after it could not be
  /// loaded for a reason that may have passed. Never nullptr.
  std::shared_ptr<const FileState> state();
  /// The same, or nullptr while the file is not loaded.
  std::shared_ptr<const FileState> loaded_state() const;

  History& history() noexcept { return history_; }

  /// Whether a journal should stand beside the JSON, as far as that is known.
  bool is_chained() const {
    const auto state = loaded_state();
    return !state || state->chained;
  }

  /// Queues the job; jobs are carried out in order, those that wait together share one fsync.
  void submit(Job job);
  /// The same, for a thread that may wait for the disk: where no other is at work it carries the job out itself, which
  /// saves waking another.
  void carry_out(Job job);
  /// Queues a look at the file, after something happened to it from outside.
  void check();
  /// The same whether or not it looks changed: what is stored has become known.
  void look_again() {
    submit({CheckRequest{}, {}, [](const std::optional<Rejection>&) {}});
  }
  /// The first look after a mount, whose end it waits for: whatever happened to the file meanwhile is found, and what
  /// nobody needed yet does not stay in memory. Throws what loading throws.
  void look();
  /// The same after a file of the directory changed: looks at the plan, if this is its name, or if the name is empty.
  void check_plan(const std::string& file_name);
  /// The store cannot be written to: queued writes are refused, and the partition is shown in the tree.
  void connection_lost(const std::string& reason);
  /// It can again: shows that it is catching up until it has.
  void connection_returned();
  /// Whether another directory stands where the file was opened: then this is none of the files there.
  bool is_displaced() { return store_->is_displaced(); }
  /// The file was removed: readers and writers are told that it is gone, nothing of it is written any more, and its
  /// store has let go of the disk when this returns. Waits for a commit that is under way, ten seconds at most: what
  /// takes longer keeps the disk until this object ends.
  void retire();
  /// The observer is not told of trouble any more: it may end before this does, which inodes hold.
  void tell_no_trouble() { store_->tell_trouble_to({}); }
  /// Returns when every job that was queued before has been answered.
  void drain();
  /// Returns once everything that was committed is in the JSON on disk. Throws Rejection where that fails.
  void settle();

 private:
  std::uint64_t size() const override;
  std::uint64_t last_use() const noexcept override { return last_use_.load(std::memory_order_relaxed); }
  bool free() override;
  bool forget_state();
  std::shared_ptr<const FileState> loaded();
  std::optional<OnDemandThread::Time> step();
  // status_file_loading.cpp
  std::shared_ptr<const FileState> load();
  std::optional<OnDemandThread::Time> next_attempt() const;
  bool is_attempt_worthwhile() const;
  void load_again();
  void plan_next_attempt();
  // status_file.cpp again
  void publish(std::span<const Version> versions, std::shared_ptr<const FileState> state) override;
  void replace(std::shared_ptr<const FileState> state) override;
  void warn(const std::string& message) override { observer_.warned(name_, message); }
  void anchor(const FileState& state);
  std::optional<Rejection> reason_to_refuse(const Job& job) const;
  Rejection removed() const;
  bool enqueue(Job job);
  void wake_or_work();
  bool is_retired() const;
  bool has_queued() const;
  bool is_check_queued() const;
  bool is_at_work();
  bool take_turn();
  bool commit_step() noexcept;
  bool commit_group();
  std::vector<Job> take_group();
  std::vector<Job> take_writes(const GroupLimit& room);
  // queue_mutex_ is held.
  std::size_t fitting(const GroupLimit& room, bool (*may_go)(const Job&)) const;
  std::vector<Job> take(std::size_t count);
  void set_state(std::shared_ptr<const FileState> state);
  void show_partition(std::string_view value);
  void show_reconciled();

  const std::string name_;
  const EngineContext& context_;
  StatusFileObserver& observer_;
  const std::unique_ptr<Store> store_;
  History history_;

  std::mutex load_mutex_;                    // held while the file is loaded when it is needed, and while it is freed
  std::atomic<bool> was_loaded_ = false;     // once; a document that was freed since is no reason to load it
  std::atomic<std::uint64_t> last_use_ = 0;  // by the cache's clock; 0: nobody needed it yet

  mutable std::mutex state_mutex_;  // guards what follows up to queue_mutex_
  std::shared_ptr<const FileState> durable_state_;
  std::shared_ptr<const FileState> state_;          // as it is shown: with the partition below
  std::optional<std::string> partition_;            // state of the connection that is shown in place of what is stored
  std::optional<OnDemandThread::Time> attempt_at_;  // when what could not be loaded is loaded again
  OnDemandThread::Time failed_at_{};
  OnDemandThread::Time::duration attempt_cost_{};
  OnDemandThread::Time::duration pause_{};  // between those two

  mutable std::mutex queue_mutex_;  // guards what follows up to turn_
  std::deque<Job> queue_;
  std::string lost_because_;  // not empty: no write is queued
  bool is_retired_ = false;   // nor here; set once

  // Whoever takes it is the commit thread until he gives it back. No lock: jobs are answered meanwhile.
  Turn turn_;
  Committer committer_;    // after load(), used by whoever has the turn
  OnDemandThread thread_;  // last, so that it ends first
};

}  // namespace statusfs
