// Section 5 of the contract: which errno, and how a refusal is explained.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <regex>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class ErrorTest : public SampleTest {
 protected:
  const std::string percent = "tasks/task_001_scaffold/percent_complete";
  Path errors() const { return mountpoint() / ".statusfs" / "errors"; }
};

TEST_F(ErrorTest, ReadOnlyMountIsEROFS) {
  unmount();
  mount({"-o", "ro"});
  EXPECT_EQ("0\n", read(percent));
  EXPECT_EQ(EROFS, write(percent, "1\n"));
  EXPECT_EQ(EROFS, append("achievements", "text\n"));
  EXPECT_NE(0, bash("mkdir $T/tasks/extra").exit_status);
  EXPECT_EQ(1, version());
}

TEST_F(ErrorTest, AFileWithoutAChainIsEROFS) {
  unmount();
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  put_file(status_file(), test_data("seed_example.json"));
  mount();
  EXPECT_REFUSED(EROFS, write(percent, "1\n"));
  EXPECT_NE(std::string::npos, last_error().find("adopt")) << "says what would help: " << last_error();
  unmount();
  EXPECT_EQ(test_data("seed_example.json"), read_file(status_file()));
}

TEST_F(ErrorTest, EROFSComesBeforeEveryOther) {
  unmount();
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  put_file(status_file(), test_data("seed_example.json"));
  mount();
  EXPECT_REFUSED(EROFS, write("tasks/task_001_scaffold/task.json", R"({"g_last_update": 1, "status": "NOPE"})"));
}

TEST_F(ErrorTest, EPERMComesBeforeEINVALAndAStaleCopyIsECANCELED) {
  EXPECT_REFUSED(EPERM, write("tasks/task_001_scaffold/task.json", R"({"g_last_update": 99, "status": "NOPE"})"));
  // What the driver stamped since the copy was made differs, too; that it is stale is what the writer must know.
  EXPECT_REFUSED(ECANCELED, write("tasks/task_001_scaffold/task.json",
                                  R"({"signature_hash": "sha256:00", "g_last_update": 1, "status": "ACTIVE"})"));
  EXPECT_REFUSED(ECANCELED,
                 write("tasks/task_001_scaffold/task.json", R"({"signature_hash": "sha256:00", "status": "NOPE"})"));
}

TEST_F(ErrorTest, BothShellsFailOnARefusedEcho) {
  for (const bool in_bash : {true, false}) {
    const std::string script = "echo NOPE > $T/tasks/task_001_scaffold/status";
    const CommandResult result = in_bash ? bash(script) : dash(script);
    EXPECT_NE(0, result.exit_status);
    EXPECT_NE("", result.error);
  }
  const CommandResult chained = bash("echo 500 > $T/" + percent + " && echo went on");
  EXPECT_EQ("", chained.output);
  EXPECT_NE(std::string::npos, chained.error.find("Invalid argument")) << chained.error;
}

