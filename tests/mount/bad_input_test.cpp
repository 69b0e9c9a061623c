// Every bad input the specification names: a clear message, nothing lost, the other files unaffected.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {
namespace {

class BadInputTest : public MountedTest {
 protected:
  // The bad file is number 7; number 125 beside it is good.
  void mount_with(const std::string& name) {
    bad_text_ = test_data("bad/" + name + ".json");
    make_sample();
    put_file(status_file(7), bad_text_);
    mount();
  }

  void expect_others_unaffected() {
    EXPECT_EQ("PENDING\n", read_file(task("status")));
    EXPECT_EQ(0, write_file(task("percent_complete"), "15\n"));
    EXPECT_EQ("15\n", read_file(task("percent_complete")));
    EXPECT_EQ(0, bash("timeout 20 find $M -type f -print0 | xargs -0 cat > /dev/null").exit_status);
    unmount();
    EXPECT_EQ(bad_text_, read_file(status_file(7))) << "the bad file must stay as it is, byte for byte";
    expect_verified();
  }

  // The findings of `statusfs check`, which must exit with 2 and name the file.
  std::string findings() {
    const CommandResult result = statusfs({"check", status_file(7).string()});
    EXPECT_EQ(2, result.exit_status);
    const std::string text = result.output + result.error;
    EXPECT_NE(std::string::npos, text.find("exec_status_7.txt")) << text;
    return text;
  }

  void expect_unusable(const std::string& name, const std::string& reason) {
    mount_with(name);
    EXPECT_EQ(".error\n", bash("ls -A $M/exec_status_7").output);
    const std::string shown = read_file(tree(".error", 7));
    EXPECT_TRUE(std::regex_search(shown, std::regex(reason, std::regex::icase))) << shown;
    EXPECT_EQ(ENOENT, read_error(tree("status.json", 7)));
    const std::string checked = findings();
    EXPECT_TRUE(std::regex_search(checked, std::regex(reason, std::regex::icase))) << checked;
    expect_others_unaffected();
    EXPECT_FALSE(std::filesystem::exists(journal_file(7))) << "nothing is begun for a file that cannot be used";
  }

  // Of a loop that opens and closes a file all the time, half of one processor's time is the least.
  static void expect_idle(const Process& daemon) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // for what there is to do
    const long before = ticks_of(daemon.pid());
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_LT(ticks_of(daemon.pid()) - before, ::sysconf(_SC_CLK_TCK) / 5);
  }

  static long ticks_of(pid_t process) {
    std::istringstream fields(read_file("/proc/" + std::to_string(process) + "/stat"));
    std::vector<std::string> field{std::istream_iterator<std::string>(fields), {}};
    return std::stol(field.at(13)) + std::stol(field.at(14));
  }

  void expect_read_only() { EXPECT_EQ(EROFS, write_file(tree("tasks/task_001_scaffold/percent_complete", 7), "5\n")); }

  std::string bad_text_;
};

