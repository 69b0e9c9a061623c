// fsync that fails, through the real mount: EIO to the writer, nothing written to those pages again, and the file takes
// writes only after its journal was checked and written anew.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "tests/mount/load.hpp"
#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {
namespace {

class FailedSyncTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    mount();
    EXPECT_EQ(0, write_next());
    unmount();
  }

  // strace counts the calls of each thread, and a write is carried out by whichever thread received it: that the first
  // call fails means that it does once in every thread.
  void start(const std::string& calls, bool is_lasting, const std::string& error = "EIO",
             const std::vector<Path>& paths = {}) {
    daemon_ = std::make_unique<TracedProgram>(
        Arguments{binary().string(), source().string(), mountpoint().string(), "-f"},
        Injection{calls, "error=" + error, 1, is_lasting}, paths.empty() ? paths_of(status_file()) : paths, root());
    ASSERT_TRUE(
        eventually([&] { return read_error(mountpoint() / ".statusfs/version") == 0; }, std::chrono::seconds{60}))
        << daemon_->log();
  }

  void TearDown() override {
    unmount_dead();
    if (daemon_) {
      EXPECT_EQ(0, daemon_->wait()) << daemon_->log();
    }
    MountedTest::TearDown();
  }

  /// Writes the next value; notes what came of it.
  int write_next() {
    const std::string value = "value-" + std::to_string(attempts_.size());
    const int error = write_file(task("execution_log/failure_details"), value + "\n");
    attempts_.push_back(attempt_of(value, error));
    return error;
  }

  ino_t journal_inode() const {
    struct stat status {};
    EXPECT_EQ(0, ::stat(journal_file().c_str(), &status));
    return status.st_ino;
  }

  void expect_history() {
    expect_verified();
    const std::string pointer = "/payload/tasks_status/0/execution_log/failure_details";
    expect_attempts(attempts_, checked_texts(status_file(), {pointer})[pointer], pointer);
  }

  std::unique_ptr<TracedProgram> daemon_;
  std::vector<WriteAttempt> attempts_;
};

/// The descriptor in a line "PID fdatasync(7</path>) = ...".
std::string descriptor_in(const std::string& line) {
  const std::size_t open = line.find('(');
  return open == std::string::npos ? std::string() : line.substr(open + 1, line.find('<', open) - open - 1);
}

TEST_F(FailedSyncTest, IsEioAndTheNextWriteStandsInAnotherFile) {
  start("fdatasync", false);
  const std::ifstream held(journal_file());  // so that no other file gets its inode number
  const ino_t before = journal_inode();
  EXPECT_EQ(EIO, write_next());
  EXPECT_NE(std::string::npos, last_error().find("EIO")) << last_error();
  EXPECT_EQ("value-0\n", read_file(task("execution_log/failure_details"))) << "readers see what is durable";
  int error = EIO;
  for (int attempt = 0; attempt < 20 && (error == EIO || error == EROFS); ++attempt) error = write_next();
  EXPECT_EQ(0, error) << "the journal was checked and written anew: " << last_error();
  EXPECT_NE(before, journal_inode()) << "the next record must not rest on the file whose syncing failed";
  EXPECT_EQ("value-" + std::to_string(attempts_.size() - 1) + "\n", read_file(task("execution_log/failure_details")));
  unmount();
  expect_history();
}

/// Writes that all fail: each with EIO, or EROFS where the file is known to take none, and readers see what is durable.
#define EXPECT_WRITES_FAIL(count)                                                \
  for (int number = 0; number < (count); ++number) {                             \
    const int error = write_next();                                              \
    EXPECT_TRUE(error == EIO || error == EROFS) << error << " " << last_error(); \
    EXPECT_EQ("value-0\n", read_file(task("execution_log/failure_details")));    \
  }

TEST_F(FailedSyncTest, IsNeverTriedAgainOnTheSameFile) {
  start("fdatasync", true);
  EXPECT_WRITES_FAIL(5);
  unmount_dead();
  daemon_->wait();
  std::set<std::string> failed;
  int failures = 0;
  for (const std::string& line : lines_of(daemon_->trace())) {
    const std::string descriptor = descriptor_in(line);
    if (line.find("close(") != std::string::npos) failed.erase(descriptor);
    if (line.find("fdatasync(") == std::string::npos) continue;
    EXPECT_FALSE(failed.contains(descriptor)) << line;
    if (line.find("INJECTED") == std::string::npos) continue;
    failed.insert(descriptor);
    ++failures;
  }
  EXPECT_GE(failures, 2) << daemon_->trace();
  EXPECT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  expect_history();
}

