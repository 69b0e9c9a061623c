#include "mapping/rules/plan_mirror.hpp"

#include "tests/unit/rules/judging.hpp"
#include "tests/unit/rules/sample_plan.hpp"

namespace statusfs {
namespace {

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
