// The execution plan beside the status file: what it allows, what it says, and what becomes of a bad one.
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "tests/mount/several_users.hpp"

namespace statusfs::test {
namespace {

using Kind = Attempt::Kind;

class PlanTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_sample();
    put_plan(plan());
  }

  Path plan_file(int number = 125) const { return source() / ("exec_plan_" + std::to_string(number) + ".txt"); }
  static Json plan() { return Json::parse(test_data("plans/exec_plan_125.txt")); }
  // As an editor does it: a new file that takes the name.
  void put_plan(const Json& plan) const { put_plan_text(plan.dump(2)); }
  void put_plan_text(const std::string& text) const {
    put_file(source() / "new_plan", text);
    std::filesystem::rename(source() / "new_plan", plan_file());
  }
  void finish(const std::string& id) const {
    activate(id);
    ASSERT_EQ(0, write("tasks/" + id + "/status", "DONE\n")) << last_error();
  }
};

TEST_F(PlanTest, OnlyItsTasksCanBeAdded) {
  mount(shared());
  EXPECT_REFUSED(EINVAL, try_one("", {Kind::mkdir, "tasks/task_of_nobody"}));
  ASSERT_EQ(0, try_one("", {Kind::rmdir, "tasks/task_003_tests"}));
  EXPECT_VERSIONS(1, try_one("", {Kind::mkdir, "tasks/task_003_tests"}));
}

TEST_F(PlanTest, AJanitorRemovesWhatThePlanDoesNotHave) {
  std::filesystem::remove(plan_file());
  mount(shared());
  ASSERT_EQ(0, try_one("", {Kind::mkdir, "tasks/left_over"}));
  EXPECT_REFUSED(EACCES, try_one("sys", {Kind::rmdir, "tasks/left_over"}));
  put_plan(plan());
  EXPECT_REFUSED(EACCES, try_one("sys", {Kind::rmdir, "tasks/task_003_tests"}));
  EXPECT_VERSIONS(1, try_one("sys", {Kind::rmdir, "tasks/left_over"}));
}

TEST_F(PlanTest, NamesWhoWorksOnATask) {
  mount(shared());
  const Attempt attempt{Kind::write, "tasks/task_002_api/percent_complete", "5\n"};  // for BUILDER alone
  EXPECT_REFUSED(EACCES, try_one("bin", attempt));
  EXPECT_NE(std::string::npos, errors().find("allowed for: SUPERVISOR, BUILDER")) << errors();
  EXPECT_VERSIONS(1, try_one("daemon", attempt));
  EXPECT_EQ(0, try_one("games", {Kind::write, "tasks/task_002_api/percent_complete", "6\n"}));
  EXPECT_EQ(0, try_one("bin", {Kind::write, "tasks/task_001_scaffold/percent_complete", "5\n"}));
}

TEST_F(PlanTest, LimitsRetries) {
  mount();
  const std::string log = "tasks/task_002_api/execution_log/retry_attempts_log";  // two
  EXPECT_EQ(0, append(log, "first\n"));
  EXPECT_REFUSED(EINVAL, append(log, "second\nthird\n"));
  EXPECT_EQ(0, append(log, "second\n"));
  EXPECT_REFUSED(EINVAL, append(log, "third\n"));
  EXPECT_NE(std::string::npos, last_error().find("rule retries-within-plan")) << last_error();
}

TEST_F(PlanTest, DependenciesComeFirst) {
  mount();
  ASSERT_EQ(0, write("tasks/task_002_api/readiness_check/status", "PASSED\n"));
  EXPECT_REFUSED(EINVAL, write("tasks/task_002_api/status", "ACTIVE\n"));
  EXPECT_NE(std::string::npos, last_error().find("rule dependencies-first")) << last_error();
  finish("task_001_scaffold");
  EXPECT_VERSIONS(1, write("tasks/task_002_api/status", "ACTIVE\n"));
  // A patch is judged by what it leaves behind: the last dependency is finished in the same mutation.
  ASSERT_EQ(0, write("tasks/task_003_tests/readiness_check/status", "PASSED\n"));
  EXPECT_REFUSED(EINVAL, write("tasks/task_003_tests/status", "ACTIVE\n"));
  EXPECT_VERSIONS(1, write("patch", R"([{"op":"replace","path":"/payload/tasks_status/1/status","value":"DONE"},
                                        {"op":"replace","path":"/payload/tasks_status/2/status","value":"ACTIVE"}])"));
}

TEST_F(PlanTest, ASkippedDependencyIsFinished) {
  mount();
  ASSERT_EQ(0, write("tasks/task_001_scaffold/status", "SKIPPED\n"));
  activate("task_002_api");
}