TEST_F(BadInputTest, NoSuchSource) {
  const CommandResult result = statusfs({(root() / "nowhere").string(), mountpoint().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("nowhere")) << result.error;
}

TEST_F(BadInputTest, ALinkThatLeadsOutThoughAJournalStands) {
  make_sample();
  make_status_file(7, {"only"});
  std::filesystem::remove(status_file(7));
  std::filesystem::create_symlink("/etc/passwd", status_file(7));
  mount();
  EXPECT_EQ(".error\n", bash("ls -A $M/exec_status_7").output);
  EXPECT_NE(std::string::npos, read_file(tree(".error", 7)).find("leads out"));
  EXPECT_EQ(0, write_file(task("percent_complete"), "15\n"));
  unmount();
  EXPECT_TRUE(std::filesystem::is_symlink(status_file(7)));
  findings();
  EXPECT_EQ(2, statusfs({"verify", status_file(7).string()}).exit_status);
  expect_verified();
}

TEST_F(BadInputTest, ABadFileKeepsNoCommandFromTheOthers) {
  make_sample();
  put_file(status_file(1), test_data("bad/malformed.json"));
  std::filesystem::create_symlink("/etc/passwd", status_file(2));
  ASSERT_EQ(0, ::mkfifo(status_file(3).c_str(), 0644));
  std::filesystem::create_directory(status_file(4));
  for (const char* command : {"check", "verify", "recover"}) {
    SCOPED_TRACE(command);
    const CommandResult result = statusfs({command, source().string()});
    EXPECT_EQ(2, result.exit_status);
    const std::string text = result.output + result.error;
    for (const char* bad : {"exec_status_1.txt", "exec_status_2.txt"})
      EXPECT_NE(std::string::npos, text.find(bad)) << text;
    EXPECT_NE(std::string::npos, text.find("exec_status_125.txt: ")) << text;
    for (const char* no_file : {"exec_status_3.txt", "exec_status_4.txt"})
      EXPECT_EQ(std::string::npos, text.find(no_file)) << text;
  }
}

// What a daemon does itself, when it looks at a file that is of no use, must not make it look again.
TEST_F(BadInputTest, ADamagedJournalThatIsTouchedKeepsTheDaemonIdle) {
  make_sample();
  make_status_file(7, {"only"});
  put_file(journal_file(7), read_file(journal_file(7)) + "x\n");
  Process& daemon = mount_in_foreground();
  EXPECT_EQ("PENDING\n", read_file(tree("tasks/only/status", 7)));
  EXPECT_EQ(EROFS, write_file(tree("tasks/only/percent_complete", 7), "5\n"));
  EXPECT_EQ(0, bash("touch $S/exec_status_7.txt.journal $S/exec_status_7.txt").exit_status);
  expect_idle(daemon);
}

TEST_F(BadInputTest, AJournalThatAnotherProcessHoldsKeepsTheDaemonIdle) {
  make_sample();
  make_status_file(7, {"only"});
  std::filesystem::rename(journal_file(7), root() / "journal");
  std::filesystem::rename(status_file(7), root() / "json");
  Process& daemon = mount_in_foreground();
  const int held = ::open((root() / "journal").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(0, ::flock(held, LOCK_EX));
  std::filesystem::rename(root() / "json", status_file(7));
  std::filesystem::rename(root() / "journal", journal_file(7));
  expect_idle(daemon);
  EXPECT_FALSE(std::filesystem::exists(tree("", 7)));
  ::close(held);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(tree("tasks/only", 7)); }));
}

// That there are no descriptors for a while is not the file's fault. Its JSON is in another format than ours, so that
// it is opened twice before the mount answers: to look at its ends, and to load it, which fails.
TEST_F(BadInputTest, AFileThatCouldNotBeOpenedForAWhileComesBack) {
  make_sample();
  make_status_file(7, {"only"});
  put_file(status_file(7), jq(".", status_file(7)) + "\n");
  TracedProgram daemon({binary().string(), source().string(), mountpoint().string(), "-f"},
                       {"openat", "error=EMFILE", 2}, {status_file(7)}, root());
  ASSERT_TRUE(eventually([&] { return read_error(mountpoint() / ".statusfs/version") == 0; })) << daemon.log();
  std::set<int> errors;
  EXPECT_TRUE(eventually([&] { return *errors.insert(read_error(tree("tasks/only/status", 7))).first == 0; }));
  errors.insert(EIO);  // or it was loaded before it was asked for
  EXPECT_EQ((std::set<int>{0, EIO}), errors);
  EXPECT_EQ(0, write_file(tree("tasks/only/percent_complete", 7), "5\n"));
  unmount();
  daemon.wait();
  EXPECT_TRUE(daemon.was_met());
}

// Whoever may make a name in SOURCE must not keep a command from ending, nor lead it elsewhere.
TEST_F(BadInputTest, APlanThatIsNoFileHereIsNotOpenedByCommands) {
  make_sample();
  const auto expect_refused = [&](const Arguments& command, const std::string& reason) {
    const CommandResult result = statusfs(command, {.time_limit = std::chrono::seconds{20}});
    EXPECT_EQ(2, result.exit_status);
    const std::string text = result.output + result.error;
    EXPECT_NE(std::string::npos, text.find(reason)) << text;
  };
  ASSERT_EQ(0, ::mkfifo((source() / "exec_plan_125.txt").c_str(), 0644));
  ASSERT_EQ(0, ::mkfifo((source() / "exec_plan_9.txt").c_str(), 0644));
  expect_refused({"check", source().string()}, "exec_plan_125.txt: it is no regular file");
  expect_refused({"init", (source() / "exec_plan_9.txt").string()}, "exec_plan_9.txt: it is no regular file");
  std::filesystem::remove(source() / "exec_plan_125.txt");
  std::filesystem::create_symlink("/etc/passwd", source() / "exec_plan_125.txt");
  std::filesystem::create_symlink("/etc/passwd", source() / "exec_plan_8.txt");
  expect_refused({"check", source().string()}, "leads out of its directory");
  expect_refused({"init", (source() / "exec_plan_8.txt").string()}, "leads out of its directory");
  expect_refused({"init", (source() / "exec_plan_7.txt").string()}, "No such file");
}

