// Locks: every form, who sets and clears them, and overrides.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "tests/mount/several_users.hpp"
#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {
namespace {

using Kind = Attempt::Kind;

class LockTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_sample();
    mount(shared());
  }
  // As a shell's `>`, which makes what is not there.
  int write_new(const std::string& path, std::string_view text) const {
    const int handle = ::open(tree(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (handle < 0) return errno;
    const int error = error_of(static_cast<int>(::write(handle, text.data(), text.size())));
    ::close(handle);
    return error;
  }
  const std::string task_ = "tasks/task_001_scaffold/";
};

TEST_F(LockTest, ComesBeforeHowItWasWritten) {
  ASSERT_EQ(0, write(task_ + "task.json", R"({"_status_locked": true})"));
  EXPECT_REFUSED(EPERM, append(task_ + "status", "ACTIVE\n"));
  EXPECT_REFUSED(EINVAL, append(task_ + "percent_complete", "5\n"));
  for (const char* name : {"tasks/%zz", "tasks/.x"}) {
    EXPECT_REFUSED(EACCES, try_one("daemon", {Kind::mkdir, name}));
    EXPECT_REFUSED(EINVAL, try_one("", {Kind::mkdir, name}));
  }
  ASSERT_EQ(0, write("_tasks_status_list_immutable", "true\n"));
  for (const char* name : {"tasks/%zz", "tasks/.x"}) EXPECT_REFUSED(EPERM, try_one("", {Kind::mkdir, name}));
}

TEST_F(LockTest, OfAField) {
  EXPECT_VERSIONS(1, write(task_ + "task.json", R"({"_percent_complete_locked": true})"));
  EXPECT_REFUSED(EPERM, write(task_ + "percent_complete", "5\n"));
  EXPECT_NE(std::string::npos, last_error().find("_percent_complete_locked")) << last_error();
  EXPECT_REFUSED(EPERM, try_one("daemon", {Kind::write, task_ + "percent_complete", "5\n"}));
  EXPECT_REFUSED(EPERM, write(task_ + "task.json", R"({"percent_complete": 5})"));
  EXPECT_VERSIONS(1, write(task_ + "readiness_check/status", "PASSED\n"));
  EXPECT_EQ(1, metric("statusfs_active_locks"));
  EXPECT_LT(0, metric("statusfs_rules_broken_total{rule=\"lock\",refused=\"true\"}"));
  EXPECT_EQ("true\n", read(task_ + "_percent_complete_locked"));
  EXPECT_VERSIONS(1, write(task_ + "_percent_complete_locked", "false\n"));
  EXPECT_VERSIONS(1, write(task_ + "percent_complete", "5\n"));
}

TEST_F(LockTest, ThatIsNotThereIsNoFileThatCanBeMade) {
  for (const char* name :
       {"tasks/task_001_scaffold/_status_locked", "tasks/task_001_scaffold/readiness_check/_locked_object_definition",
        "summary/_execution_status_locked", "_tasks_list_immutable"}) {
    EXPECT_REFUSED(EPERM, write_new(name, "true\n"));
    EXPECT_NE(std::string::npos, last_error().find("sets one with a patch")) << last_error();
    EXPECT_EQ(ENOENT, read_error(tree(name)));
  }
  ASSERT_EQ(0, write_new(task_ + "draft", "true\n"));
  EXPECT_EQ(EPERM, error_of(::rename(tree(task_ + "draft").c_str(), tree(task_ + "_status_locked").c_str())));
  EXPECT_EQ(0, write_new(task_ + "status_locked", "false\n")) << "no lock: it has another name";
  EXPECT_EQ(0, metric("statusfs_active_locks"));
  EXPECT_VERSIONS(1, write(task_ + "task.json", R"({"_status_locked": true})"));
  EXPECT_VERSIONS(1, error_of(::rename(tree(task_ + "status_locked").c_str(),
                                       tree(task_ + "_status_locked").c_str())));  // a save of one that is there
}

TEST_F(LockTest, InAFreeDocumentIsNone) {
  EXPECT_VERSIONS(1, write(task_ + "latest_test_status", R"({"_a_locked": true})"));
  EXPECT_VERSIONS(1, append("achievements", "an entry has a mark of its own\n"));
  EXPECT_EQ(0, metric("statusfs_active_locks"));
  EXPECT_VERSIONS(1, write(task_ + "latest_test_status", R"({"a": 1})"));
}

TEST_F(LockTest, OfAGroupAndOfATask) {
  for (const char* lock : {"_locked_object_definition", "_locked_entry_definition"}) {
    EXPECT_VERSIONS(1, write(task_ + "task.json", "{\"readiness_check\": {\"" + std::string(lock) + "\": true}}"));
    EXPECT_REFUSED(EPERM, write(task_ + "readiness_check/status", "PASSED\n"));
    EXPECT_VERSIONS(1, write(task_ + "task.json", "{\"readiness_check\": {\"" + std::string(lock) + "\": null}}"));
    EXPECT_VERSIONS(1, write(task_ + "task.json", "{\"" + std::string(lock) + "\": true}"));
    EXPECT_REFUSED(EPERM, write(task_ + "readiness_check/status", "PASSED\n"));
    EXPECT_REFUSED(EPERM, write(task_ + "percent_complete", "6\n"));
    EXPECT_REFUSED(EPERM, append(task_ + "execution_log/retry_attempts_log", "again\n"));
    EXPECT_REFUSED(EPERM, try_one("", {Kind::rmdir, "tasks/task_001_scaffold"}));
    EXPECT_VERSIONS(1, write("tasks/task_002_api/percent_complete", lock[8] == 'o' ? "6\n" : "7\n"));
    EXPECT_VERSIONS(1, write(task_ + "task.json", "{\"" + std::string(lock) + "\": false}"));
  }
  EXPECT_VERSIONS(1, write(task_ + "percent_complete", "8\n"));
}

TEST_F(LockTest, OfAList) {
  const std::string patch =
      R"({"payload": {"overall_status_summary": {"_active_blockers_summary_list_immutable": true}}})";
  EXPECT_VERSIONS(1, write("patch", patch));
  EXPECT_REFUSED(EPERM, write("summary/active_blockers_summary", "one\n"));
  EXPECT_REFUSED(EPERM, append("summary/active_blockers_summary", "one\n"));
  EXPECT_VERSIONS(1, write("_tasks_status_list_immutable", "true\n"));
  EXPECT_REFUSED(EPERM, try_one("", {Kind::mkdir, "tasks/new"}));
  EXPECT_REFUSED(EPERM, try_one("", {Kind::rmdir, "tasks/task_003_tests"}));
  EXPECT_VERSIONS(1, write(task_ + "percent_complete", "9\n"));
  EXPECT_VERSIONS(1, write("patch", R"({"payload": {"_key_achievements_log_list_immutable": true}})"));
  EXPECT_REFUSED(EPERM, append("achievements", "one\n"));
}

TEST_F(LockTest, SettingTheSameLockAgainChangesNothing) {
  EXPECT_VERSIONS(1, write("_tasks_status_list_immutable", "true\n"));
  EXPECT_VERSIONS(0, write("_tasks_status_list_immutable", "true\n"));
  EXPECT_VERSIONS(1, write(task_ + "task.json", R"({"_status_locked": true})"));
  EXPECT_VERSIONS(0, write(task_ + "task.json", R"({"_status_locked": true})"));
  EXPECT_VERSIONS(0, write(task_ + "_status_locked", "true\n"));
}

TEST_F(LockTest, OnlyASupervisorSetsAndClears) {
  const Attempt set{Kind::write, task_ + "task.json", R"({"_status_locked": true})"};
  const Attempt set_list{Kind::write, "_tasks_status_list_immutable", "true\n"};
  for (const char* user : {"bin", "daemon", "sys", "nobody"}) {
    EXPECT_REFUSED(EACCES, try_one(user, set));
    EXPECT_REFUSED(EACCES, try_one(user, set_list));
  }
  EXPECT_VERSIONS(1, try_one("games", set));
  for (const char* user : {"bin", "daemon", "sys", "nobody"}) {
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, task_ + "task.json", R"({"_status_locked": false})"}));
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, task_ + "_status_locked", "false\n"}));
  }
  EXPECT_REFUSED(EINVAL, write(task_ + "task.json", R"({"_status_locked": "yes"})"));
  EXPECT_VERSIONS(1, try_one("games", {Kind::write, task_ + "_status_locked", "false\n"}));
}

