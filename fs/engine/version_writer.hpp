// The commit thread's hold on one status file: its newest state, its chain, and the one way in which a version is added
// to it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fs/engine/engine_context.hpp"
#include "fs/engine/file_state.hpp"
#include "fs/engine/idempotency_keys.hpp"
#include "fs/store/store.hpp"
#include "mapping/chain/chain.hpp"

namespace statusfs {

/// Told of what becomes visible to readers. Must not throw.
class VersionEvents {
 public:
  virtual ~VersionEvents() = default;
  virtual void publish(std::span<const Version> versions, std::shared_ptr<const FileState> state) = 0;
  /// Anything may be another than before.
  virtual void replace(std::shared_ptr<const FileState> state) = 0;
  /// Something about the file that concerns whoever looks after it, and that no writer is told.
  virtual void warn(const std::string& message) = 0;
};

/// Whether readers of chained states find the same in both.
bool looks_the_same(const FileState& left, const FileState& right);

/// What the driver does of its own accord is signed with one of these personas.
Author driver_author(const EngineContext& context, const char* persona);

/// Thread safety: one thread at a time.
class VersionWriter {
 public:
  /// All references must outlive this. `stem` is the file's name without .txt.
  VersionWriter(std::string stem, Store& store, const EngineContext& context, VersionEvents& events);

  const std::string& stem() const noexcept { return stem_; }
  Store& store() noexcept { return store_; }
  const EngineContext& context() const noexcept { return context_; }
  IdempotencyKeys& keys() noexcept { return keys_; }
  /// The newest durable state. Precondition: load() was called.
  const std::shared_ptr<const FileState>& state() const noexcept { return state_; }
  /// The chain that ends in that state, or in versions that are about to be made durable.
  Chain& chain();
  Judge judge_for(const Author& author) const;
  /// Throws Rejection(read_only) with the reason.
  void require_open_for_writes() const;

  /// Loads the file anew and, where the context asks for it, adopts it. Tells readers nothing. Throws as Store::load
  /// does.
  void load();
  /// Frees the document of a chained file, until load(). If that finds another state than this one, the next announce()
  /// shows it to readers anew. False, and nothing happens, where the document is still needed.
  bool forget();
  /// Starts a chain with the current content. Tells readers nothing. Throws Rejection.
  void begin_chain(const Author& author);
  /// What the plan means for the file from now on. Tells readers nothing.
  void set_plan(std::shared_ptr<const Plan> plan, std::string hindrance);

  /// Makes versions of chain() durable, all or none, as successors of `expected_version`. Unless done, take_back() must
  /// follow.
  StoreResult make_durable(std::span<const Version> versions, std::uint64_t expected_version);
  /// The chain ends in the newest durable state again.
  void take_back();
  /// The stamp of the next mutation.
  MutationStamp stamp_of(GlobalCounter::Lease& lease, Author author) const;
  /// The same with a number and a trace that the mutation brings; an empty trace: the author's.
  MutationStamp stamp_with(std::int64_t g, const std::string& trace_id, Author author) const;
  /// Versions that other hosts made, which the store took over, become the newest state, and readers are told. False
  /// where there are none, or they do not follow on the state: then the file is to be loaded anew.
  bool follow_others();
  /// The newest state goes on from another record that says the same; readers see nothing of it. False where the store
  /// has none.
  bool follow_continuation();

  /// Makes versions of the current state by `make` and makes them durable, again while other hosts take their numbers
  /// first, for at most `patience_with_others`. Tells readers nothing. Throws Rejection; nothing was kept then, or the
  /// store failed.
  std::vector<Version> commit_alone(const std::function<std::vector<Version>(GlobalCounter::Lease& lease)>& make);
  static constexpr std::chrono::seconds patience_with_others{5};
  /// One mutation, stamped and made durable by itself. Tells readers nothing. Precondition: the store was prepared.
  /// Throws Rejection; nothing was kept then, or the disk failed.
  std::vector<Version> commit_alone(const Proposal& proposal, const Author& author);

  /// The versions are durable: they become the newest state, and readers are told of them.
  void publish(std::span<const Version> versions);
  /// The same for versions that nobody asked for; readers are told by the next announce(), publish() or replace().
  void advance(std::span<const Version> versions);
  void announce();
  bool has_unannounced() const noexcept { return is_shown_late_ || !unannounced_.empty(); }
  /// Readers see the newest state anew by the next announce().
  void show_late() noexcept { is_shown_late_ = true; }
  /// Readers see the newest state anew.
  void replace();
  /// What load() found in the file's place is dealt with: readers who saw that there was something see the state anew.
  void foreign_content_is_gone();
  /// Readers see this state until the next publish() or replace(); nothing becomes durable by it.
  void show(std::shared_ptr<const FileState> passing) { events_.replace(std::move(passing)); }
  /// Logs it, and tells whoever looks for reasons in the mount.
  void warn(const std::string& message);
  /// The file cannot be shown any more.
  void set_unusable(const std::string& reason);

 private:
  std::shared_ptr<const FileState> state_of(const StoredFile& stored) const;
  std::shared_ptr<const FileState> state_after(const Version& version) const;
  void keep_times(const FileState& before);
  void follow_journal(const FileState& before);
  std::string reason_for_read_only(const StatusDocument& document) const;
  void apply_plan(FileState& state) const;

  const std::string stem_;
  Store& store_;
  const EngineContext& context_;
  VersionEvents& events_;
  std::shared_ptr<const FileState> state_;
  // Of the last set_plan(): a file that is unusable for a while has none that could keep them.
  std::shared_ptr<const Plan> plan_;
  std::string plan_hindrance_;
  std::optional<Chain> chain_;
  std::vector<Version> unannounced_;
  bool is_shown_late_ = false;  // readers know a state from before load()
  IdempotencyKeys keys_;
};

}  // namespace statusfs
