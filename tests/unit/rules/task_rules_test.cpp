#include "mapping/rules/task_rules.hpp"

#include "mapping/schema/default_mapping.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

const std::vector<std::string> statuses{"PENDING", "ACTIVE", "BLOCKED", "DONE", "FAILED", "SKIPPED"};

// A task "one" with this status that is ready for any other: readiness PASSED, details given.
StatusDocument ready_task(const std::string& status) {
  return sample_after(R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":")" + status + R"("},
      {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":)" +
                      (status == "DONE" ? "100" : "40") +
                      R"(},
      {"op":"replace","path":"/payload/tasks_status/0/readiness_check/status","value":"PASSED"},
      {"op":"replace","path":"/payload/tasks_status/0/execution_log/failure_details","value":"why"}])");
}

struct Transitions {
  std::string from;
  std::vector<std::string> to;
};

class TransitionTest : public testing::TestWithParam<Transitions> {};

TEST_P(TransitionTest, FollowsTheTable) {
  const StatusDocument document = ready_task(GetParam().from);
  for (const std::string& to : statuses) {
    const bool allowed = to == GetParam().from || testing::Value(to, testing::AnyOfArray(GetParam().to));
    const Attempt attempt{"tasks/one/status", to + "\n", WriteRequest::Kind::set, "BUILDER"};
    if (allowed) {
      EXPECT_NO_THROW(judged(document, attempt)) << GetParam().from << " to " << to;
    } else {
      expect_judged(document, attempt, Cause::invalid,
                    {"rule task-life", "from \"" + GetParam().from + "\" to \"" + to + "\"", "it may become"});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TaskLife, TransitionTest,
                         testing::Values(Transitions{"PENDING", {"ACTIVE", "BLOCKED", "SKIPPED"}},
                                         Transitions{"ACTIVE", {"DONE", "FAILED", "BLOCKED", "PENDING"}},
                                         Transitions{"BLOCKED", {"PENDING", "ACTIVE", "SKIPPED"}},
                                         Transitions{"DONE", {"nothing"}},
                                         Transitions{"FAILED", {"PENDING", "ACTIVE", "SKIPPED"}},
                                         Transitions{"SKIPPED", {"PENDING"}}));

TEST(TransitionTest, DoneIsReopenedBySupervisorsAndManagers) {
  for (const char* archetype : {"SUPERVISOR", "MANAGER"})
    EXPECT_NO_THROW(judged(ready_task("DONE"), {"tasks/one/status", "PENDING", WriteRequest::Kind::set, archetype}));
  expect_judged(ready_task("DONE"), {"tasks/one/status", "PENDING", WriteRequest::Kind::set, "BUILDER"}, Cause::invalid,
                {"it may become PENDING (by SUPERVISOR or MANAGER)"});
}

TEST(TransitionTest, AValueOutsideTheEnumCanBeCorrected) {
  for (const std::string& to : statuses) EXPECT_NO_THROW(judged(ready_task("ODD"), {"tasks/one/status", to})) << to;
}

TEST(TransitionTest, EveryTaskOfAPatchIsJudged) {
  expect_judged(sample(), {"patch", R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":"BLOCKED"},
                                        {"op":"replace","path":"/payload/tasks_status/2/status","value":"DONE"}])"},
                Cause::invalid, {"rule task-life", "task three"});
}

TEST(RequirementTest, ActiveNeedsPassedReadiness) {
  expect_judged(sample(), {"tasks/one/status", "ACTIVE"}, Cause::invalid,
                {"rule active-needs-readiness", "readiness_check/status to be \"PASSED\"", "it is \"NOT_CHECKED\""});
  EXPECT_NO_THROW(
      judged(sample(), {"tasks/one/task.json", R"({"status":"ACTIVE","readiness_check":{"status":"PASSED"}})"}))
      << "both in one mutation";
}

TEST(RequirementTest, IsForTheMomentOfEntering) {
  EXPECT_NO_THROW(judged(ready_task("ACTIVE"), {"tasks/one/readiness_check/status", "FAILED"}));
  const StatusDocument odd = sample_with("/status", R"("ACTIVE")");
  EXPECT_NO_THROW(judged(odd, {"tasks/one/percent_complete", "5"})) << "the task was active before";
}

TEST(RequirementTest, FailedNeedsDetails) {
  const StatusDocument document = sample_with("/status", R"("ACTIVE")");
  expect_judged(document, {"tasks/one/status", "FAILED"}, Cause::invalid,
                {"rule failed-needs-details", "execution_log/failure_details", "it is empty"});
  for (const char* details : {R"("")", "null", "{}"})
    expect_judged(document,
                  {"tasks/one/task.json", R"([{"op":"replace","path":"/status","value":"FAILED"},
          {"op":"replace","path":"/execution_log/failure_details","value":)" +
                                              std::string(details) + "}]"},
                  Cause::invalid, {"failed-needs-details"});
  EXPECT_NO_THROW(judged(
      document, {"tasks/one/task.json", R"({"status":"FAILED","execution_log":{"failure_details":{"code":7}}})"}));
}

TEST(ImplicationTest, DoneIsComplete) {
  EXPECT_EQ(outcome(judged(ready_task("ACTIVE"), {"tasks/one/status", "DONE"})),
            (Outcome{{"one:/status", R"("DONE")"}, {"one:/percent_complete", "100"}}));
}

TEST(ImplicationTest, NothingIsAddedWhereItHoldsAlready) {
  const StatusDocument document = ready_task("ACTIVE").with_task(
      0, ready_task("ACTIVE").task(0).with_member("percent_complete", Value(std::int64_t{100})));
  EXPECT_EQ(outcome(judged(document, {"tasks/one/status", "DONE"})), (Outcome{{"one:/status", R"("DONE")"}}));
}

TEST(ImplicationTest, ADoneTaskTakesNoOtherPercentage) {
  expect_judged(ready_task("DONE"), {"tasks/one/percent_complete", "99"}, Cause::invalid,
                {"rule done-is-complete", "percent_complete 100", "not 99"});
  expect_judged(ready_task("ACTIVE"), {"tasks/one/task.json", R"({"status":"DONE","percent_complete":50})"},
                Cause::invalid, {"rule done-is-complete"});
  EXPECT_TRUE(judged(ready_task("DONE"), {"tasks/one/percent_complete", "100"}).changes.empty());
}

TEST(ImplicationTest, AReopenedTaskMayTakeAny) {
  EXPECT_EQ(
      outcome(judged(ready_task("DONE"), {"tasks/one/task.json", R"({"status":"PENDING","percent_complete":10})"})),
      (Outcome{{"one:/status", R"("PENDING")"}, {"one:/percent_complete", "10"}}));
}

TEST(ImplicationTest, WhatWasBrokenBeforeDoesNotHinderOtherWrites) {
  const StatusDocument document = sample_with("/status", R"("DONE")");  // at 0 %
  EXPECT_NO_THROW(judged(document, {"tasks/one/readiness_check/status", "PASSED"}));
  EXPECT_NO_THROW(judged(document, {"tasks/one/percent_complete", "100"}));
  expect_judged(document, {"tasks/one/percent_complete", "5"}, Cause::invalid, {"done-is-complete"});
}

StatusDocument with_blockers(const StatusDocument& document, const std::string& list) {
  const Field& field = *document.mapping().top("summary")->child("active_blockers_summary");
  return document.with_field(field, parse_json(list));
}

const std::string blockers = ":/payload/overall_status_summary/active_blockers_summary";

TEST(ClearingTest, LinesThatNameTheTaskGo) {
  const StatusDocument document = with_blockers(
      ready_task("BLOCKED"), R"(["Task one waits", "two waits", "someone waits", "one", "one-two", "x one."])");
  EXPECT_EQ(outcome(judged(document, {"tasks/one/status", "ACTIVE"})),
            (Outcome{{"one:/status", R"("ACTIVE")"}, {blockers, R"(["two waits","someone waits","one-two"])"}}));
}

TEST(ClearingTest, NothingToClear) {
  const StatusDocument document = with_blockers(ready_task("BLOCKED"), R"(["two waits"])");
  EXPECT_EQ(outcome(judged(document, {"tasks/one/status", "ACTIVE"})), (Outcome{{"one:/status", R"("ACTIVE")"}}));
}

TEST(ClearingTest, ATaskThatWasNotBlockedLeavesTheLinesThatNameIt) {
  const StatusDocument document = with_blockers(ready_task("PENDING"), R"(["one waits"])");
  EXPECT_EQ(outcome(judged(document, {"tasks/one/status", "ACTIVE"})), (Outcome{{"one:/status", R"("ACTIVE")"}}));
}

TEST(ClearingTest, WhileTheTaskStaysBlockedTheLinesStay) {
  const StatusDocument document = with_blockers(ready_task("BLOCKED"), R"(["one waits"])");
  EXPECT_EQ(outcome(judged(document, {"tasks/one/percent_complete", "7"})), (Outcome{{"one:/percent_complete", "7"}}));
}

TEST(ClearingTest, WhatTheSamePatchWritesIsClearedToo) {
  const StatusDocument document = with_blockers(ready_task("BLOCKED"), R"(["one waits"])");
  const Proposal proposal = judged(document, {"patch", R"([
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"ACTIVE"},
      {"op":"add","path":"/payload/overall_status_summary/active_blockers_summary/-","value":"two waits"}])"});
  EXPECT_EQ(outcome(proposal)[blockers], R"(["two waits"])");
}

