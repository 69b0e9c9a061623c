// Who may write what: every archetype and every field, and what becomes of the configuration.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tests/mount/several_users.hpp"

namespace statusfs::test {
namespace {

using Kind = Attempt::Kind;

struct MatrixRow {
  Attempt attempt;
  std::vector<std::string> allowed;
};

const std::vector<std::string> plan_level{"SUPERVISOR", "MANAGER"};
const std::vector<std::string> work{"SUPERVISOR", "MANAGER", "BUILDER"};
const std::vector<std::string> authority{"SUPERVISOR"};
const std::vector<std::string> everybody{"SUPERVISOR", "MANAGER", "BUILDER", "JANITOR", "AUDITOR"};

std::vector<MatrixRow> matrix() {
  const std::string task = "tasks/task_001_scaffold/";
  return {
      {{Kind::write, "summary/execution_status", "RUNNING\n"}, plan_level},
      {{Kind::write, "summary/validation_status", "OPEN\n"}, plan_level},
      {{Kind::write, "summary/active_blockers_summary", "no key\n"}, work},
      {{Kind::append, "achievements", "something\n"}, work},
      {{Kind::write, task + "status", "BLOCKED\n"}, work},
      {{Kind::write, task + "percent_complete", "7\n"}, work},
      {{Kind::write, task + "readiness_check/status", "PASSED\n"}, work},
      {{Kind::write, task + "readiness_check/idempotency_key", "key\n"}, work},
      {{Kind::write, task + "readiness_check/readiness_assessment_id_ref", "assessment\n"}, work},
      {{Kind::write, task + "execution_log/failure_details", "none\n"}, work},
      {{Kind::append, task + "execution_log/retry_attempts_log", "once more\n"}, work},
      {{Kind::write, task + "latest_test_status", "{\"passed\": 3}"}, work},
      {{Kind::write, task + "task.json", "{\"percent_complete\": 1#}"}, work},
      {{Kind::write, task + "task.json", "[{\"op\": \"replace\", \"path\": \"/percent_complete\", \"value\": 2#}]"},
       work},
      {{Kind::write, "patch", "{\"payload\": {\"overall_status_summary\": {\"execution_status\": \"SLOW #\"}}}"},
       plan_level},
      {{Kind::write, task + "task.json", "{\"_member_#_locked\": false}"}, authority},
      {{Kind::write, "_tasks_status_list_immutable", "false\n"}, authority},
      {{Kind::write, task + "override", "{\"field\": \"percent_complete\", \"value\": 10, \"reason\": \"x\"}"},
       authority},
      {{Kind::mkdir, "tasks/task_new_#"}, plan_level},
      {{Kind::rmdir, "tasks/task_new_#"}, plan_level},
      {{Kind::read, task + "status"}, everybody},
      {{Kind::read, "status.json"}, everybody},
  };
}

// Each archetype has values of its own: who may not write a field may still send back what stands there.
Attempt attempt_of(const MatrixRow& row, std::size_t number, bool may) {
  Attempt attempt = row.attempt;
  for (std::string* text : {&attempt.path, &attempt.text})
    if (const auto at = text->find('#'); at != std::string::npos) text->replace(at, 1, std::to_string(number));
  if (attempt.kind == Kind::rmdir && !may) attempt.path = "tasks/task_003_tests";
  return attempt;
}

class AccessTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_sample();
  }
};

TEST_F(AccessTest, EveryArchetypeAndEveryField) {
  mount(shared());
  const std::vector<MatrixRow> rows = matrix();
  std::size_t number = 0;
  for (const auto& [archetype, user] : users()) {
    std::vector<Attempt> attempts;
    std::vector<int> expected;
    ++number;
    for (const MatrixRow& row : rows) {
      const bool may = std::find(row.allowed.begin(), row.allowed.end(), archetype) != row.allowed.end();
      attempts.push_back(attempt_of(row, number, may));
      expected.push_back(may ? 0 : EACCES);
    }
    const std::vector<int> errors = try_all(user, attempts);
    for (std::size_t i = 0; i < errors.size(); ++i)
      EXPECT_EQ(expected[i], errors[i]) << archetype << " " << attempts[i].path << " " << attempts[i].text;
  }
  EXPECT_NE(std::string::npos, errors().find("allowed for: SUPERVISOR, MANAGER\n")) << errors();
  EXPECT_LT(0, metric("statusfs_rules_broken_total{rule=\"access\",refused=\"true\"}"));
  EXPECT_LT(0, metric("statusfs_refusals_total{errno=\"EACCES\"}"));
  unmount();
  expect_verified();
}

