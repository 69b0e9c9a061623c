// The life of a task: every step from every status, what a step needs and what follows from it.
#include <algorithm>
#include <cerrno>

#include "tests/mount/several_users.hpp"

namespace statusfs::test {
namespace {

using Kind = Attempt::Kind;
using Names = std::vector<std::string>;

const Names statuses{"PENDING", "ACTIVE", "BLOCKED", "DONE", "FAILED", "SKIPPED"};

const std::map<std::string, Names>& steps() {
  static const std::map<std::string, Names> steps{{"PENDING", {"ACTIVE", "BLOCKED", "SKIPPED"}},
                                                  {"ACTIVE", {"DONE", "FAILED", "BLOCKED", "PENDING"}},
                                                  {"BLOCKED", {"PENDING", "ACTIVE", "SKIPPED"}},
                                                  {"FAILED", {"PENDING", "ACTIVE", "SKIPPED"}},
                                                  {"DONE", {}},
                                                  {"SKIPPED", {"PENDING"}}};
  return steps;
}

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class TaskLifeTest : public SeveralUsersTest {
 protected:
  // One task for each pair of statuses, in the first of the two; it has passed its check and says how it failed.
  void make_tasks() {
    Names ids;
    for (const std::string& from : statuses)
      for (const std::string& to : statuses) ids.push_back(from + "_" + to);
    make_status_file(125, ids);
    mount(shared());
    for (const std::string& id : ids) bring_to(id, id.substr(0, id.find('_')));
  }
  void bring_to(const std::string& id, const std::string& status) {
    const std::string task = "tasks/" + id + "/";
    ASSERT_EQ(0,
              write(task + "task.json",
                    R"({"readiness_check": {"status": "PASSED"}, "execution_log": {"failure_details": "it broke"}})"));
    if (status == "DONE" || status == "FAILED") {
      ASSERT_EQ(0, write(task + "status", "ACTIVE\n"));
    }
    ASSERT_EQ(0, write(task + "status", status + "\n")) << last_error();
  }
  void expect_steps(const std::string& archetype, const Names& from_done) {
    make_tasks();
    std::vector<Attempt> attempts;
    for (const std::string& from : statuses)
      for (const std::string& to : statuses)
        attempts.push_back({Kind::write, "tasks/" + from + "_" + to + "/status", to + "\n"});
    const std::vector<int> errors = try_all(user_of(archetype), attempts);
    auto error = errors.begin();
    for (const std::string& from : statuses) {
      for (const std::string& to : statuses) {
        const bool may = from == to || contains(from == "DONE" ? from_done : steps().at(from), to);
        EXPECT_EQ(may ? 0 : EINVAL, *error++) << archetype << " " << from << " " << to;
        EXPECT_EQ((may ? to : from) + "\n", read("tasks/" + from + "_" + to + "/status"));
      }
    }
    EXPECT_LT(0, metric("statusfs_rules_broken_total{rule=\"task-life\",refused=\"true\"}"));
    EXPECT_LT(0, metric("statusfs_blocked_tasks"));
    unmount();
    expect_verified();
  }
};

TEST_F(TaskLifeTest, EveryStepOfASupervisor) { expect_steps("SUPERVISOR", {"PENDING"}); }
TEST_F(TaskLifeTest, EveryStepOfAManager) { expect_steps("MANAGER", {"PENDING"}); }
TEST_F(TaskLifeTest, EveryStepOfABuilder) { expect_steps("BUILDER", {}); }

class TaskRulesTest : public SampleTest {};

TEST_F(TaskRulesTest, ActiveNeedsReadiness) {
  for (const char* readiness : {"NOT_CHECKED", "FAILED"}) {
    ASSERT_EQ(0, write("tasks/task_001_scaffold/readiness_check/status", readiness));
    EXPECT_REFUSED(EINVAL, write("tasks/task_001_scaffold/status", "ACTIVE\n"));
    EXPECT_NE(std::string::npos, last_error().find("rule active-needs-readiness")) << last_error();
  }
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/task.json",
                           R"({"status": "ACTIVE", "readiness_check": {"status": "PASSED"}})"));
}

TEST_F(TaskRulesTest, FailedNeedsDetails) {
  activate(first_task);
  EXPECT_REFUSED(EINVAL, write("tasks/task_001_scaffold/status", "FAILED\n"));
  EXPECT_NE(std::string::npos, last_error().find("rule failed-needs-details")) << last_error();
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/task.json",
                           R"({"status": "FAILED", "execution_log": {"failure_details": {"exit_status": 2}}})"));
}

