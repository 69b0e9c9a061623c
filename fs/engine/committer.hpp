// Carries out groups of jobs on one status file: judge, stamp, hash, make durable, publish, answer.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fs/engine/foreign_changes.hpp"
#include "fs/engine/job.hpp"
#include "fs/engine/plan_follower.hpp"
#include "fs/engine/version_writer.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class Committer {
 public:
  /// All references must outlive this. `stem` is the file's name without .txt, `source` is where its plan lies.
  Committer(std::string stem, StatusSource& source, Store& store, const EngineContext& context, VersionEvents& events);

  /// Loads the file and, where the context asks for it, adopts it. Does not publish: versions that came of it are
  /// announced by the next run().
  std::shared_ptr<const FileState> load();
  /// The same where it could not be loaded, and throws nothing: the state says why. The next run() shows it to readers
  /// anew, where it is another.
  std::shared_ptr<const FileState> load_again();
  bool has_unannounced() const noexcept { return writer_.has_unannounced(); }

  /// Frees the document until load(), and what depends on it. False where it is still needed.
  bool forget() { return writer_.forget(); }

  /// The writes that came meanwhile, as far as there is room for them.
  using MoreWrites = std::function<std::vector<Job>(const GroupLimit& room)>;

  /// Carries out the jobs in order and answers each exactly once. Writes behind the last of them go with them, if
  /// `more` has some when the group's numbers are drawn, which may take a turn of another host.
  void run(std::vector<Job> jobs, const MoreWrites& more);

 private:
  /// A write that was acceptable when it was looked at, and what it would change.
  struct Candidate {
    Job* job = nullptr;
    Proposal proposal = {};
    std::shared_ptr<const FileState> judged_by = {};
    std::optional<Rejection> refusal = {};  // in the group that it is in
    bool follows_others = false;            // of that group, which it was judged by
  };
  /// A group of writes on its way to the disk.
  struct Group {
    std::vector<Version> versions;
    std::vector<Candidate> judged;  // in their order; one that was accepted may have made no version
    bool has_accepted = false;
    std::uint64_t expected_version = 0;
  };

  static void answer_all(const std::vector<Candidate>& candidates, const std::optional<Rejection>& refusal);
  void run_all(std::vector<Job>& jobs, const MoreWrites& more);
  void run_writes(std::span<Job> jobs, const MoreWrites& more);
  static std::vector<Candidate> split_off(std::vector<Candidate>& candidates, std::size_t most);
  std::vector<Candidate> judge_beforehand(std::span<Job> jobs);
  std::optional<Rejection> judge(Candidate& candidate);
  bool take_over_news();
  std::optional<Rejection> prepare();
  std::vector<Candidate> commit(std::vector<Candidate> candidates, const MoreWrites& more);
  void add_latecomers(std::vector<Candidate>& candidates, const MoreWrites& more);
  std::vector<Candidate> to_be_judged_again(std::vector<Candidate> candidates, const StoreResult& conflict);
  void judge_anew(Candidate& candidate, const Group& group);
  void judge_and_stamp(Candidate candidate, GlobalCounter::Lease& lease, Group& group);
  void warn(const Candidate& candidate);
  void run_control(Job& job);
  void run_check();
  void catch_up();
  void reload();
  void load_or_say_why();

  const EngineContext& context_;
  VersionWriter writer_;
  PlanFollower plan_;
  ForeignChanges foreign_;
  std::optional<std::chrono::steady_clock::time_point> conflict_since_;  // of the group that is being committed
  std::list<std::vector<Job>> latecomers_;                               // of that group, too
};

}  // namespace statusfs
