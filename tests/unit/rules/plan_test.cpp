#include "mapping/rules/plan.hpp"

#include "mapping/document/parse.hpp"
#include "tests/unit/expect_refused.hpp"

namespace statusfs {
namespace {

struct BadPlan {
  std::string json;
  std::string part;
};

class BadPlanTest : public testing::TestWithParam<BadPlan> {};

TEST_P(BadPlanTest, IsRefusedWithItsPointer) {
  SCOPED_TRACE(GetParam().json);
  expect_refused(Cause::invalid, {GetParam().part}, [] { Plan plan(parse_json(GetParam().json)); });
}

INSTANTIATE_TEST_SUITE_P(
    Plans, BadPlanTest,
    testing::Values(
        BadPlan{"{}", "/payload is missing"}, BadPlan{"[]", "/payload is missing"},
        BadPlan{R"({"payload": 1})", "/payload is 1"},
        BadPlan{R"({"payload": {"tasks": []}})", "/payload/execution_plan_id is missing"},
        BadPlan{R"({"payload": {"execution_plan_id": "", "tasks": []}})", "/payload/execution_plan_id is \"\""},
        BadPlan{R"({"payload": {"execution_plan_id": "p"}})", "/payload/tasks is missing"},
        BadPlan{R"({"payload": {"execution_plan_id": "p", "tasks": [1]}})", "/payload/tasks/0 is 1"},
        BadPlan{R"({"payload": {"execution_plan_id": "p", "tasks": [{}]}})", "/payload/tasks/0/task_id is missing"},
        BadPlan{R"({"payload": {"execution_plan_id": "p", "tasks": [{"task_id": "a"}, {"task_id": "a"}]}})",
                "/payload/tasks/1/task_id"},
        BadPlan{R"({"payload": {"execution_plan_id": "p", "tasks": [{"task_id": "a", "max_retries": -1}]}})",
                "/payload/tasks/0/max_retries is -1"},
        BadPlan{R"({"payload": {"execution_plan_id": "p", "tasks": [{"task_id": "a", "dependencies": ["b", 2]}]}})",
                "/payload/tasks/0/dependencies/1 is 2"},
        BadPlan{R"({"payload": {"execution_plan_id": "p", "final_execution_status": 3, "tasks": []}})",
                "/payload/final_execution_status is 3"}));

TEST(PlanTest, IsRead) {
  const Plan plan(parse_json(R"({"payload": {"execution_plan_id": "exec_plan_7", "final_execution_status": "OVER",
      "final_validation_status": "", "tasks": [{"task_id": "a", "max_retries": 2, "dependencies": ["b"],
      "authorized_agent_archetypes": null}, {"task_id": "b"}]}})"));
  EXPECT_EQ(plan.id(), "exec_plan_7");
  EXPECT_EQ(plan.final_execution_status(), "OVER");
  EXPECT_EQ(plan.final_validation_status(), std::nullopt);
  EXPECT_EQ(plan.find("a")->max_retries, 2);
  EXPECT_THAT(plan.find("a")->dependencies, testing::ElementsAre("b"));
  EXPECT_TRUE(plan.find("a")->authorized_archetypes.empty());
  EXPECT_EQ(plan.find("b")->max_retries, std::nullopt);
  EXPECT_EQ(plan.find("c"), nullptr);
}

}  // namespace
}  // namespace statusfs
