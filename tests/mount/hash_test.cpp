// Sections 6 and 7 of the contract: hashes and journal, recomputed with tools that know nothing of statusfs.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class HashTest : public SampleTest {
 protected:
  std::string sha256_of_jq(const std::string& filter) {
    CommandOptions options;
    options.environment["F"] = status_file().string();
    return "sha256:" + bash("jq -jcS '" + filter + "' $F | sha256sum", options).output.substr(0, 64);
  }

  // The two commands of the contract.
  void expect_hashes_by_jq() {
    const Json payload = Json::parse(read_file(status_file()))["payload"];
    EXPECT_EQ(payload["payload_hash_current"],
              sha256_of_jq(".payload | del(.payload_hash_current) | .tasks_status |= map(.signature_hash)"));
    for (std::size_t index = 0; index < payload["tasks_status"].size(); ++index) {
      EXPECT_EQ(payload["tasks_status"][index]["signature_hash"],
                sha256_of_jq(".payload.tasks_status[" + std::to_string(index) + "] | del(.signature_hash)"));
    }
  }

  void expect_chain_by_python() {
    const CommandResult result = run_command({"python3", tool("journal_check.py"), status_file().string()});
    EXPECT_EQ(0, result.exit_status) << result.error;
  }

  void write_some_of_everything() {
    activate(first_task);
    ASSERT_EQ(0, write_file(task("execution_log/failure_details"), "zwei\nZeilen \"mit\" \\ und 😂\t\x01\n"));
    ASSERT_EQ(0, write_file(task("status"), "DONE\n"));
    ASSERT_EQ(0, append("achievements", "{\"achievement_summary\": \"Grüße\"}\n"));
    ASSERT_EQ(0, append_file(task("execution_log/retry_attempts_log"), "again\n"));
    ASSERT_EQ(0, write("summary/active_blockers_summary", "a\nb\n"));
    ASSERT_EQ(0, write_file(task("latest_test_status"), "{\"z\": 1, \"a\": {\"y\": [1, null, true], \"b\": \"\"}}\n"));
    ASSERT_EQ(0, ::mkdir(tree("tasks/größer").c_str(), 0755));
    ASSERT_EQ(0, ::rmdir(tree("tasks/task_003_tests").c_str()));
    ASSERT_EQ(0, write("patch", R"([{"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":5}])"));
  }
};

TEST_F(HashTest, ANewFileChecksWithJq) {
  unmount();
  expect_hashes_by_jq();
  EXPECT_TRUE(Json::parse(read_file(status_file()))["payload"]["payload_hash_previous"].is_null());
}

TEST_F(HashTest, AChangedFileChecksWithJq) {
  write_some_of_everything();
  unmount();
  expect_hashes_by_jq();
  expect_verified();
}

TEST_F(HashTest, TheAdoptedSeedChecksWithJq) {
  unmount();
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  make_adopted_seed();
  expect_hashes_by_jq();
  expect_verified();
  const Json adopted = Json::parse(read_file(status_file()));
  EXPECT_EQ(23, adopted["os_file_header"]["v_file_instance"]);
  EXPECT_TRUE(adopted["payload"]["payload_hash_previous"].is_null());
}

TEST_F(HashTest, TheJournalsChainIsRecomputedByPython) {
  write_some_of_everything();
  unmount();
  expect_chain_by_python();
}

TEST_F(HashTest, TheJournalBeginsWithTheWholeDocument) {
  const Json first = journal().front();
  EXPECT_EQ(1, first["v"]);
  EXPECT_TRUE(first["record_previous"].is_null());
  const Json patch = first["patch"];
  ASSERT_EQ(1u, patch.size());
  EXPECT_EQ("add", patch[0]["op"]);
  EXPECT_EQ("", patch[0]["path"]);
  EXPECT_EQ(Json::parse(read_file(status_file())), patch[0]["value"]);
}

TEST_F(HashTest, OneMutationIsOneLine) {
  const std::size_t before = journal().size();
  for (int count = 1; count <= 20; ++count) {
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(count) + "\n"));
    ASSERT_EQ(before + static_cast<std::size_t>(count), journal().size());
  }
  unmount();
  expect_chain_by_python();
}

TEST_F(HashTest, AChainGoesOnOverMounts) {
  for (int count = 1; count <= 3; ++count) {
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(count) + "\n"));
    unmount();
    mount();
  }
  unmount();
  EXPECT_EQ(4u, journal().size());
  expect_chain_by_python();
}

TEST_F(HashTest, AnotherTasksSignatureDoesNotChange) {
  const std::string before = read("tasks/task_002_api/signature_hash");
  ASSERT_EQ(0, write_file(task("percent_complete"), "9\n"));
  EXPECT_EQ(before, read("tasks/task_002_api/signature_hash"));
}

class SideFileTest : public HashTest, public ::testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(NewOnesAndThoseThatStandAlready, SideFileTest, testing::Bool(),
                         testing::PrintToStringParamName());

TEST_P(SideFileTest, JournalAndLockTakeOwnerAndModeOfTheJson) {
  unmount();
  ASSERT_EQ(0, ::chmod(status_file().c_str(), 0640));
  if (::geteuid() == 0) {
    ASSERT_EQ(0, ::chown(status_file().c_str(), 1, 2));
  }
  struct stat json {};
  ASSERT_EQ(0, ::stat(status_file().c_str(), &json));
  const Path lock = status_file().string() + ".lock";
  if (GetParam()) {
    std::filesystem::remove(journal_file());
    std::filesystem::remove(lock);
  }
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "9\n"));
  unmount();
  for (const Path& file : {status_file(), journal_file(), lock}) {
    struct stat status {};
    ASSERT_EQ(0, ::lstat(file.c_str(), &status)) << file;
    EXPECT_TRUE(S_ISREG(status.st_mode)) << file;
    EXPECT_EQ(0640u, status.st_mode & 07777u) << file;
    EXPECT_EQ(json.st_uid, status.st_uid) << file;
    EXPECT_EQ(json.st_gid, status.st_gid) << file;
  }
}

}  // namespace
}  // namespace statusfs::test