TEST_F(BadInputTest, EmptyFile) { expect_unusable("empty", "empty|line 1"); }
TEST_F(BadInputTest, Malformed) { expect_unusable("malformed", "line 8, column 27"); }
TEST_F(BadInputTest, CutInTheMiddle) { expect_unusable("cut", "line \\d+, column \\d+"); }
TEST_F(BadInputTest, AnArray) { expect_unusable("array", "object"); }
TEST_F(BadInputTest, AScalar) { expect_unusable("scalar", "object"); }
TEST_F(BadInputTest, DuplicateKeys) { expect_unusable("duplicate_keys", "line \\d+, column \\d+[^\n]*g_last_update"); }
TEST_F(BadInputTest, InvalidUtf8) { expect_unusable("invalid_utf8", "line \\d+, column \\d+[^\n]*UTF-8"); }
TEST_F(BadInputTest, TwoHundredLevels) { expect_unusable("deep_nesting", "nest|deep|level"); }
TEST_F(BadInputTest, PayloadMissing) { expect_unusable("payload_missing", "payload"); }
TEST_F(BadInputTest, WrongEntityType) { expect_unusable("wrong_entity_type", "entity_type|EXECUTION_STATUS"); }
TEST_F(BadInputTest, TwoTasksWithOneId) { expect_unusable("two_tasks_with_one_id", "task_001_scaffold"); }
TEST_F(BadInputTest, ATaskWithoutAnId) { expect_unusable("task_without_id", "task_id_ref|tasks_status/1"); }

TEST_F(BadInputTest, HeaderMissingIsShownReadOnly) {
  mount_with("header_missing");
  EXPECT_EQ("DONE\n", read_file(tree("tasks/task_001_scaffold/status", 7)));
  expect_read_only();
  EXPECT_NE(std::string::npos, findings().find("os_file_header"));
  expect_others_unaffected();
}

TEST_F(BadInputTest, HeaderMissingIsCompletedByAdopt) {
  make_sample();
  put_file(status_file(7), test_data("bad/header_missing.json"));
  ASSERT_EQ(0, statusfs({"adopt", status_file(7).string()}).exit_status);
  mount();
  EXPECT_EQ("1\n", read_file(tree("header/v_file_instance", 7)));
  EXPECT_EQ("EXECUTION_STATUS\n", read_file(tree("header/entity_type", 7)));
  EXPECT_EQ("", read_file(tree("payload_hash_previous", 7)));
  EXPECT_EQ(0, write_file(tree("tasks/task_001_scaffold/execution_log/failure_details", 7), "writable now\n"));
  unmount();
  expect_verified(7);
}

TEST_F(BadInputTest, UnknownSchemaIsShownReadOnly) {
  mount_with("unknown_schema");
  EXPECT_EQ("exec_status_125", Json::parse(read_file(tree("status.json", 7)))["os_file_header"]["file_id"]);
  EXPECT_EQ("HybridAI_OS_ExecutionStatus_Payload_v9.9\n", read_file(tree("header/schema_definition_id_ref", 7)));
  expect_read_only();
  EXPECT_NE(std::string::npos, findings().find("schema_definition_id_ref"));
  expect_others_unaffected();
}

TEST_F(BadInputTest, UnknownSchemaIsNotAdopted) {
  const auto expect_refused = [&] {
    const CommandResult result = statusfs({"adopt", status_file(7).string()});
    EXPECT_EQ(2, result.exit_status);
    EXPECT_NE(std::string::npos, result.error.find("knows HybridAI_OS_ExecutionStatus_Payload_")) << result.error;
    EXPECT_FALSE(std::filesystem::exists(journal_file(7)));
  };
  mount_with("unknown_schema");
  expect_refused();
  EXPECT_NE(std::string::npos, last_error().find("EROFS")) << last_error();
  unmount();
  expect_refused();
  mount({"-o", "adopt"});
  expect_read_only();
  expect_others_unaffected();
  EXPECT_FALSE(std::filesystem::exists(journal_file(7)));
}

