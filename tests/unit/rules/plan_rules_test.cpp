// What a plan brings: rules that are off without one, and what it says of itself.
#include "mapping/rules/plan_mirror.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

Plan plan_with(const std::string& first_task, const std::string& members = "") {
  return Plan(parse_json(R"({"payload":{"execution_plan_id":"exec_plan_7",)" + members +
                         R"("tasks":[{"task_id":"one")" + first_task +
                         R"(},{"task_id":"two"},{"task_id":"three"}]}})"));
}

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

// --- what the driver writes by itself once the plan says it
// -----------------------------------------------------------

Outcome mirrored(const StatusDocument& document, const Plan& plan) { return outcome(mirror_plan(document, plan)); }

TEST(PlanMirrorTest, WhatThePlanSaysIsWritten) {
  const std::string summary = ":/payload/overall_status_summary";
  const Plan plan = plan_with("", R"("final_execution_status":"OVER","final_validation_status":"VALID",)");
  EXPECT_EQ(mirrored(sample(), plan),
            (Outcome{{summary + "/execution_status", R"("OVER")"}, {summary + "/validation_status", R"("VALID")"}}));
  const Proposal proposal = mirror_plan(sample(), plan);
  EXPECT_EQ(proposal.op, "plan");
  EXPECT_EQ(proposal.path, "exec_plan_7");
}

TEST(PlanMirrorTest, NothingIsWrittenWithoutNeed) {
  const Plan plan = plan_with("", R"("final_execution_status":"OVER",)");
  const std::string place = "/payload/overall_status_summary";
  const auto with = [&](const std::string& key, const std::string& value) {
    return sample_after(R"([{"op":"add","path":")" + place + "/" + key + R"(","value":)" + value + "}]");
  };
  EXPECT_EQ(mirrored(sample(), plan_with("")), Outcome{}) << "the plan is open";
  EXPECT_EQ(mirrored(with("execution_status", R"("OVER")"), plan), Outcome{}) << "it is there";
  EXPECT_EQ(mirrored(with("_execution_status_locked", "true"), plan), Outcome{}) << "it is locked";
  EXPECT_EQ(mirrored(with("execution_status", R"("RUNNING")"), plan),
            (Outcome{{":" + place + "/execution_status", R"("OVER")"}}));
}

TEST(PlanMirrorTest, WhatTheFieldDoesNotTakeIsNotSaid) {
  const Plan plan = plan_with("", R"("final_execution_status":"two\nlines",)");
  EXPECT_EQ(mirrored(sample(), plan), Outcome{});
  EXPECT_NO_THROW(judged(sample(), {"summary/execution_status", "RUNNING"}, &plan));
}

}  // namespace
}  // namespace statusfs
