// Carries out groups of jobs on one status file: judge, stamp, hash, make durable, publish, answer.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fs/engine/engine_context.hpp"
#include "fs/engine/file_state.hpp"
#include "fs/engine/idempotency_keys.hpp"
#include "fs/engine/job.hpp"
#include "fs/engine/plan_file.hpp"
#include "fs/store/store.hpp"
#include "mapping/chain/chain.hpp"

namespace statusfs {

class CommitterEvents {
 public:
  virtual ~CommitterEvents() = default;
  virtual void publish(std::span<const Version> versions, std::shared_ptr<const FileState> state) = 0;
  virtual void replace(std::shared_ptr<const FileState> state) = 0;
};

/// Thread safety: one thread at a time.
class Committer {
 public:
  /// All references must outlive this. `stem` is the file's name without .txt, `directory` is where its plan lies.
  Committer(std::string stem, const std::string& directory, Store& store, const EngineContext& context, CommitterEvents& events);

  /// Loads the file and, where the context asks for it, adopts it. Does not publish: versions that came of it are
  /// announced by the next run().
  std::shared_ptr<const FileState> load();
  bool has_unannounced() const { return !unannounced_.empty(); }

  /// Carries out the jobs in order and answers each exactly once.
  void run(std::vector<Job> jobs);

 private:
  std::shared_ptr<const FileState> state_of(const StoredFile& stored) const;
  std::shared_ptr<const FileState> state_after(const Version& version) const;
  std::string reason_for_read_only(const StatusDocument& document) const;
  bool follow_plan();
  bool mirror_plan_values();
  std::vector<Version> commit_by_driver(const Proposal& proposal, const char* persona);

  void run_all(std::vector<Job>& jobs);
  void run_writes(std::span<Job> jobs);
  std::vector<Job*> judge_beforehand(std::span<Job> jobs);
  bool prepare(std::vector<Job*>& jobs);
  void commit(const std::vector<Job*>& jobs);
  void commit_again(std::vector<Job*> jobs, const StoreResult& conflict);
  void judge_and_stamp(Job& job, GlobalCounter::Lease& lease, std::vector<Version>& versions,
                       std::vector<Job*>& accepted);
  StoreResult make_durable(std::span<const Version> versions, std::uint64_t expected_version);

  void run_control(Job& job);
  void run_check();
  void adopt(const Author& author);
  void roll_back(const ControlRequest& request, const Author& author);
  void reconcile(const ControlRequest& request, const Author& author);
  /// Commits the proposal alone. Precondition: the store was prepared. Throws Rejection; nothing was kept then, or the
  /// disk failed.
  void carry_out(const Proposal& proposal, const Author& author);
  void show_reconciling();

  void resolve_foreign_change();
  bool adopt_foreign(const ForeignChange& change);
  void quarantine(const ForeignChange& change);
  void reload();
  void publish(std::span<const Version> versions);
  /// The state of a version that nobody asked for, which readers hear of when announce() is called.
  void take_over_by_driver(const Version& version);
  void announce();

  void require_open_for_writes() const;
  void require_chain();
  Judge judge_for(const Author& author) const;

  const std::string stem_;
  Store& store_;
  const EngineContext& context_;
  CommitterEvents& events_;
  std::shared_ptr<const FileState> state_;
  std::optional<Chain> chain_;
  std::vector<Version> unannounced_;
  static constexpr int most_attempts = 5;
  int attempts_ = 0;  // of the group that is being committed
  PlanFile plan_;
  IdempotencyKeys keys_;
};

}  // namespace statusfs