// Without any hash, so that -o adopt is meant for it.
TEST_F(BadInputTest, UnknownSchemaWithoutHashesIsNotAdoptedByTheMount) {
  Json bad = Json::parse(test_data("bad/unknown_schema.json"));
  for (const char* hash : {"payload_hash_previous", "payload_hash_current"}) bad["payload"].erase(hash);
  for (Json& task : bad["payload"]["tasks_status"]) task.erase("signature_hash");
  bad_text_ = bad.dump(2);
  make_sample();
  put_file(status_file(7), bad_text_);
  mount({"-o", "adopt"});
  expect_read_only();
  EXPECT_FALSE(std::filesystem::exists(journal_file(7)));
  expect_others_unaffected();
}

TEST_F(BadInputTest, OddTaskIdsAreShownEncoded) {
  mount_with("odd_task_ids");
  const std::string cut =
      std::string(238, 'n') + "~" + run_command({"sha256sum"}, {.input = std::string(300, 'n')}).output.substr(0, 16);
  for (const std::string& name : {std::string("slash%2Finside"), std::string("new%0Aline"),
                                  std::string("%2Eleading_dot"), std::string("100%25"), cut}) {
    EXPECT_EQ("DONE\n", read_file(tree("tasks", 7) / name / "status")) << name;
    EXPECT_EQ(0, bash("ls $M/exec_status_7/tasks | grep -qxF '" + name + "'").exit_status) << name;
  }
  EXPECT_EQ("6\n", bash("ls $M/exec_status_7/tasks | wc -l").output);
  expect_others_unaffected();
}

TEST_F(BadInputTest, OddTaskIdsCanBeAdoptedAndWritten) {
  put_file(status_file(7), test_data("bad/odd_task_ids.json"));
  ASSERT_EQ(0, statusfs({"adopt", status_file(7).string()}).exit_status);
  mount();
  EXPECT_EQ(0, write_file(tree("tasks/slash%2Finside/execution_log/failure_details", 7), "found\n"));
  EXPECT_EQ("found", document_on_disk(7)["payload"]["tasks_status"][1]["execution_log"]["failure_details"]);
  unmount();
  expect_verified(7);
}

TEST_F(BadInputTest, LargeIntegersKeepAllTheirDigits) {
  put_file(status_file(7), test_data("bad/large_integer.json"));
  ASSERT_EQ(0, statusfs({"adopt", status_file(7).string()}).exit_status);
  mount();
  EXPECT_EQ("9223372036854775807\n", read_file(tree("tasks/task_001_scaffold/cost_in_units", 7)));
  EXPECT_EQ("123456789012345678901234567890\n", read_file(tree("huge", 7)));
  ASSERT_EQ(0, write_file(tree("tasks/task_001_scaffold/execution_log/failure_details", 7), "changed\n"));
  unmount();
  const std::string text = read_file(status_file(7));
  EXPECT_NE(std::string::npos, text.find("\"cost_in_units\": 9223372036854775807"));
  EXPECT_NE(std::string::npos, text.find("\"huge\": 123456789012345678901234567890"));
  expect_verified(7);
  const CommandResult recomputed = run_command({"python3", tool("journal_check.py"), status_file(7).string()});
  EXPECT_EQ(0, recomputed.exit_status) << recomputed.error;
}

TEST_F(BadInputTest, AFileAsDeepAsCanBeReadIsAdoptedVerifiedAndRecovered) {
  Json document = Json::parse(test_data("seed_example.json"));
  document["payload"]["deep"] = Json::parse(std::string(126, '[') + std::string(126, ']'));  // 128 with what is around
  put_file(status_file(7), document.dump());
  ASSERT_EQ(0, statusfs({"adopt", status_file(7).string()}).exit_status);
  expect_verified(7);
  mount();
  EXPECT_EQ(0, write_file(tree("tasks/task_001_scaffold/execution_log/failure_details", 7), "deep\n"));
  unmount();
  expect_verified(7);
  const std::string text = read_file(status_file(7));
  std::filesystem::remove(status_file(7));
  ASSERT_EQ(0, statusfs({"recover", status_file(7).string()}).exit_status);
  EXPECT_EQ(text, read_file(status_file(7)));
}

TEST_F(BadInputTest, ASmallPatchThatGrowsBeyondMemoryIsRefused) {
  make_sample();
  mount();
  const std::size_t tasks = document_on_disk()["payload"]["tasks_status"].size();
  const std::string place = "/payload/tasks_status/" + std::to_string(tasks) + "/latest_test_status";
  Json patch = Json::array({{{"op", "add"},
                             {"path", "/payload/tasks_status/-"},
                             {"value", {{"task_id_ref", "new"}, {"latest_test_status", Json::object()}}}}});
  for (int copy = 0; copy < 40; ++copy)
    patch.push_back({{"op", "copy"}, {"from", place}, {"path", place + "/k" + std::to_string(copy)}});
  EXPECT_EQ(EFBIG, write_file(tree("patch"), patch.dump()));
  EXPECT_EQ(0, write_file(task("percent_complete"), "16\n"));
}