TEST_F(AccessTest, EveryMutationIsAttributed) {
  mount(shared());
  ASSERT_EQ(0, try_one("daemon", {Kind::write, "tasks/task_001_scaffold/percent_complete", "11\n"}));
  EXPECT_EQ("daemon\n", read("tasks/task_001_scaffold/last_updated_by_persona_id"));
  EXPECT_EQ("BUILDER\n", read("tasks/task_001_scaffold/last_updated_by_archetype"));
  const Json record = journal().back();
  EXPECT_EQ("daemon", record["persona"]);
  EXPECT_EQ("BUILDER", record["archetype"]);
  EXPECT_EQ(1, record["uid"]);
  EXPECT_LT(0, record["pid"]);
}

TEST_F(AccessTest, TheEnvironmentNamesAPersonaButNotTheDrivers) {
  mount(shared());
  const std::string file = "tasks/task_001_scaffold/percent_complete";
  const auto persona_after = [&](const std::string& label, const std::string& value) {
    EXPECT_EQ(0, try_all("daemon", {{Kind::write, file, value}}, {{"STATUSFS_PERSONA", label}}).at(0));
    return read("tasks/task_001_scaffold/last_updated_by_persona_id");
  };
  EXPECT_EQ("AGENT_7\n", persona_after("AGENT_7", "21\n"));
  for (const char* reserved : {"PLAN", "STATUSFS", "EXTERNAL"})
    EXPECT_EQ("daemon\n", persona_after(reserved, std::string("3") + std::to_string(reserved[0] % 10) + "\n"))
        << reserved;
}

TEST_F(AccessTest, AnotherProgramInTheSameProcessHasAnotherPersona) {
  mount(shared());
  const CommandResult result = bash(
      "exec 3>> $T/tasks/task_001_scaffold/execution_log/retry_attempts_log; echo one >&3; "
      "STATUSFS_PERSONA=SECOND exec bash -c 'echo two >&3'",
      {.environment = {{"STATUSFS_PERSONA", "FIRST"}}});
  EXPECT_EQ(0, result.exit_status) << result.error;
  const auto records = journal();
  ASSERT_LT(1u, records.size());
  EXPECT_EQ("FIRST", records[records.size() - 2]["persona"]);
  EXPECT_EQ("SECOND", records.back()["persona"]);
}

TEST_F(AccessTest, AGroupAndThePersonaOfARow) {
  write_config("writers:\n  - {group: nogroup, persona: CODING_ASSISTANT, archetype: BUILDER}\n");
  mount(shared());
  ASSERT_EQ(0, try_all("games", {{Kind::write, "tasks/task_001_scaffold/percent_complete", "12\n"}},
                       {{"STATUSFS_PERSONA", "OTHER"}})
                   .at(0));
  EXPECT_EQ("CODING_ASSISTANT\n", read("tasks/task_001_scaffold/last_updated_by_persona_id"));
}

TEST_F(AccessTest, ABadConfigurationIsRefusedWithItsLine) {
  write_config("writers:\n  - {user: root, archetype: BOSS}\n");
  const CommandResult result = statusfs({source().string(), mountpoint().string(), shared()[0], shared()[1]});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("statusfs.yaml:2: ")) << result.error;
}