TEST_F(LockTest, AnOverrideSetsTheFieldAndIsLogged) {
  ASSERT_EQ(0, write(task_ + "task.json", R"({"_percent_complete_locked": true})"));
  EXPECT_EQ("", read(task_ + "override"));
  EXPECT_VERSIONS(1, try_one("games", {Kind::write, task_ + "override",
                                       R"({"field": "percent_complete", "value": 44, "reason": "measured anew"})"}));
  EXPECT_EQ("44\n", read(task_ + "percent_complete"));
  const Json entry = Json::parse(read(task_ + "execution_log/lock_override_log"));
  EXPECT_EQ(std::stoi(read("g_last_update")), entry["g"]);
  EXPECT_EQ("games", entry["persona_id"]);
  EXPECT_EQ("percent_complete", entry["field"]);
  EXPECT_EQ(0, entry["old_value"]);
  EXPECT_EQ(44, entry["new_value"]);
  EXPECT_EQ("measured anew", entry["reason"]);
  EXPECT_EQ(read("last_mutation_trace_id"), entry["trace_id"].get<std::string>() + "\n");
  std::vector<std::string> keys;
  for (const auto& member : entry.items()) keys.push_back(member.key());
  EXPECT_EQ((std::vector<std::string>{"g", "persona_id", "field", "old_value", "new_value", "reason", "trace_id"}),
            keys);
  EXPECT_REFUSED(EPERM, write(task_ + "percent_complete", "45\n"));
  EXPECT_EQ("override", journal().back()["op"]);
  unmount();
  expect_verified();
  EXPECT_EQ(0, statusfs({"check", status_file().string()}).exit_status);
}