TEST(ClearingTest, WhatTheSamePatchWritesIsClearedEvenWhereNothingWasBefore) {
  const StatusDocument document = with_blockers(ready_task("BLOCKED"), "[]");
  const Proposal proposal = judged(document, {"patch", R"([
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"ACTIVE"},
      {"op":"add","path":"/payload/overall_status_summary/active_blockers_summary","value":["one waits","two waits"]}])"});
  EXPECT_EQ(outcome(proposal)[blockers], R"(["two waits"])");
}

TEST(ClearingTest, SeveralTasksAtOnce) {
  StatusDocument document = with_blockers(ready_task("BLOCKED"), R"(["one waits", "two waits", "three waits"])");
  document = document.with_task(1, document.task(0).with_member("task_id_ref", Value("two")));
  const Proposal proposal = judged(document, {"patch", R"([
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"ACTIVE"},
      {"op":"replace","path":"/payload/tasks_status/1/status","value":"PENDING"}])"});
  EXPECT_EQ(outcome(proposal)[blockers], R"(["three waits"])");
}

// --- modes -----------------------------------------------------------------------------------------------------------

StatusDocument sample_in_mode(const std::string& mode) {
  std::string text(default_mapping_text());
  for (std::size_t at = 0; (at = text.find("mode: enforce", at)) != std::string::npos; at += mode.size())
    text.replace(at, 13, "mode: " + mode);
  return StatusDocument(load_mapping(text, "test"), parse_json(sample_text()));
}

