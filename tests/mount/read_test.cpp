// Section 3 of the contract: what reads give, and which version an open handle shows.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class ReadTest : public SampleTest {
 protected:
  static std::string read_at(int handle, std::size_t count, off_t offset) {
    std::string text(count, '\0');
    const ssize_t done = ::pread(handle, text.data(), count, offset);
    EXPECT_GE(done, 0);
    text.resize(done < 0 ? 0 : static_cast<std::size_t>(done));
    return text;
  }
};

TEST_F(ReadTest, ScalarsReadAsTextAndOneNewline) {
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  EXPECT_EQ("0\n", read_file(task("percent_complete")));
  EXPECT_EQ("NOT_CHECKED\n", read_file(task("readiness_check/status")));
  EXPECT_EQ("false\n", read("_tasks_status_list_immutable"));
  EXPECT_EQ("exec_plan_125\n", read("execution_plan_id_ref"));
  EXPECT_EQ("exec_status_125\n", read("header/file_id"));
  EXPECT_EQ("1\n", read("header/v_file_instance"));
  EXPECT_EQ("CONSISTENT\n", read("partition_status"));
}

TEST_F(ReadTest, NullAndEmptyListsReadAsEmpty) {
  for (const char* path : {"payload_hash_previous", "achievements", "summary/active_blockers_summary", "patch"}) {
    EXPECT_EQ("", read(path)) << path;
  }
  for (const char* path : {"latest_test_status", "execution_log/failure_details", "execution_log/retry_attempts_log",
                           "execution_log/lock_override_log", "readiness_check/idempotency_key"}) {
    EXPECT_EQ("", read_file(task(path))) << path;
  }
}

TEST_F(ReadTest, TheSeedsExampleReadsAsItStands) {
  unmount();
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  make_adopted_seed();
  mount();
  EXPECT_EQ("23\n", read("header/v_file_instance"));
  EXPECT_EQ("146\n", read("header/g_file_last_modified"));
  EXPECT_EQ("125\n", read("header/g_file_created"));
  EXPECT_EQ("CONSISTENT|PARTITIONED|RECONCILING\n", read("partition_status"));
  EXPECT_EQ("Task task_003 blocked due to missing API key.\n", read("summary/active_blockers_summary"));
  EXPECT_EQ("DONE\n", read_file(task("status")));
  EXPECT_EQ("100\n", read_file(task("percent_complete")));
  EXPECT_EQ("128\n", read_file(task("readiness_check/g_checked")));
  EXPECT_EQ("str|null\n", read_file(task("readiness_check/idempotency_key")));
  EXPECT_EQ(
      R"({"_locked_entry_definition":true,"g_event":130,"achievement_summary":"Scaffolding of core UI components completed.","linked_task_id":"task_001_scaffold","linked_artifact_id":null,"trace_id":"str|null"})"
      "\n",
      read("achievements"));
}

TEST_F(ReadTest, DocumentsReadIndentedInTheFilesOwnOrder) {
  const Json whole = Json::parse(read("status.json"));
  EXPECT_EQ(whole.dump(2) + "\n", read("status.json"));
  EXPECT_EQ(whole["payload"]["tasks_status"][0].dump(2) + "\n", read_file(task("task.json")));
  EXPECT_EQ(whole, document_on_disk());
  EXPECT_EQ(read_file(status_file()), read("status.json"));
}

TEST_F(ReadTest, EveryProcessReadsItsWritesAndTheDerivedValues) {
  activate(first_task);
  ASSERT_EQ(0, bash("echo DONE > $T/tasks/task_001_scaffold/status").exit_status);
  EXPECT_EQ("DONE\n", read_file(task("status")));
  EXPECT_EQ("100\n", read_file(task("percent_complete")));
  EXPECT_EQ("33\n", read("summary/overall_completion_percentage"));
  EXPECT_EQ("33\n", bash("cat $T/summary/overall_completion_percentage").output);
  EXPECT_EQ("DONE", document()["payload"]["tasks_status"][0]["status"]);
  EXPECT_EQ("DONE", Json::parse(read_file(task("task.json")))["status"]);
}

