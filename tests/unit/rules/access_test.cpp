#include "mapping/rules/access.hpp"

#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

const std::vector<std::string> archetypes{"SUPERVISOR", "MANAGER", "BUILDER", "JANITOR", "AUDITOR"};

struct AccessCase {
  std::string path;
  std::string text;
  WriteRequest::Kind kind;
  std::string allowed;  ///< first letters of the archetypes
};

class AccessTest : public testing::TestWithParam<AccessCase> {};

TEST_P(AccessTest, IsForTheArchetypesOfTheMapping) {
  const StatusDocument document = sample();
  for (const std::string& archetype : archetypes) {
    const Attempt attempt{GetParam().path, GetParam().text, GetParam().kind, archetype};
    if (GetParam().allowed.find(archetype.front()) != std::string::npos) {
      EXPECT_NO_THROW(judged(document, attempt)) << archetype << " " << attempt.path;
    } else {
      expect_judged(document, attempt, Cause::access_denied, {"TESTER is " + archetype, "allowed for: SUPERVISOR"});
    }
  }
}

using Kind = WriteRequest::Kind;

INSTANTIATE_TEST_SUITE_P(
    Matrix, AccessTest,
    testing::Values(
        AccessCase{"summary/execution_status", "RUNNING", Kind::set, "SM"},
        AccessCase{"summary/validation_status", "null", Kind::set, "SM"},
        AccessCase{"summary/active_blockers_summary", "blocked\n", Kind::set, "SMB"},
        AccessCase{"summary/active_blockers_summary", "blocked\n", Kind::append, "SMB"},
        AccessCase{"achievements", "done\n", Kind::append, "SMB"},
        AccessCase{"tasks/one/status", "BLOCKED", Kind::set, "SMB"},
        AccessCase{"tasks/one/percent_complete", "5", Kind::set, "SMB"},
        AccessCase{"tasks/one/readiness_check/status", "PASSED", Kind::set, "SMB"},
        AccessCase{"tasks/one/execution_log/failure_details", "why", Kind::set, "SMB"},
        AccessCase{"tasks/one/execution_log/retry_attempts_log", "again\n", Kind::append, "SMB"},
        AccessCase{"tasks/one/latest_test_status", "{}", Kind::set, "SMB"},
        AccessCase{"tasks/one/task.json", R"({"percent_complete": 3})", Kind::set, "SMB"},
        AccessCase{"tasks/one/task.json", R"([{"op":"replace","path":"/percent_complete","value":3}])", Kind::set,
                   "SMB"},
        AccessCase{"tasks/one/task.json", R"({"_status_locked": true})", Kind::set, "S"},
        AccessCase{"patch", R"({"payload": {"overall_status_summary": {"execution_status": "x"}}})", Kind::set, "SM"},
        AccessCase{"patch", R"({"payload": {"_locked_object_definition": true}})", Kind::set, "S"},
        AccessCase{"_tasks_status_list_immutable", "true", Kind::set, "S"},
        AccessCase{"tasks", "four", Kind::add_task, "SM"},
        AccessCase{"patch", R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}}])",
                   Kind::set, "SM"},
        AccessCase{"patch", R"([{"op":"remove","path":"/payload/tasks_status/1"}])", Kind::set, "SM"},
        AccessCase{"tasks/two", "", Kind::remove_task, "SM"}));

TEST(AccessTest, ReadOnlyIsNotAMatterOfWhoIsWriting) {
  for (const std::string& archetype : archetypes)
    for (const char* path : {"g_last_update", "header/file_id", "tasks/one/signature_hash", "status.json",
                             "tasks/one/execution_log/lock_override_log", "summary/overall_completion_percentage"})
      expect_judged(sample(), {path, "1", Kind::set, archetype}, Cause::not_permitted, {"read-only"});
}

TEST(AccessTest, AnUnknownArchetypeMayWriteNothing) {
  expect_judged(sample(), {"tasks/one/status", "BLOCKED", Kind::set, "NOBODY"}, Cause::access_denied);
  expect_judged(sample(), {"patch", "{}", Kind::set, "NOBODY"}, Cause::access_denied);
}

TEST(AccessTest, WhoMayWriteSomething) {
  for (const char* archetype : {"SUPERVISOR", "MANAGER", "BUILDER", "JANITOR"})
    EXPECT_NO_THROW(require_some_access(*default_mapping(), author_of(archetype))) << archetype;
  expect_refused(Cause::access_denied, {"TESTER is AUDITOR", "allowed for: SUPERVISOR, MANAGER, BUILDER, JANITOR"},
                 [] { require_some_access(*default_mapping(), author_of("AUDITOR")); });
}

