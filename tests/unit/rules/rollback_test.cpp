#include "mapping/rules/rollback.hpp"

#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

// The sample as it was, and after some more writes.
const StatusDocument& earlier_sample() {
  static const StatusDocument document = sample_after(R"([
      {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":10},
      {"op":"replace","path":"/payload/tasks_status/0/g_last_update","value":3},
      {"op":"add","path":"/payload/tasks_status/0/execution_log/retry_attempts_log/-","value":{"note":"a"}},
      {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":20},
      {"op":"add","path":"/payload/overall_status_summary/execution_status","value":"EARLY"},
      {"op":"add","path":"/payload/key_achievements_log/-","value":{"achievement_summary":"a"}}])");
  return document;
}

StatusDocument later(const std::string& more = "[]") {
  const std::string writes = R"([
      {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":60},
      {"op":"replace","path":"/payload/tasks_status/0/g_last_update","value":9},
      {"op":"add","path":"/payload/tasks_status/0/execution_log/retry_attempts_log/-","value":{"note":"b"}},
      {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":70},
      {"op":"replace","path":"/payload/overall_status_summary/execution_status","value":"LATE"},
      {"op":"replace","path":"/payload/partition_status","value":"PARTITIONED"},
      {"op":"add","path":"/payload/key_achievements_log/-","value":{"achievement_summary":"b"}}])";
  const Value root = apply_json_patch(earlier_sample().root(), decode_json_patch(parse_json(writes)));
  return document_of(apply_json_patch(root, decode_json_patch(parse_json(more))));
}

Proposal rolled_back(const StatusDocument& document, const std::optional<std::string>& task = {},
                     const std::string& archetype = "SUPERVISOR") {
  const Author author = author_of(archetype);
  return propose_rollback(document, earlier_sample(), 4, task, {author});
}

TEST(RollbackTest, ValuesThatCanBeWrittenGoBackAndLogsStay) {
  const Proposal proposal = rolled_back(later());
  EXPECT_EQ(outcome(proposal), (Outcome{{"one:/percent_complete", "10"},
                                        {"two:/percent_complete", "20"},
                                        {":/payload/overall_status_summary/execution_status", R"("EARLY")"}}));
  EXPECT_FALSE(proposal.changes.changes_membership());
  EXPECT_EQ(proposal.op, "rollback");
  EXPECT_EQ(proposal.path, "@4");
}

TEST(RollbackTest, OfOneTaskLeavesTheOthersAndTheFile) {
  const Proposal proposal = rolled_back(later(), "one");
  EXPECT_EQ(outcome(proposal), (Outcome{{"one:/percent_complete", "10"}}));
  EXPECT_EQ(proposal.path, "tasks/one@4");
}

TEST(RollbackTest, WhatHadNoValueLosesIt) {
  const StatusDocument document =
      later(R"([{"op":"add","path":"/payload/overall_status_summary/validation_status","value":"VALID"}])");
  EXPECT_EQ(outcome(rolled_back(document)).at(":/payload/overall_status_summary/validation_status"), "null");
}

TEST(RollbackTest, AGroupThatWasNotThereLosesItsValuesAndKeepsItsLogs) {
  const StatusDocument earlier = sample_after(R"([{"op":"remove","path":"/payload/tasks_status/0/execution_log"}])");
  const StatusDocument now = sample_after(R"([
      {"op":"replace","path":"/payload/tasks_status/0/execution_log/failure_details","value":"why"},
      {"op":"add","path":"/payload/tasks_status/0/execution_log/retry_attempts_log/-","value":{"note":"a"}}])");
  const Author author = author_of("SUPERVISOR");
  EXPECT_EQ(outcome(propose_rollback(now, earlier, 1, {}, {author})),
            (Outcome{{"one:/execution_log/failure_details", "null"}}));
}

TEST(RollbackTest, TasksComeBackAndGo) {
  const StatusDocument document = later(R"([{"op":"remove","path":"/payload/tasks_status/1"},
      {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"new"}}])");
  const Proposal whole = rolled_back(document);
  EXPECT_THAT(whole.changes.removed_tasks, testing::ElementsAre("new"));
  ASSERT_EQ(whole.changes.restored_tasks.size(), 1u);
  EXPECT_EQ(whole.changes.restored_tasks[0], earlier_sample().task(1));
  EXPECT_EQ(rolled_back(document, "two").changes.restored_tasks.size(), 1u);
  EXPECT_TRUE(rolled_back(document, "two").changes.removed_tasks.empty());
  EXPECT_THAT(rolled_back(document, "new").changes.removed_tasks, testing::ElementsAre("new"));
  expect_refused(Cause::not_found, {"\"none\"", "neither version"}, [&] { rolled_back(document, "none"); });
}