TEST_F(LockTest, AnOverrideWorksInALockedTaskAndKeepsTheOtherRules) {
  ASSERT_EQ(0, write(task_ + "readiness_check/status", "PASSED\n"));
  ASSERT_EQ(0, write(task_ + "task.json", R"({"_locked_object_definition": true})"));
  EXPECT_REFUSED(EINVAL, write(task_ + "override", R"({"field": "status", "value": "DONE", "reason": "x"})"));
  EXPECT_VERSIONS(1, write(task_ + "override", R"({"field": "status", "value": "ACTIVE", "reason": "x"})"));
  EXPECT_VERSIONS(1, write(task_ + "override", R"({"field": "status", "value": "DONE", "reason": "x"})"));
  EXPECT_EQ("100\n", read(task_ + "percent_complete"));
  EXPECT_VERSIONS(0, write(task_ + "override", R"({"field": "status", "value": "DONE", "reason": "again"})"));
  EXPECT_EQ(2u, lines_of(read(task_ + "execution_log/lock_override_log")).size());
}

TEST_F(LockTest, ABadOverrideIsRefused) {
  for (const char* bad :
       {R"({"field": "percent_complete", "value": 4})", R"({"field": "percent_complete", "reason": "x"})",
        R"({"value": 4, "reason": "x"})", R"({"field": "percent_complete", "value": 4, "reason": " "})",
        R"({"field": "nothing", "value": 4, "reason": "x"})",
        R"({"field": "percent_complete", "value": 400, "reason": "x"})",
        R"({"field": "percent_complete", "value": 4, "reason": "x", "more": 1})", R"([1])"})
    EXPECT_REFUSED(EINVAL, write(task_ + "override", bad));
  EXPECT_REFUSED(EPERM, write(task_ + "override", R"({"field": "g_last_update", "value": 4, "reason": "x"})"));
  EXPECT_REFUSED(
      EPERM, write(task_ + "override", R"({"field": "execution_log/retry_attempts_log", "value": [], "reason": "x"})"));
  for (const char* user : {"bin", "daemon", "sys", "nobody"})
    EXPECT_REFUSED(EACCES, try_one(user, {Kind::write, task_ + "override", "{}"}));
}

// A closed journal is read when the snapshot has been taken, so that whoever waits for its opening waits for no lock.
TEST_F(LockTest, VerifyHoldsTheLockFileOnlyForItsSnapshot) {
  for (char letter = 'a'; letter < 'm'; ++letter)
    ASSERT_EQ(0, write(task_ + "execution_log/failure_details", std::string(500'000, letter)));
  const Path closed = status_file().string() + ".journal.d";
  int value = 0;
  ASSERT_TRUE(eventually([&] {  // when the lock is taken anew
    EXPECT_EQ(0, write(task_ + "percent_complete", std::to_string(++value % 100) + "\n"));
    ::usleep(100'000);
    return std::filesystem::exists(closed);
  }));
  document_on_disk();
  std::vector<Path> journals;
  for (const auto& entry : std::filesystem::directory_iterator(closed)) journals.push_back(entry.path());
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  TracedProgram verify({binary().string(), "verify", status_file().string()},
                       Injection{"openat", "delay_enter=3000000", 1, true}, journals, root());
  const int lock = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(lock, 0);
  auto longest = Clock::duration::zero();
  auto free_at = start;
  while (verify.is_running()) {
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {
      ::flock(lock, LOCK_UN);
      longest = std::max(longest, Clock::now() - free_at);
      free_at = Clock::now();
    }
    ::usleep(2000);
  }
  longest = std::max(longest, Clock::now() - free_at);
  EXPECT_EQ(0, verify.wait()) << verify.log();
  EXPECT_LE(std::chrono::seconds(3), Clock::now() - start) << "nothing was waited for:\n" << verify.trace();
  EXPECT_GT(std::chrono::seconds(2), longest);
  ::close(lock);
}

}  // namespace
}  // namespace statusfs::test