TEST_F(ErrorTest, ARefusalAddsALineThatExplainsIt) {
  ASSERT_EQ("", read_file(errors()));
  ASSERT_EQ(EINVAL, write(percent, "500\n"));
  const std::vector<std::string> lines = lines_of(read_file(errors()));
  ASSERT_EQ(1u, lines.size());
  const std::string& line = lines.front();
  EXPECT_TRUE(std::regex_search(line, std::regex(R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))")))
      << line;
  for (const std::string& part : {std::string("EINVAL"), std::string("tasks/task_001_scaffold/percent_complete"),
                                  lines_of(run_command({"id", "-un"}).output).front(), std::to_string(::geteuid()),
                                  std::to_string(::getpid()), std::string("100")}) {
    EXPECT_NE(std::string::npos, line.find(part)) << part << " is missing in: " << line;
  }
  EXPECT_EQ(line + "\n", last_error());
}

TEST_F(ErrorTest, LastErrorIsThatOfTheReadersSession) {
  ASSERT_EQ(EINVAL, write(percent, "500\n"));
  const std::string own = last_error();
  EXPECT_NE(std::string::npos, own.find("EINVAL"));
  EXPECT_EQ("", bash("setsid -w cat $M/.statusfs/last_error").output);
  const CommandResult other =
      bash("setsid -w bash -c 'echo NOPE > $T/tasks/task_002_api/status; cat $M/.statusfs/last_error' 2> /dev/null");
  EXPECT_NE(std::string::npos, other.output.find("tasks/task_002_api/status")) << other.output;
  EXPECT_EQ(own, last_error());
}

TEST_F(ErrorTest, LastErrorIsTheLastOne) {
  ASSERT_EQ(EINVAL, write(percent, "500\n"));
  ASSERT_EQ(EPERM, write("tasks/task_001_scaffold/task.json", R"({"g_last_update": 5})"));
  EXPECT_NE(std::string::npos, last_error().find("EPERM"));
  EXPECT_EQ(std::string::npos, last_error().find("EINVAL"));
}

TEST_F(ErrorTest, LastErrorHasItsSize) {
  const Path file = mountpoint() / ".statusfs/last_error";
  EXPECT_EQ(0u, std::filesystem::file_size(file));
  ASSERT_EQ(EINVAL, write(percent, "500\n"));
  EXPECT_EQ(last_error().size(), std::filesystem::file_size(file));
  const CommandResult seen =
      bash("test -s $T/../.statusfs/last_error && setsid -w test ! -s $T/../.statusfs/last_error");
  EXPECT_EQ(0, seen.exit_status) << "another session has none";
}

TEST_F(ErrorTest, ErrorsKeepsTheLast256OldestFirst) {
  for (int count = 0; count < 44; ++count) ASSERT_EQ(EINVAL, write("tasks/task_002_api/percent_complete", "500\n"));
  ASSERT_EQ(EINVAL, write("tasks/task_003_tests/percent_complete", "500\n"));
  for (int count = 0; count < 255; ++count) ASSERT_EQ(EINVAL, write(percent, "500\n"));
  const std::vector<std::string> lines = lines_of(read_file(errors()));
  ASSERT_EQ(256u, lines.size());
  EXPECT_NE(std::string::npos, lines.front().find("task_003_tests"));
  for (std::size_t index = 1; index < lines.size(); ++index) {
    ASSERT_NE(std::string::npos, lines[index].find("task_001_scaffold")) << index;
  }
}

TEST_F(ErrorTest, LastErrorOutlivesTheRefusalsOfOthers) {
  ASSERT_EQ(EINVAL, write(percent, "500\n"));
  const std::string own = last_error();
  const CommandResult other =
      bash("setsid -w bash -c 'for i in {1..300}; do echo NOPE > $T/tasks/task_002_api/status; done' 2> /dev/null");
  EXPECT_EQ(std::string::npos, read_file(errors()).find(own)) << other.error;
  EXPECT_EQ(own, last_error());
}

TEST_F(ErrorTest, TheGravestFaultOfALargeValueIsTold) {
  const std::string large(600'000, 'x');
  EXPECT_REFUSED(EINVAL, write("tasks/task_001_scaffold/status", large));
  EXPECT_GT(4096u, last_error().size());
  EXPECT_REFUSED(EINVAL, write(percent, large));
  EXPECT_GT(4096u, last_error().size());
  EXPECT_REFUSED(EINVAL, write("tasks/task_001_scaffold/execution_log/failure_details", large + '\0'));
  EXPECT_REFUSED(EFBIG, write("tasks/task_001_scaffold/execution_log/failure_details", large));
  EXPECT_REFUSED(EFBIG, write("tasks/task_001_scaffold/readiness_check/idempotency_key", large));
  ASSERT_EQ(0, write("tasks/task_001_scaffold/task.json",
                     R"({"readiness_check": {"_locked_object_definition": true}, "_execution_log_locked": true})"));
  EXPECT_REFUSED(EPERM, write("tasks/task_001_scaffold/readiness_check/idempotency_key", large));
  EXPECT_REFUSED(EPERM, write("tasks/task_001_scaffold/execution_log/failure_details", large));
}

TEST_F(ErrorTest, AnAcceptedWriteAddsNoLine) {
  ASSERT_EQ(0, write(percent, "5\n"));
  EXPECT_EQ("", read_file(errors()));
  EXPECT_EQ("", last_error());
}

TEST_F(ErrorTest, ALockHeldForLongIsEBUSYAndReadersGoOn) {
  const Path lock = status_file().string() + ".lock";
  document_on_disk();
  const int handle = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_GE(handle, 0);
  ASSERT_EQ(0, ::flock(handle, LOCK_EX));
  const auto start = std::chrono::steady_clock::now();
  CommandResult slow;
  std::atomic<bool> is_over = false;
  std::jthread writer([&] {
    slow = bash("echo 9 > $T/" + percent);
    is_over = true;
  });
  int reads = 0;
  for (; !is_over; ++reads) EXPECT_EQ("0\n", read(percent));
  writer.join();
  EXPECT_LT(50, reads) << "readers do not wait for the lock";
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_NE(0, slow.exit_status);
  EXPECT_NE(std::string::npos, slow.error.find("busy")) << slow.error;
  EXPECT_GE(waited, std::chrono::milliseconds{4500});
  EXPECT_LE(waited, std::chrono::seconds{15});
  EXPECT_EQ("0\n", read(percent));
  ::close(handle);
  EXPECT_VERSIONS(1, write(percent, "9\n"));
}

TEST_F(ErrorTest, ARefusedEndOfALineLeavesItsBeginning) {
  document_on_disk();
  const int log = ::open(tree("achievements").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const std::string begin = R"({"achievement_summary": "first ha)", end = "lf and second half\"}\n";
  ASSERT_EQ(static_cast<ssize_t>(begin.size()), ::write(log, begin.data(), begin.size()));
  const int lock = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_EQ(0, ::flock(lock, LOCK_EX));
  EXPECT_EQ(-1, ::write(log, end.data(), end.size()));
  EXPECT_EQ(EBUSY, errno);
  ::close(lock);
  EXPECT_EQ(static_cast<ssize_t>(end.size()), ::write(log, end.data(), end.size()));
  EXPECT_EQ(0, ::close(log));
  EXPECT_EQ("first half and second half", document()["payload"]["key_achievements_log"].back()["achievement_summary"]);
}

TEST_F(ErrorTest, AnotherUserMayReadAndIsRefusedToWrite) {
  unmount();
  mount({"-o", "allow_other,default_permissions"});
  CommandOptions nobody;
  nobody.user = "nobody";
  EXPECT_EQ("0\n", bash("cat $T/" + percent, nobody).output);
  const CommandResult refused = bash("echo 5 > $T/" + percent + " || cat $M/.statusfs/last_error", nobody);
  EXPECT_NE(std::string::npos, refused.error.find("Permission denied")) << refused.error;
  EXPECT_NE(std::string::npos, refused.output.find("EACCES")) << refused.output;
  EXPECT_NE(std::string::npos, refused.output.find("65534")) << refused.output;
  EXPECT_EQ("", last_error()) << "the refusal was another user's";
  EXPECT_EQ("0\n", read(percent));
}

TEST_F(ErrorTest, EBUSYComesLast) {
  Json stale = Json::parse(read("tasks/task_001_scaffold/task.json"));
  ASSERT_EQ(0, write(percent, "3\n"));
  stale["percent_complete"] = 4;
  document_on_disk();
  const int handle = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_GE(handle, 0);
  ASSERT_EQ(0, ::flock(handle, LOCK_EX));
  const auto expect_at_once = [&](int expected, const std::string& path, const std::string& text) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_REFUSED(expected, write(path, text));
    EXPECT_GT(std::chrono::seconds{4}, std::chrono::steady_clock::now() - start) << path << " waited for the lock";
  };
  expect_at_once(EINVAL, percent, "500\n");
  expect_at_once(ECANCELED, "tasks/task_001_scaffold/task.json", stale.dump());
  expect_at_once(EPERM, "tasks/task_001_scaffold/task.json", R"({"g_last_update": 1})");
  ::close(handle);
}

}  // namespace
}  // namespace statusfs::test