TEST_F(ReadTest, AnOpenHandleShowsOneVersionUntilItReadsFromTheStartAgain) {
  const int handle = ::open(task("readiness_check/status").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  EXPECT_EQ("NOT_", read_at(handle, 4, 0));
  ASSERT_EQ(0, write_file(task("readiness_check/status"), "PASSED\n"));
  EXPECT_EQ("CHECKED\n", read_at(handle, 100, 4));
  EXPECT_EQ("PASSED\n", read_at(handle, 100, 0));
  EXPECT_EQ("", read_at(handle, 100, 7));
  ::close(handle);
}

TEST_F(ReadTest, AnOpenHandleOfADerivedFieldSeesTheNewestFromTheStart) {
  const int handle = ::open(tree("summary/overall_completion_percentage").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  EXPECT_EQ("0\n", read_at(handle, 100, 0));
  activate(first_task);
  ASSERT_EQ(0, write_file(task("status"), "DONE\n"));
  EXPECT_EQ("33\n", read_at(handle, 100, 0));
  ::close(handle);
}

TEST_F(ReadTest, StatusJsonKeepsItsVersionWhileOpenAndOpensAsTheNewest) {
  const int handle = ::open(tree("status.json").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  const std::string before = read("status.json");
  ASSERT_EQ(0, write_file(task("execution_log/failure_details"), std::string(3000, 'x')));
  EXPECT_EQ(before, read_at(handle, before.size() + 4096, 0));
  ::close(handle);
  EXPECT_EQ(std::string(3000, 'x'), document()["payload"]["tasks_status"][0]["execution_log"]["failure_details"]);
}

TEST_F(ReadTest, StatusJsonCanBeMapped) {
  const std::string content = read("status.json");
  const int handle = ::open(tree("status.json").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  void* memory = ::mmap(nullptr, content.size(), PROT_READ, MAP_PRIVATE, handle, 0);
  ASSERT_NE(MAP_FAILED, memory);
  EXPECT_EQ(content, std::string(static_cast<const char*>(memory), content.size()));
  ::munmap(memory, content.size());
  ::close(handle);
}

// A program takes the size of its buffer from st_blksize: any value that may be written fits, and what is short, or
// cannot be written, does not cost a buffer of 1 MiB for each cat(1).
TEST_F(ReadTest, ABufferIsAsLargeAsTheValueMayBe) {
  const auto block_size = [&](const std::string& path) { return bash("stat -c %o $T/" + path).output; };
  const std::string first = "tasks/" + std::string(first_task) + "/";
  for (const char* name : {"status", "percent_complete", "g_last_update", "signature_hash"})
    EXPECT_EQ("65536\n", block_size(first + name)) << name;
  EXPECT_EQ("65536\n", block_size("status.json"));
  EXPECT_EQ("65536\n", block_size(".history/log"));
  for (const char* name : {"execution_log/failure_details", "task.json"})
    EXPECT_EQ("1048576\n", block_size(first + name)) << name;
}

TEST_F(ReadTest, ADirectoryIsListedAnewFromTheStartAndGoesOnFromAPosition) {
  const auto names = [](DIR* directory) {
    std::vector<std::string> found;
    while (const dirent* entry = ::readdir(directory)) found.emplace_back(entry->d_name);
    return found;
  };
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tree("tasks").c_str()), ::closedir);
  ASSERT_NE(nullptr, directory);
  ASSERT_NE(nullptr, ::readdir(directory.get()));
  const long behind_first = ::telldir(directory.get());
  const std::vector<std::string> rest = names(directory.get());
  ASSERT_EQ(0, ::mkdir((tree("tasks") / "task_later").c_str(), 0755)) << last_error();
  ::seekdir(directory.get(), behind_first);
  EXPECT_EQ(rest, names(directory.get())) << "what is being read stays what it was";
  ::rewinddir(directory.get());
  const std::vector<std::string> anew = names(directory.get());
  EXPECT_EQ(rest.size() + 2, anew.size());
  EXPECT_NE(anew.end(), std::find(anew.begin(), anew.end(), "task_later"));
}

TEST_F(ReadTest, ManyTasksAreAllListed) {
  unmount();
  std::vector<std::string> ids;
  for (int number = 0; number < 1500; ++number) ids.push_back("task_" + std::to_string(10000 + number));
  make_status_file(9, ids);
  mount();
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(tree("tasks", 9))) {
    found.push_back(entry.path().filename());
  }
  std::sort(found.begin(), found.end());
  EXPECT_EQ(ids, found);
}

}  // namespace
}  // namespace statusfs::test
