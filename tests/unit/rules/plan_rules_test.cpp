// What a plan brings: rules that are off without one, and values that it says itself.
#include "tests/unit/rules/judging.hpp"
#include "tests/unit/rules/sample_plan.hpp"

namespace statusfs {
namespace {

TEST(PlanRulesTest, DependenciesComeFirst) {
  const Plan plan = plan_with(R"(,"dependencies":["two","gone"])");
  const StatusDocument ready = sample_with("/readiness_check/status", R"("PASSED")");
  const Attempt start{"tasks/one/status", "ACTIVE"};
  expect_judged(ready, start, Cause::invalid, {"rule dependencies-first", "depends on two", "is \"PENDING\""}, &plan);
  EXPECT_NO_THROW(judged(ready, start)) << "no plan, no rule";
  const StatusDocument done = ready.with_task(1, ready.task(1).with_member("status", Value("SKIPPED")));
  expect_judged(done, start, Cause::invalid, {"depends on gone", "is absent"}, &plan);
  const Plan one_dependency = plan_with(R"(,"dependencies":["two"])");
  EXPECT_NO_THROW(judged(done, start, &one_dependency));
  EXPECT_NO_THROW(judged(ready, {"tasks/one/percent_complete", "4"}, &plan));
}

// "one" depends on "two": what both will be counts, in whatever order a patch says it.
TEST(PlanRulesTest, DependenciesAreJudgedByWhatAllTasksWillBe) {
  const Plan plan = plan_with(R"(,"dependencies":["two"])");
  const StatusDocument two_done =
      sample_after(R"([{"op":"replace","path":"/payload/tasks_status/1/status","value":"SKIPPED"},
                       {"op":"replace","path":"/payload/tasks_status/0/readiness_check/status","value":"PASSED"}])");
  const StatusDocument without_one = sample_after(R"([{"op":"remove","path":"/payload/tasks_status/0"},
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"SKIPPED"}])");
  const std::string add_one =
      R"({"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"one","status":"ACTIVE","readiness_check":{"status":"PASSED"}}})";
  const std::string two_again = R"({"op":"replace","path":"/payload/tasks_status/0/status","value":"PENDING"})";
  EXPECT_NO_THROW(judged(without_one, {"patch", "[" + add_one + "]"}, &plan));
  expect_judged(without_one, {"patch", "[" + add_one + "," + two_again + "]"}, Cause::invalid,
                {"rule dependencies-first", "depends on two"}, &plan);
  const std::string remove_two = R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":"ACTIVE"},
      {"op":"remove","path":"/payload/tasks_status/1"}])";
  expect_judged(two_done, {"patch", remove_two}, Cause::invalid, {"rule dependencies-first", "is absent"}, &plan);

  const Plan other = plan_with("", "");
  EXPECT_NO_THROW(judged(two_done, {"patch", remove_two}, &other));
  const StatusDocument only_one = sample_after(R"([{"op":"remove","path":"/payload/tasks_status/1"},
                       {"op":"replace","path":"/payload/tasks_status/0/readiness_check/status","value":"PASSED"}])");
  EXPECT_NO_THROW(judged(only_one,
                         {"patch", R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":"ACTIVE"},
      {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"two","status":"SKIPPED"}}])"},
                         &plan))
      << "what it depends on is added as finished";
}

TEST(PlanRulesTest, RetriesStayWithinThePlan) {
  const Plan plan = plan_with(R"(,"max_retries":2)");
  const StatusDocument document = sample_with("/execution_log/retry_attempts_log", R"([{"note":"a"}])");
  const std::string retries = "tasks/one/execution_log/retry_attempts_log";
  EXPECT_NO_THROW(judged(document, {retries, "b\n", WriteRequest::Kind::append}, &plan));
  expect_judged(document, {retries, "b\nc\n", WriteRequest::Kind::append}, Cause::invalid,
                {"rule retries-within-plan", "3 entries", "allows 2"}, &plan);
  EXPECT_NO_THROW(judged(document, {retries, "b\nc\n", WriteRequest::Kind::append}));
}

TEST(PlanRulesTest, WhatThePlanSaysOfItselfIsMirrored) {
  const Plan plan = plan_with("", R"("final_execution_status":"OVER",)");
  expect_judged(sample(), {"summary/execution_status", "RUNNING"}, Cause::invalid, {"mirrors plan exec_plan_7", "OVER"},
                &plan);
  EXPECT_NO_THROW(judged(sample(), {"summary/execution_status", "OVER"}, &plan));
  EXPECT_NO_THROW(judged(sample(), {"summary/validation_status", "RUNNING"}, &plan)) << "the plan says nothing of it";
}

}  // namespace
}  // namespace statusfs