TEST_F(FailedSyncTest, IsReadOnlyAsLongAsItCannotBeChecked) {
  start("fdatasync,fsync", true);
  EXPECT_WRITES_FAIL(5);
  unmount_dead();
  daemon_->wait();
  EXPECT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  expect_history();
}

TEST_F(FailedSyncTest, AUsedUpQuotaIsEdquotAndNothingOfTheWriteIsKept) {
  start("pwrite64", false, "EDQUOT", {journal_file()});
  EXPECT_EQ(EDQUOT, write_next());
  EXPECT_NE(std::string::npos, last_error().find(" EDQUOT ")) << last_error();
  EXPECT_EQ("value-0\n", read_file(task("execution_log/failure_details")));
  int error = EDQUOT;
  for (int attempt = 0; attempt < 20 && error == EDQUOT; ++attempt) error = write_next();
  EXPECT_EQ(0, error) << last_error();
  unmount();
  expect_history();
}

TEST_F(FailedSyncTest, AJsonForWhichTheQuotaIsUsedUpFailsFsyncWithEdquot) {
  start("pwrite64", true, "EDQUOT", {temporary_of(status_file())});
  ASSERT_EQ(0, write_next());
  const int handle = ::open(task("status").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  EXPECT_EQ(-1, ::fsync(handle));
  EXPECT_EQ(EDQUOT, errno);
  ::close(handle);
  unmount_dead();
  daemon_->wait();
  EXPECT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  expect_history();
}

TEST_F(FailedSyncTest, WhereTheJsonCannotBeReplacedWritesAreRefusedAndTheLockIsLetGo) {
  start("renameat2", true);
  int error = 0;
  for (int attempt = 0; attempt < 200 && error == 0; ++attempt) error = write_next();
  EXPECT_NE(0, error) << "the JSON falls further and further behind";
  const int lock = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(lock, 0);
  EXPECT_TRUE(eventually([&] { return ::flock(lock, LOCK_EX | LOCK_NB) == 0; }));
  ::close(lock);
  for (int attempt = 0; attempt < 3; ++attempt) EXPECT_NE(0, write_next());
  unmount_dead();
  daemon_->wait();
  EXPECT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  expect_history();
}

// The first write waits for its fdatasync, which will fail; the others queue behind it and are one group.
TEST_F(FailedSyncTest, FailsAWholeGroupAndThoseBehindAreJudgedAnew) {
  start("fdatasync", false, "EIO:delay_enter=5000000", {journal_file()});
  const int before = version();
  const std::string percent = "tasks/task_001_scaffold/percent_complete";
  std::vector<std::thread> writers;
  std::vector<int> errors(5, -1);
  const auto start_write = [&](std::size_t number, const std::string& path, const std::string& text) {
    writers.emplace_back([this, &errors, number, path, text] { errors[number] = write(path, text); });
  };
  const auto journal_size = std::filesystem::file_size(journal_file());
  start_write(0, percent, "50\n");
  EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(journal_file()) > journal_size; }));
  start_write(1, "tasks/task_001_scaffold/readiness_check/idempotency_key", "of the group\n");
  start_write(2, "summary/active_blockers_summary", "of the group\n");
  start_write(3, "tasks/task_002_api/percent_complete", "50\n");
  start_write(4, "patch",
              R"([{"op": "test", "path": "/payload/tasks_status/0/percent_complete", "value": 50},
                    {"op": "replace", "path": "/payload/tasks_status/1/percent_complete", "value": 60}])");
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ((std::vector<int>{EIO, EIO, EIO, EIO, ECANCELED}), errors)
      << read_file(mountpoint() / ".statusfs" / "errors");
  EXPECT_EQ(before, version());
  for (const char* task_id : {"task_001_scaffold", "task_002_api"})
    EXPECT_EQ("0\n", read("tasks/" + std::string(task_id) + "/percent_complete")) << task_id;
  EXPECT_EQ("", read("summary/active_blockers_summary"));
  const std::string trace = daemon_->trace();
  std::size_t failures = 0;
  for (std::size_t at = 0; (at = trace.find("(INJECTED)", at)) != std::string::npos; ++at) ++failures;
  EXPECT_EQ(2u, failures) << "three writes shared one fdatasync:\n" << trace;
  int error = EIO;
  for (int attempt = 0; attempt < 20 && (error == EIO || error == EROFS); ++attempt) error = write_next();
  EXPECT_EQ(0, error) << last_error();
  unmount();
  expect_history();
}

}  // namespace
}  // namespace statusfs::test