TEST(AccessTest, WhoAddsTasksNeedNotBeWhoRemovesThem) {
  std::string text(default_mapping()->text);
  const std::string from = "    remove: [SUPERVISOR, MANAGER]";
  text.replace(text.find(from), from.size(), "    remove: [BUILDER]");
  const StatusDocument document(load_mapping(text, "removers.yaml"), parse_json(sample_text()));
  EXPECT_NO_THROW(judged(document, {"tasks", "four", Kind::add_task, "MANAGER"}));
  EXPECT_NO_THROW(judged(document, {"tasks/one", "", Kind::remove_task, "BUILDER"}));
  expect_judged(document, {"tasks/one", "", Kind::remove_task, "MANAGER"}, Cause::access_denied, {"remove task one"});
}

TEST(AccessTest, TasksThatComeBackAreAddedTasks) {
  const StatusDocument document = sample();
  ChangeSet changes;
  changes.restored_tasks = {parse_json(sample_task_text("four"))};
  const Author builder = author_of("BUILDER"), manager = author_of("MANAGER");
  expect_refused(Cause::access_denied, {"add tasks"}, [&] { require_access(document, changes, {builder}); });
  EXPECT_NO_THROW(require_access(document, changes, {manager}));
}

// --- the plan's say --------------------------------------------------------------------------------------------------

Plan plan_of(const std::string& tasks) {
  return Plan(parse_json(R"({"payload": {"execution_plan_id": "exec_plan_7", "tasks": )" + tasks + "}}"));
}

TEST(PlanAccessTest, AJanitorRemovesOnlyWhatThePlanDoesNotHave) {
  const Plan plan = plan_of(R"([{"task_id": "one"}])");
  const Attempt planned{"tasks/one", "", Kind::remove_task, "JANITOR"};
  const Attempt unplanned{"tasks/two", "", Kind::remove_task, "JANITOR"};
  expect_judged(sample(), planned, Cause::access_denied, {"unless a plan exists"}, &plan);
  expect_judged(sample(), unplanned, Cause::access_denied, {"unless a plan exists"}, nullptr);
  EXPECT_THAT(judged(sample(), unplanned, &plan).changes.removed_tasks, testing::ElementsAre("two"));
}

TEST(PlanAccessTest, ThePlanNamesATasksWriters) {
  const Plan plan = plan_of(R"([{"task_id": "one", "authorized_agent_archetypes": ["MANAGER"]}, {"task_id": "two"}])");
  const auto attempt = [](const char* task, const char* archetype) {
    return Attempt{std::string("tasks/") + task + "/percent_complete", "5", Kind::set, archetype};
  };
  expect_judged(sample(), attempt("one", "BUILDER"), Cause::access_denied, {"the plan names", "MANAGER"}, &plan);
  for (const auto& [task, archetype] : {std::pair{"one", "MANAGER"}, {"one", "SUPERVISOR"}, {"two", "BUILDER"}})
    EXPECT_NO_THROW(judged(sample(), attempt(task, archetype), &plan)) << task << archetype;
  EXPECT_NO_THROW(judged(sample(), attempt("one", "BUILDER"))) << "no plan, no say";
}

TEST(PlanAccessTest, WhoMayNotWriteATaskMayNotRemoveIt) {
  const Plan plan = plan_of(R"([{"task_id": "one", "authorized_agent_archetypes": ["BUILDER"]}, {"task_id": "two"}])");
  const auto removal = [](const std::string& task, const char* archetype) {
    return Attempt{"tasks/" + task, "", Kind::remove_task, archetype};
  };
  expect_judged(sample(), removal("one", "MANAGER"), Cause::access_denied, {"the plan names"}, &plan);
  EXPECT_NO_THROW(judged(sample(), removal("one", "SUPERVISOR"), &plan));
  EXPECT_NO_THROW(judged(sample(), removal("two", "MANAGER"), &plan));
  EXPECT_NO_THROW(judged(sample(), removal("one", "MANAGER")));
}

TEST(PlanAccessTest, OnlyPlannedTasksCanBeAdded) {
  const Plan plan = plan_of(R"([{"task_id": "four"}])");
  EXPECT_NO_THROW(judged(sample(), {"tasks", "four", Kind::add_task}, &plan));
  expect_judged(sample(), {"tasks", "five", Kind::add_task}, Cause::invalid, {"exec_plan_7 has no task \"five\""},
                &plan);
}

TEST(PlanAccessTest, AJanitorRemovesUnplannedTasksByAPatchWithAKey) {
  const Plan plan = plan_of(R"([{"task_id": "one"}])");
  const auto removal = [](const std::string& position) {
    return Attempt{
        "patch",
        R"({"idempotency_key":"k","patch":[{"op":"remove","path":"/payload/tasks_status/)" + position + R"("}]})",
        Kind::set, "JANITOR"};
  };
  EXPECT_THAT(judged(sample(), removal("1"), &plan).changes.removed_tasks, testing::ElementsAre("two"));
  expect_judged(sample(), removal("0"), Cause::access_denied, {"remove task one"}, &plan);
}

}  // namespace
}  // namespace statusfs