TEST_F(TaskRulesTest, LeavingBlockedClearsTheBlockersThatNameTheTask) {
  ASSERT_EQ(0, write("tasks/task_002_api/status", "BLOCKED\n"));
  EXPECT_EQ("", read("summary/active_blockers_summary"));
  ASSERT_EQ(
      0, write("summary/active_blockers_summary",
               "task_002_api: no key\nwaiting for task_002_api.\ntask_002_api_v2 is another\nmy_task_002_api too\n"));
  EXPECT_VERSIONS(1, write("tasks/task_002_api/status", "PENDING\n"));
  EXPECT_EQ("task_002_api_v2 is another\nmy_task_002_api too\n", read("summary/active_blockers_summary"));
}

TEST_F(TaskRulesTest, TheReadinessCheckIsStampedAndRepeatable) {
  const std::string check = R"({"readiness_check": {"status": "PASSED", "idempotency_key": "check-1"}})";
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/task.json", check));
  const std::string stamped = read("tasks/task_001_scaffold/readiness_check/g_checked");
  EXPECT_EQ(read("tasks/task_001_scaffold/g_last_update"), stamped);
  EXPECT_VERSIONS(0, write("tasks/task_001_scaffold/task.json", check));
  EXPECT_VERSIONS(0, write("tasks/task_001_scaffold/task.json",
                           R"({"readiness_check": {"status": "FAILED", "idempotency_key": "check-1"}})"));
  EXPECT_EQ("PASSED\n", read("tasks/task_001_scaffold/readiness_check/status"));
  EXPECT_EQ(stamped, read("tasks/task_001_scaffold/readiness_check/g_checked"));
  // Another check may come to the same.
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/task.json",
                           R"({"readiness_check": {"status": "PASSED", "idempotency_key": "check-2"}})"));
  EXPECT_EQ(read("g_last_update"), read("tasks/task_001_scaffold/readiness_check/g_checked"));
  EXPECT_VERSIONS(1,
                  write("tasks/task_001_scaffold/task.json", R"({"readiness_check": {"idempotency_key": "renamed"}})"));
  EXPECT_NE(read("g_last_update"), read("tasks/task_001_scaffold/readiness_check/g_checked"));
  EXPECT_VERSIONS(1, write("patch", R"([{"op": "add", "path": "/payload/tasks_status/-", "value":
                                         {"task_id_ref": "checked", "readiness_check": {"status": "PASSED"}}}])"));
  EXPECT_EQ(read("g_last_update"), read("tasks/checked/readiness_check/g_checked"));
}

TEST_F(TaskRulesTest, AnEditedCopyIsNoRepeatedReadinessCheck) {
  const std::string task = "tasks/task_001_scaffold/task.json", check = "tasks/task_001_scaffold/readiness_check/";
  ASSERT_EQ(0, write(task, R"({"readiness_check": {"status": "PASSED", "idempotency_key": "check-1"}})"));
  const auto edited = [&](const std::function<void(Json&)>& edit) {
    Json copy = Json::parse(read(task));
    edit(copy);
    return copy.dump();
  };
  EXPECT_VERSIONS(1, write(task, edited([](Json& copy) { copy["readiness_check"]["status"] = "FAILED"; })));
  EXPECT_EQ("FAILED\n", read(check + "status"));
  EXPECT_EQ("check-1\n", read(check + "idempotency_key"));
  EXPECT_VERSIONS(1, write(task, edited([](Json& copy) {
                             copy["readiness_check"]["readiness_assessment_id_ref"] = "assessment";
                             copy["percent_complete"] = 7;
                           })));
  EXPECT_EQ("assessment\n", read(check + "readiness_assessment_id_ref"));
  EXPECT_EQ("7\n", read("tasks/task_001_scaffold/percent_complete"));
  EXPECT_REFUSED(EINVAL, write(task, edited([](Json& copy) { copy["readiness_check"]["status"] = "BOGUS"; })));
  EXPECT_VERSIONS(0, write(task, edited([](Json&) {})));
}