TEST(RuleModeTest, WarnAcceptsAndTells) {
  const Proposal proposal = judged(sample_in_mode("warn"), {"tasks/one/status", "FAILED"});
  ASSERT_EQ(proposal.warnings.size(), 2u);
  EXPECT_EQ(proposal.warnings[0].rule, "task-life");
  EXPECT_THAT(proposal.warnings[0].message, testing::HasSubstr("cannot go"));
  EXPECT_EQ(proposal.warnings[1].rule, "failed-needs-details");
  EXPECT_EQ(outcome(proposal), (Outcome{{"one:/status", R"("FAILED")"}}));
}

TEST(RuleModeTest, EachRuleHasItsOwn) {
  std::string text(default_mapping_text());
  const std::size_t rule = text.find("- name: failed-needs-details");
  text.replace(text.find("mode: enforce", rule), 13, "mode: warn");
  const StatusDocument document(load_mapping(text, "test"), ready_task("ACTIVE").root());
  const Attempt fail{"tasks/one/task.json", R"({"status":"FAILED","execution_log":{"failure_details":null}})"};
  ASSERT_EQ(judged(document, fail).warnings.size(), 1u);
  EXPECT_EQ(judged(document, fail).warnings[0].rule, "failed-needs-details");
  expect_judged(document, {"tasks/one/status", "SKIPPED"}, Cause::invalid, {"rule task-life"});
}

TEST(RuleModeTest, OffSaysAndDoesNothing) {
  const Proposal proposal = judged(sample_in_mode("off"), {"tasks/one/status", "DONE"});
  EXPECT_TRUE(proposal.warnings.empty());
  EXPECT_EQ(outcome(proposal), (Outcome{{"one:/status", R"("DONE")"}})) << "no percentage is implied";
}

// Whatever the order of the rules.
TEST(ImplicationTest, WhatFollowsFromWhatFollowsIsSet) {
  const std::vector<std::string> rules{
      "  - name: second\n    implies: {when: {readiness_check/status: FAILED}, then: {status: BLOCKED}}\n",
      "  - name: first\n    implies: {when: {percent_complete: 77}, then: {readiness_check/status: FAILED}}\n"};
  for (const std::string& own : {rules[0] + rules[1], rules[1] + rules[0]}) {
    const StatusDocument document(load_mapping(default_mapping()->text + own, "own"), sample().root());
    EXPECT_EQ(outcome(judged(document, {"tasks/one/percent_complete", "77"})),
              (Outcome{{"one:/percent_complete", "77"},
                       {"one:/readiness_check/status", R"("FAILED")"},
                       {"one:/status", R"("BLOCKED")"}}));
  }
}

}  // namespace
}  // namespace statusfs