TEST_F(PlanTest, ItsFinalStatusIsMirroredAndClosesTheFile) {
  mount();
  ASSERT_EQ(0, write("summary/execution_status", "RUNNING\n"));
  Json closed = plan();
  closed["payload"]["final_execution_status"] = "COMPLETED";
  const int before = version();
  put_plan(closed);
  EXPECT_TRUE(eventually([&] { return read("summary/execution_status") == "COMPLETED\n"; }));
  EXPECT_EQ(before + 1, version());
  EXPECT_EQ("PLAN", journal().back()["persona"]);
  std::vector<std::string> events;
  ASSERT_TRUE(eventually([&] { return (events = lines_of(read("events"))).size() >= 2; }));
  ASSERT_EQ(2u, events.size());
  EXPECT_EQ("PLAN", Json::parse(events.back())["persona"]);
  EXPECT_EQ(2, metric("statusfs_mutations_total"));
  EXPECT_REFUSED(EINVAL, write("summary/execution_status", "RUNNING\n"));
  EXPECT_VERSIONS(1, write("tasks/task_001_scaffold/percent_complete", "15\n"));
  closed["payload"]["final_validation_status"] = "VALIDATED";
  put_plan(closed);
  EXPECT_TRUE(eventually([&] { return read("summary/validation_status") == "VALIDATED\n"; }));
  EXPECT_REFUSED(EROFS, write("tasks/task_001_scaffold/percent_complete", "16\n"));
  EXPECT_NE(std::string::npos, last_error().find("VALIDATED")) << last_error();
  put_plan(plan());
  EXPECT_TRUE(eventually([&] { return write("tasks/task_001_scaffold/percent_complete", "17\n") == 0; }));
  unmount();
  expect_verified();
}

TEST_F(PlanTest, WhatItSaidBeforeTheMountIsMirroredOnFirstUse) {
  Json closed = plan();
  closed["payload"]["final_execution_status"] = "COMPLETED";
  closed["payload"]["final_validation_status"] = "VALIDATED";
  put_plan(closed);
  mount();
  EXPECT_EQ("COMPLETED\n", read("summary/execution_status"));
  EXPECT_EQ("VALIDATED\n", read("summary/validation_status"));
  EXPECT_EQ(2, version());
  EXPECT_TRUE(eventually([&] { return lines_of(read("events")).size() == 1; }));
  EXPECT_EQ(1, metric("statusfs_mutations_total"));
  EXPECT_EQ(EROFS, write("tasks/task_001_scaffold/percent_complete", "18\n"));
  unmount();
  mount();
  EXPECT_EQ(2, version());
  unmount();
  expect_verified();
}

TEST_F(PlanTest, AChangeTakesEffectAtOnce) {
  mount();
  const std::string log = "tasks/task_002_api/execution_log/retry_attempts_log";
  Json changed = plan();
  for (int limit = 0; limit < 20; ++limit) {
    changed["payload"]["tasks"][1]["max_retries"] = limit;
    put_plan(changed);
    EXPECT_EQ(EINVAL, append(log, "too many\n")) << limit;
    changed["payload"]["tasks"][1]["max_retries"] = limit + 1;
    put_plan(changed);
    EXPECT_EQ(0, append(log, "in time\n")) << limit << last_error();
  }
}

TEST_F(PlanTest, AMalformedPlanClosesItsOwnFileOnly) {
  make_status_file(126, {"task_other"});
  put_plan_text("{\"payload\": ");
  mount();
  EXPECT_EQ("PENDING\n", read("tasks/task_001_scaffold/status"));
  EXPECT_REFUSED(EROFS, write("tasks/task_001_scaffold/percent_complete", "19\n"));
  EXPECT_NE(std::string::npos, last_error().find("exec_plan_125.txt: ")) << last_error();
  EXPECT_EQ(0, write_file(tree("tasks/task_other/percent_complete", 126), "19\n"));
  put_plan(plan());
  EXPECT_TRUE(eventually([&] { return write("tasks/task_001_scaffold/percent_complete", "20\n") == 0; }));
}

TEST_F(PlanTest, APlanThatBecomesBadLeavesTheGoodOneInForce) {
  mount();
  ASSERT_EQ(0, write("tasks/task_002_api/readiness_check/status", "PASSED\n"));
  for (const char* bad : {"", "[]", "{\"payload\": {\"execution_plan_id\": \"exec_plan_125\"}}",
                          "{\"payload\": {\"execution_plan_id\": \"exec_plan_7\", \"tasks\": []}}"}) {
    put_plan_text(bad);
    EXPECT_EQ(EINVAL, write("tasks/task_002_api/status", "ACTIVE\n")) << bad;
    EXPECT_NE(std::string::npos, last_error().find("rule dependencies-first")) << bad << last_error();
  }
}