TEST_F(BadInputTest, TheShapeOfOlderWritersIsShownReadOnly) {
  mount_with("older_shape");
  EXPECT_EQ("DONE\n", read_file(tree("tasks/t1/status", 7)));
  EXPECT_EQ("5\n", read_file(tree("tasks/t1/g_last_update", 7)));
  EXPECT_EQ("1200\n", read_file(tree("tasks/t1/cost_record/tokens", 7)));
  EXPECT_EQ("EUR\n", read_file(tree("tasks/t1/cost_record/currency", 7)));
  EXPECT_EQ("", read_file(tree("tasks/t1/percent_complete", 7)));
  EXPECT_EQ(Json::parse(bad_text_), Json::parse(read_file(tree("status.json", 7))));
  EXPECT_EQ(EROFS, write_file(tree("tasks/t1/status", 7), "PENDING\n"));
  expect_others_unaffected();
}

TEST_F(BadInputTest, TheShapeOfOlderWritersCanBeAdopted) {
  const Json before = Json::parse(test_data("bad/older_shape.json"));
  put_file(status_file(7), before.dump());
  ASSERT_EQ(0, statusfs({"adopt", status_file(7).string()}).exit_status);
  mount();
  EXPECT_EQ("1\n", read_file(tree("header/v_file_instance", 7)));
  EXPECT_EQ(0, write_file(tree("tasks/t1/execution_log/failure_details", 7), "grown\n"));
  const Json after = document_on_disk(7);
  EXPECT_EQ(before["plan_id"], after["plan_id"]);
  EXPECT_EQ("DRAFT", after["payload"]["status"]);
  EXPECT_EQ(before["payload"]["tasks_status"][0]["cost_record"], after["payload"]["tasks_status"][0]["cost_record"]);
  EXPECT_EQ("grown", after["payload"]["tasks_status"][0]["execution_log"]["failure_details"]);
  unmount();
  expect_verified(7);
}

TEST_F(BadInputTest, TheAdoptOptionAdoptsFilesWithoutAnyHashOnly) {
  put_file(status_file(7), test_data("bad/older_shape.json"));
  put_file(status_file(8), test_data("seed_example.json"));
  mount({"-o", "adopt"});
  EXPECT_EQ(0, write_file(tree("tasks/t1/execution_log/failure_details", 7), "adopted\n"));
  EXPECT_EQ(EROFS, write_file(tree("tasks/task_001_scaffold/percent_complete", 8), "5\n"));
  EXPECT_EQ(test_data("seed_example.json"), read_file(status_file(8)));
}

TEST_F(BadInputTest, AllTogetherLeaveTheDaemonAlive) {
  make_sample();
  int number = 1000;
  for (const auto& entry : std::filesystem::directory_iterator(data_file("bad"))) {
    std::filesystem::copy_file(entry.path(), status_file(number++));
  }
  mount();
  EXPECT_EQ(0, bash("timeout 60 find $M -type f -print0 | xargs -0 cat > /dev/null").exit_status);
  EXPECT_EQ(std::to_string(number - 1000 + 1) + "\n", bash("ls $M | wc -l").output);
  EXPECT_EQ(0, write_file(task("percent_complete"), "16\n"));
  const CommandResult checked = statusfs({"check", source().string()});
  EXPECT_EQ(2, checked.exit_status);
  for (const char* name : {"exec_status_1000.txt", "exec_status_1005.txt"}) {
    EXPECT_NE(std::string::npos, (checked.output + checked.error).find(name)) << name;
  }
}

TEST_F(BadInputTest, AFileThatTurnsBadWhileMountedHarmsNothing) {
  make_sample();
  make_status_file(7, {"only"});
  mount();
  ASSERT_EQ("PENDING\n", read_file(tree("tasks/only/status", 7)));
  std::filesystem::remove(journal_file(7));
  put_file(root() / "bad", "{ not json");
  std::filesystem::rename(root() / "bad", status_file(7));
  EXPECT_EQ(0, write_file(task("percent_complete"), "17\n"));
  EXPECT_EQ("17\n", read_file(task("percent_complete")));
}

}  // namespace
}  // namespace statusfs::test