TEST_F(TaskRulesTest, TheReadinessCheckIsToldAgainByEveryPatchThatGivesIt) {
  const std::string group = "tasks/task_002_api/readiness_check/";
  const auto expect_stamped = [&](bool is_stamped, const std::string& file, const std::string& patch) {
    SCOPED_TRACE(patch);
    EXPECT_VERSIONS(1, write(file, patch));
    EXPECT_EQ(is_stamped, read("g_last_update") == read(group + "g_checked"));
    EXPECT_NE(read("g_last_update"), read("tasks/task_001_scaffold/readiness_check/g_checked"));
  };
  const std::string task = "tasks/task_002_api/task.json", other = "tasks/task_001_scaffold/task.json";
  const auto of_file = [](const std::string& key) { return R"({"payload": {"tasks_status": )" + key + "}}"; };
  const auto operation = [](const std::string& path, const std::string& value) {
    return R"({"op": "replace", "path": ")" + path + R"(", "value": )" + value + "}";
  };
  const std::string in_file = "/payload/tasks_status/1/readiness_check";
  ASSERT_EQ(0, write(other, R"({"readiness_check": {"status": "PASSED"}})"));
  expect_stamped(true, task, R"({"readiness_check": {"status": "PASSED", "idempotency_key": "1"}})");
  expect_stamped(true, task, R"({"readiness_check": {"status": "PASSED", "idempotency_key": "2"}})");
  expect_stamped(false, task, R"({"readiness_check": {"idempotency_key": "3"}})");
  expect_stamped(true, task,
                 "[" + operation("/readiness_check/idempotency_key", R"("4")") + "," +
                     operation("/readiness_check/status", R"("PASSED")") + "]");
  expect_stamped(true, "patch",
                 "[" + operation(in_file + "/idempotency_key", R"("5")") + "," +
                     operation(in_file + "/status", R"("PASSED")") + "]");
  expect_stamped(false, "patch",
                 "[" + operation(in_file + "/idempotency_key", R"("6")") + "," +
                     operation("/payload/tasks_status/0/readiness_check/status", R"("PASSED")") + "]");
  Json tasks = document()["payload"]["tasks_status"];
  tasks[1]["readiness_check"]["idempotency_key"] = "7";
  expect_stamped(true, "patch", of_file(tasks.dump()));
  Json check = document()["payload"]["tasks_status"][1]["readiness_check"];
  check["idempotency_key"] = "8";
  expect_stamped(true, "patch", "[" + operation(in_file, check.dump()) + "]");
  check = document()["payload"]["tasks_status"][1]["readiness_check"];
  check["idempotency_key"] = "9";
  expect_stamped(true, task, "[" + operation("/readiness_check", check.dump()) + "]");
}

TEST_F(TaskRulesTest, APatchAddsNoTaskThatLeftTheRulesBehind) {
  const auto add = [](const std::string& status) {
    return R"([{"op": "add", "path": "/payload/tasks_status/-", "value": {"task_id_ref": "new", "status": ")" + status +
           R"("}}])";
  };
  EXPECT_REFUSED(EINVAL, write("patch", add("DONE")));
  EXPECT_REFUSED(EINVAL, write("patch", add("ACTIVE")));
  EXPECT_VERSIONS(1, write("patch", add("PENDING")));
}

class RuleModeTest : public MountedTest {
 protected:
  void mount_with_mode(const std::string& mode) {
    make_sample();
    std::string mapping = statusfs({"mapping"}).output;
    const std::size_t rule = mapping.find("- name: active-needs-readiness");
    const std::size_t at = mapping.find("mode: enforce", rule);
    mapping.replace(at, std::string("mode: enforce").size(), "mode: " + mode);
    put_file(root() / "mapping.yaml", mapping);
    mount({"-o", "mapping=" + (root() / "mapping.yaml").string()});
  }
};

TEST_F(RuleModeTest, AWarningIsAcceptedAndLogged) {
  mount_with_mode("warn");
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/status", "ACTIVE\n"));
  const std::string errors = read_file(mountpoint() / ".statusfs" / "errors");
  EXPECT_NE(std::string::npos, errors.find(" WARNING exec_status_125/tasks/task_001_scaffold/status ")) << errors;
  EXPECT_NE(std::string::npos, errors.find("accepted; rule active-needs-readiness: ")) << errors;
  EXPECT_EQ("", last_error());
}

TEST_F(RuleModeTest, AWarningOfASaveOrAMoveIsLoggedToo) {
  mount_with_mode("warn");
  const auto warnings = [&] {
    const std::vector<std::string> lines = lines_of(read_file(mountpoint() / ".statusfs" / "errors"));
    return std::ranges::count_if(lines,
                                 [](const std::string& line) { return line.find(" WARNING ") != std::string::npos; });
  };
  EXPECT_VERSIONS(1, bash("cd $T/tasks/task_001_scaffold && echo ACTIVE > new && mv new status").exit_status);
  EXPECT_EQ(1, warnings());
  EXPECT_VERSIONS(1, bash("mv $T/by-status/PENDING/task_002_api $T/by-status/ACTIVE/").exit_status);
  EXPECT_EQ(2, warnings());
}

TEST_F(RuleModeTest, ARuleThatIsOffSaysNothing) {
  mount_with_mode("off");
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/status", "ACTIVE\n"));
  EXPECT_EQ("", read_file(mountpoint() / ".statusfs" / "errors"));
}

}  // namespace
}  // namespace statusfs::test