TEST(RollbackTest, LocksAreNeitherLiftedNorBroughtBack) {
  for (const char* lock : {"/payload/_note_locked", "/payload/tasks_status/2/_status_locked"}) {
    const StatusDocument document = later(R"([{"op":"add","path":")" + std::string(lock) + R"(","value":true}])");
    const Outcome changes = outcome(rolled_back(document));
    EXPECT_EQ(changes.size(), 3u) << "the lock is not among them";
  }
  const StatusDocument before = sample_with("/_status_locked", "true");
  const Author author = author_of("SUPERVISOR");
  EXPECT_TRUE(propose_rollback(sample(), before, 1, {}, {author}).changes.empty());
}

TEST(RollbackTest, WhatIsLockedStopsIt) {
  const StatusDocument document =
      later(R"([{"op":"add","path":"/payload/tasks_status/0/_percent_complete_locked","value":true}])");
  expect_refused(Cause::not_permitted, {"_percent_complete_locked"}, [&] { rolled_back(document); });
  EXPECT_NO_THROW(rolled_back(document, "two"));
  const StatusDocument immutable = later(R"([{"op":"remove","path":"/payload/tasks_status/1"},
      {"op":"replace","path":"/payload/_tasks_status_list_immutable","value":true}])");
  expect_refused(Cause::not_permitted, {"_tasks_status_list_immutable"}, [&] { rolled_back(immutable); });
}

TEST(RollbackTest, WhatWasNotValidDoesNotComeBack) {
  const Author author = author_of("SUPERVISOR");
  const StatusDocument earlier = sample_with("/percent_complete", "500");
  expect_refused(Cause::invalid, {"/payload/tasks_status/0/percent_complete", "0 to 100"},
                 [&] { propose_rollback(sample(), earlier, 1, {}, {author}); });
}

TEST(RollbackTest, IsForTheAuthorityOverLocks) {
  for (const char* archetype : {"MANAGER", "BUILDER", "JANITOR", "AUDITOR"})
    expect_refused(Cause::access_denied, {"roll back", "SUPERVISOR"}, [&] { rolled_back(later(), {}, archetype); });
}

TEST(RollbackTest, ToWhatIsThereAlreadyChangesNothing) {
  const Author author = author_of("SUPERVISOR");
  EXPECT_TRUE(propose_rollback(earlier_sample(), earlier_sample(), 4, {}, {author}).changes.empty());
}

TEST(RollbackTest, ATaskThatWasNotValidDoesNotComeBack) {
  const StatusDocument earlier = sample_with("/status", R"("NONSENSE")");
  const Author author = author_of("SUPERVISOR");
  expect_refused(Cause::invalid, {"NONSENSE"},
                 [&] { propose_rollback(earlier.without_task(0), earlier, 1, "one", {author}); });
}

Plan plan_of(const std::string& tasks) {
  return Plan(parse_json(R"({"payload":{"execution_plan_id":"exec_plan_7","tasks":)" + tasks + "}}"));
}

TEST(RollbackTest, ATaskThatThePlanDoesNotHaveDoesNotComeBack) {
  const Plan plan = plan_of(R"([{"task_id":"one"},{"task_id":"three"}])");
  const Author author = author_of("SUPERVISOR");
  const StatusDocument document = later(R"([{"op":"remove","path":"/payload/tasks_status/1"}])");
  for (const auto& task : {std::optional<std::string>(), std::optional<std::string>("two")})
    expect_refused(Cause::invalid, {"exec_plan_7", "has no task \"two\""}, [&] {
      propose_rollback(document, earlier_sample(), 4, task, {author, &plan});
    });
  EXPECT_NO_THROW(propose_rollback(document, earlier_sample(), 4, "one", {author, &plan}));
}

TEST(RollbackTest, ATaskBecomesActiveOnlyBehindThoseThatItDependsOn) {
  const Plan plan = plan_of(R"([{"task_id":"one"},{"task_id":"two","dependencies":["one"]},{"task_id":"three"}])");
  const Author author = author_of("SUPERVISOR");
  const StatusDocument earlier = sample_after(R"([
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"DONE"},
      {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":100},
      {"op":"replace","path":"/payload/tasks_status/1/status","value":"ACTIVE"}])");
  const auto roll_back = [&](const StatusDocument& document, const std::optional<std::string>& task) {
    return propose_rollback(document, earlier, 1, task, {author, &plan});
  };
  const StatusDocument pending = sample_after(R"([
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"PENDING"},
      {"op":"replace","path":"/payload/tasks_status/1/status","value":"PENDING"}])");
  const StatusDocument removed = pending.without_task(1);
  for (const StatusDocument* document : {&pending, &removed}) {
    expect_refused(Cause::invalid, {"rule dependencies-first", "two depends on one"},
                   [&] { roll_back(*document, "two"); });
    EXPECT_NO_THROW(roll_back(*document, {})) << "both go back, and the first one is done then";
  }
}

}  // namespace
}  // namespace statusfs