TEST_F(AccessTest, TheConfigurationIsReadAgainOnHangup) {
  Process& daemon = mount_in_foreground(shared());
  const Attempt attempt{Kind::write, "tasks/task_001_scaffold/percent_complete", "13\n"};
  EXPECT_EQ(EACCES, try_one("nobody", attempt));
  write_config("writers:\n  - {user: nobody, archetype: BOSS}\n");
  daemon.send(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("the configuration stays as it was") != std::string::npos; }));
  EXPECT_EQ(EACCES, try_one("nobody", attempt));
  write_config("writers:\n  - {user: nobody, archetype: BUILDER}\n");
  daemon.send(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("the configuration was read again") != std::string::npos; }));
  EXPECT_EQ(0, try_one("nobody", attempt));
}

TEST_F(AccessTest, AForeignChangeIsJudgedByTheGroupsOfItsOwner) {
  write_config(
      "writers:\n  - {group: root, archetype: SUPERVISOR}\n  - {group: daemon, archetype: BUILDER}\nexternal: adopt\n");
  mount(shared());
  const auto replace_as = [&](const std::string& user, int percent) {
    Json changed = document_on_disk();
    changed["payload"]["tasks_status"][0]["percent_complete"] = percent;
    put_file(root() / "new", changed.dump(2));
    const CommandOptions options{.environment = {{"NEW", (root() / "new").string()}, {"OWNER", user}}};
    return bash("chown $OWNER $NEW && flock -w 20 $S/exec_status_125.txt.lock mv $NEW $S/exec_status_125.txt", options)
        .exit_status;
  };
  const std::string percent = "tasks/task_001_scaffold/percent_complete";
  ASSERT_EQ(0, replace_as("daemon", 31));
  EXPECT_TRUE(eventually([&] { return read(percent) == "31\n"; }));
  EXPECT_EQ("BUILDER\n", read("tasks/task_001_scaffold/last_updated_by_archetype"));
  ASSERT_EQ(0, replace_as("nobody", 32));
  EXPECT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
  EXPECT_EQ("31\n", read(percent));
}

TEST_F(AccessTest, WithoutAConfigurationOnlyTheMountingUserWrites) {
  mount({"-o", "allow_other,default_permissions"});
  EXPECT_EQ(EACCES, try_one("daemon", {Kind::write, "tasks/task_001_scaffold/percent_complete", "14\n"}));
  EXPECT_EQ(0, try_one("daemon", {Kind::read, "tasks/task_001_scaffold/percent_complete"}));
  EXPECT_EQ(0, try_one("", {Kind::write, "tasks/task_001_scaffold/percent_complete", "14\n"}));
}

TEST_F(AccessTest, CommandsAreThoseOfWhoAsks) {
  put_file(status_file(126), test_data("seed_example.json"));
  mount(shared());
  ASSERT_EQ(0, write("tasks/task_001_scaffold/percent_complete", "15\n"));
  const std::string adopt = R"({"command": "adopt"})";
  const std::string rollback = R"({"command": "rollback", "version": 1})";
  const std::string reconcile = R"({"command": "reconcile", "resolution": "ours"})";
  for (const char* user : {"bin", "daemon", "sys", "nobody"}) {
    SCOPED_TRACE(user);
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, ".control", rollback}));
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, ".control", reconcile}));
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, ".control", adopt}));
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, "../exec_status_126/.control", adopt}));
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, ".control", "no command"}));
  }
  EXPECT_FALSE(std::filesystem::exists(journal_file(126)));
  for (const std::string& command : {reconcile, adopt})
    EXPECT_REFUSED(EPERM, try_one("games", {Kind::write, ".control", command}));  // there is nothing to do
  EXPECT_VERSIONS(1, try_one("games", {Kind::write, ".control", rollback}));
  EXPECT_EQ("0\n", read("tasks/task_001_scaffold/percent_complete"));
  EXPECT_EQ(0, try_one("games", {Kind::write, "../exec_status_126/.control", adopt}));
  for (const int number : {125, 126}) {
    const Json record = journal(number).back();
    EXPECT_EQ(number == 125 ? "rollback" : "adopt", record["op"]);
    EXPECT_EQ("games", record["persona"]);
    EXPECT_EQ(5, record["uid"]);
  }
  unmount();
  expect_verified();
  expect_verified(126);
}

}  // namespace
}  // namespace statusfs::test