TEST_F(PlanTest, APlanThatBecomesBadLeavesAWarning) {
  mount();
  put_plan_text("[]");
  ASSERT_EQ(0, write("tasks/task_001_scaffold/percent_complete", "5\n"));
  EXPECT_NE(std::string::npos, errors().find(" WARNING exec_status_125 ")) << errors();
  EXPECT_NE(std::string::npos, errors().find("the plan that was read before stays in force")) << errors();
  EXPECT_EQ("", last_error());
}

TEST_F(PlanTest, RollbackBringsBackNoTaskThatItDoesNotHave) {
  mount(shared());
  ASSERT_EQ(0, try_one("", {Kind::rmdir, "tasks/task_003_tests"}));
  Json without = plan();
  without["payload"]["tasks"].erase(2);
  put_plan(without);
  EXPECT_REFUSED(EINVAL, write(".control", R"({"command": "rollback", "version": 1})"));
  EXPECT_NE(std::string::npos, last_error().find("has no task \"task_003_tests\"")) << last_error();
  put_plan(plan());
  EXPECT_VERSIONS(1, write(".control", R"({"command": "rollback", "version": 1})"));
  EXPECT_EQ("PENDING\n", read("tasks/task_003_tests/status"));
}

TEST_F(PlanTest, ALinkIsFollowedWithinItsDirectory) {
  std::filesystem::create_directory(source() / "below");
  std::filesystem::rename(plan_file(), source() / "below" / "plan");
  std::filesystem::create_symlink("below/plan", plan_file());
  mount(shared());
  EXPECT_REFUSED(EINVAL, try_one("", {Kind::mkdir, "tasks/task_of_nobody"}));
  EXPECT_VERSIONS(1, try_one("", {Kind::write, "tasks/task_001_scaffold/percent_complete", "5\n"}));
}

TEST_F(PlanTest, ALinkThatLeadsOutIsNotFollowed) {
  std::filesystem::rename(plan_file(), root() / "elsewhere");
  std::filesystem::create_symlink(root() / "elsewhere", plan_file());
  mount(shared());
  EXPECT_REFUSED(EROFS, try_one("", {Kind::write, "tasks/task_001_scaffold/percent_complete", "5\n"}));
  EXPECT_NE(std::string::npos, errors().find("leads out of its directory")) << errors();
  put_plan(plan());
  EXPECT_VERSIONS(1, try_one("", {Kind::write, "tasks/task_001_scaffold/percent_complete", "5\n"}));
}

// Whoever opens a pipe to read lets go whoever waits for a reader.
TEST_F(PlanTest, APipeInItsPlaceIsNotOpened) {
  std::filesystem::remove(plan_file());
  ASSERT_EQ(0, ::mkfifo(plan_file().c_str(), 0666));
  mount(shared());
  EXPECT_EQ(
      124,
      bash("timeout 1 sh -c ': > $S/exec_plan_125.txt & sleep 0.2; cat $M/exec_status_125/tasks/*/status >&2; wait'")
          .exit_status);
  EXPECT_REFUSED(EROFS, try_one("", {Kind::write, "tasks/task_001_scaffold/percent_complete", "5\n"}));
  EXPECT_NE(std::string::npos, errors().find("no regular file")) << errors();
}

TEST_F(PlanTest, AnotherPlansIdIsReported) {
  Json other = plan();
  other["payload"]["execution_plan_id"] = "exec_plan_7";
  put_plan(other);
  const CommandResult check = statusfs({"check", status_file().string()});
  EXPECT_EQ(2, check.exit_status);
  EXPECT_NE(std::string::npos, check.output.find("exec_plan_7")) << check.output;
  mount();
  EXPECT_REFUSED(EROFS, write("tasks/task_001_scaffold/percent_complete", "19\n"));
  EXPECT_NE(std::string::npos, last_error().find("exec_plan_7")) << last_error();
}

TEST_F(PlanTest, WithoutAPlanItsRulesAreOff) {
  std::filesystem::remove(plan_file());
  mount();
  activate("task_003_tests");
  EXPECT_EQ(0, try_one("", {Kind::mkdir, "tasks/task_of_nobody"}));
  for (int retry = 0; retry < 5; ++retry)
    EXPECT_EQ(0, append("tasks/task_002_api/execution_log/retry_attempts_log", "again\n"));
}

}  // namespace
}  // namespace statusfs::test
