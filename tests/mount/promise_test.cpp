// Promises that need a daemon in a state of its own: stopped, on a slow disk, shared, or of another user.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <regex>
#include <thread>

#include "tests/mount/several_users.hpp"
#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

const std::string percent = "tasks/task_001_scaffold/percent_complete";

std::string listing_of(const Path& directory) {
  std::string text;
  for (const std::string& name : names_in(directory)) text += name + " ";
  return text;
}

class PromiseTest : public SampleTest {};

// --- what is mounted -------------------------------------------------------------------------------------------------

class NextMountTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    old_ = &mount_in_foreground();
    ASSERT_EQ(0, write(percent, "12\n"));
    // As a daemon that cannot come to its end yet: out of the way, and still the owner of the file.
    old_->send(SIGSTOP);
    ASSERT_EQ(0, run_command({"fusermount3", "-uz", mountpoint().string()}).exit_status);
  }
  void TearDown() override {
    old_->send(SIGCONT);
    old_->wait();
    MountedTest::TearDown();
  }

  Process* old_ = nullptr;
};

TEST_F(NextMountTest, WaitsForAnOldOneThatIsStillWriting) {
  const auto start = Clock::now();
  std::thread later([&] {
    std::this_thread::sleep_for(seconds(1));
    old_->send(SIGCONT);
  });
  const CommandResult result = statusfs({source().string(), mountpoint().string()});
  later.join();
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_LE(milliseconds(900), Clock::now() - start);
  EXPECT_EQ("12\n", read(percent));
  EXPECT_EQ(0, write(percent, "13\n"));
}

TEST_F(NextMountTest, IsRefusedAfterFiveSecondsWithTheOldOnesPid) {
  const auto start = Clock::now();
  const CommandResult result = statusfs({source().string(), mountpoint().string()});
  EXPECT_NE(0, result.exit_status);
  EXPECT_LE(milliseconds(4500), Clock::now() - start);
  EXPECT_NE(std::string::npos, result.error.find(std::to_string(old_->pid()))) << result.error;
}

TEST_F(PromiseTest, AReadOnlyMountReplaysInMemory) {
  const std::string first = read_file(status_file());
  ASSERT_EQ(0, write(percent, "44\n"));
  unmount();
  put_file(status_file(), first);
  const std::string before = listing_of(source());
  const std::string journal_text = read_file(journal_file());
  mount({"-o", "ro"});
  EXPECT_EQ("44\n", read(percent));
  unmount();
  EXPECT_EQ(first, read_file(status_file())) << "a read-only mount has written the JSON";
  EXPECT_EQ(journal_text, read_file(journal_file()));
  EXPECT_EQ(before, listing_of(source()));
}

TEST_F(PromiseTest, DamageInTheOldPartOfAJournalIsVerifysBusiness) {
  for (int value = 1; value <= 5; ++value) ASSERT_EQ(0, write(percent, std::to_string(value) + "\n"));
  unmount();
  std::string text = read_file(journal_file());
  const std::size_t line = text.find('\n') + 1;
  text.replace(text.find("\"value\":1", line), 9, "\"value\":7");
  put_file(journal_file(), text);
  mount();
  EXPECT_EQ("5\n", read(percent));
  EXPECT_EQ(0, write(percent, "6\n")) << last_error();
  unmount();
  const CommandResult result = statusfs({"verify", status_file().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, (result.output + result.error).find("line 2")) << result.output << result.error;
}

TEST_F(PromiseTest, ARenamedStatusFileVanishesAndAppears) {
  EXPECT_EQ(0,
            bash("cd $S && for end in .journal .lock ''; do mv exec_status_125.txt$end exec_status_126.txt$end; done")
                .exit_status);
  EXPECT_TRUE(eventually([&] { return listing_of(mountpoint()) == "exec_status_126 "; })) << listing_of(mountpoint());
  EXPECT_TRUE(eventually([&] { return read_error(tree(percent, 126)) == 0; }));
  EXPECT_EQ(ENOENT, read_error(tree(percent, 125)));
}

TEST_F(PromiseTest, AJournalIsNeverFollowedThroughALink) {
  unmount();
  const Path elsewhere = root() / "elsewhere";
  std::filesystem::rename(journal_file(), elsewhere);
  std::filesystem::create_symlink(elsewhere, journal_file());
  const std::string before = read_file(elsewhere);
  mount();
  EXPECT_NE(0, write(percent, "9\n"));
  unmount();
  EXPECT_EQ(before, read_file(elsewhere));
  EXPECT_TRUE(std::filesystem::is_symlink(journal_file()));
}

// --- what is written -------------------------------------------------------------------------------------------------

TEST_F(PromiseTest, AWrittenIntegerIsOneThatEveryReaderHolds) {
  const std::string field = "tasks/task_001_scaffold/latest_test_status";
  for (const std::string largest : {"9007199254740991", "-9007199254740991"})
    EXPECT_VERSIONS(1, write(field, "{\"passed\": " + largest + "}\n"));
  for (const std::string larger : {"9007199254740992", "-9007199254740992", "1234567890123456789012345"})
    EXPECT_REFUSED(EINVAL, write(field, "{\"passed\": " + larger + "}\n"));
  EXPECT_REFUSED(
      EINVAL, write("tasks/task_001_scaffold/task.json", "{\"latest_test_status\": {\"deep\": [9007199254740992]}}\n"));
}

TEST_F(PromiseTest, TheCounterIsTheLargestOfAllFiles) {
  make_status_file(126, {"only"});
  for (int value = 1; value <= 4; ++value) ASSERT_EQ(0, write(percent, std::to_string(value) + "\n"));
  const int largest = std::stoi(read("g_last_update"));
  unmount();
  mount();
  ASSERT_EQ(0, write_file(tree("tasks/only/percent_complete", 126), "1\n"));
  EXPECT_EQ(largest + 1, std::stoi(read_file(tree("g_last_update", 126))));
  ASSERT_EQ(0, write(percent, "5\n"));
  EXPECT_EQ(largest + 2, std::stoi(read("g_last_update")));
}

class SharedModesTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_sample();
    mount(shared());
  }
  mode_t mode(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(0, ::stat(tree(path).c_str(), &status)) << path;
    return status.st_mode & 07777u;
  }
};

TEST_F(SharedModesTest, LetTheArchetypesDecide) {
  EXPECT_EQ(0666u, mode(percent));
  EXPECT_EQ(0444u, mode("payload_hash_current"));
  EXPECT_EQ(0777u, mode("tasks"));
  EXPECT_EQ(0777u, mode("tasks/task_001_scaffold"));
}

TEST_F(SharedModesTest, HaveWhatUmaskLeaves) {
  unmount();
  mount(shared("umask=027"));
  EXPECT_EQ(0640u, mode(percent));
  EXPECT_EQ(0440u, mode("payload_hash_current"));
  EXPECT_EQ(0750u, mode("tasks"));
  EXPECT_EQ(0750u, mode("tasks/task_001_scaffold"));
}

TEST_F(SharedModesTest, WhoMayNotWriteIsToldBeforeWhatIsLocked) {
  ASSERT_EQ(0, write("tasks/task_001_scaffold/task.json", R"({"_percent_complete_locked": true})"));
  const Attempt attempt{Attempt::Kind::write, percent, "17\n"};
  EXPECT_EQ(EACCES, try_one(user_of("AUDITOR"), attempt));
  EXPECT_EQ(EPERM, try_one(user_of("BUILDER"), attempt));
}

// --- what is durable -------------------------------------------------------------------------------------------------

// A disk on which each fdatasync takes 0.3 s, and more writers than the kernel is answered by threads.
class SlowDiskTest : public MountedTest {
 protected:
  static constexpr int writers = 16;

  void SetUp() override {
    MountedTest::SetUp();
    std::vector<std::string> tasks;
    for (int writer = 0; writer < writers; ++writer) tasks.push_back("task_" + std::to_string(writer));
    make_status_file(125, tasks);
    daemon_ = std::make_unique<TracedProgram>(
        Arguments{binary().string(), source().string(), mountpoint().string(), "-f"},
        Injection{"fdatasync", "delay_enter=300000", 1, true}, paths_of(status_file()), root());
    ASSERT_TRUE(eventually([&] { return read_error(field(0)) == 0; }, seconds{60})) << daemon_->log();
    for (int writer = 0; writer < writers; ++writer)
      threads_.emplace_back([this, writer] {
        for (int value = 1; value <= 3; ++value)
          if (write_file(field(writer), std::to_string(value) + "\n") != 0) ++failures_;
        --writing_;
      });
  }
  void TearDown() override {
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
    unmount_dead();
    if (daemon_) {
      EXPECT_EQ(0, daemon_->wait()) << daemon_->log();
    }
    MountedTest::TearDown();
  }
  Path field(int writer) const { return tree("tasks/task_" + std::to_string(writer) + "/percent_complete"); }

  std::unique_ptr<TracedProgram> daemon_;
  std::vector<std::thread> threads_;
  std::atomic<int> failures_ = 0;
  std::atomic<int> writing_ = writers;
};

TEST_F(SlowDiskTest, ReadersDoNotWaitForItAndWritersShareIt) {
  std::vector<Clock::duration> times;
  while (writing_ > 0) {
    const auto start = Clock::now();
    EXPECT_EQ(0, read_error(field(static_cast<int>(times.size()) % writers)));
    times.push_back(Clock::now() - start);
  }
  EXPECT_EQ(0, failures_);
  ASSERT_LT(50u, times.size());
  std::ranges::sort(times);
  // A single one may have waited for the processor.
  EXPECT_GT(milliseconds(250) * slowness(), times[times.size() / 2]) << "readers waited for the disk";

  const std::regex of_journal("fdatasync\\([0-9]+<[^>]*\\.journal>");
  const std::string trace = daemon_->trace();
  const auto syncs =
      std::distance(std::sregex_iterator(trace.begin(), trace.end(), of_journal), std::sregex_iterator());
  EXPECT_LT(0, syncs);
  EXPECT_GE(writers, syncs) << 3 * writers << " writes that waited together had an fdatasync each";
}

// A disk on which each fdatasync takes 5 s.
class NotYetDurableTest : public MountedTest {
 protected:
  static constexpr milliseconds delay{5000};

  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    daemon_ = std::make_unique<TracedProgram>(
        Arguments{binary().string(), source().string(), mountpoint().string(), "-f"},
        Injection{"fdatasync", "delay_enter=" + std::to_string(microseconds(delay).count()), 1, true},
        paths_of(status_file()), root());
    ASSERT_TRUE(eventually([&] { return read_error(tree(percent)) == 0; }, seconds{60})) << daemon_->log();
  }
  void TearDown() override {
    unmount_dead();
    if (daemon_) {
      EXPECT_EQ(0, daemon_->wait()) << daemon_->log();
    }
    MountedTest::TearDown();
  }
  // All that shows a version but the directory of the tasks, which the kernel keeps locked during mkdir(2).
  std::string all_that_is_seen() const {
    std::string seen;
    for (const char* path : {"header/v_file_instance", "tasks/task_001_scaffold/percent_complete", "g_last_update",
                             "tasks/task_001_scaffold/signature_hash", "status.json", ".history/log", ".history/head",
                             "status.md", "events"})
      seen += read(path);
    return seen + listing_of(tree("by-status/PENDING"));
  }
  // Runs the change in a thread of its own: what is seen 0.3 s later is what was seen before, and is another
  // afterwards.
  void expect_unseen_until_durable(const std::function<int()>& change) {
    const std::string before = all_that_is_seen();
    const auto start = Clock::now();
    int error = -1;
    std::thread changing([&] { error = change(); });
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_EQ(before, all_that_is_seen());
    EXPECT_GT(delay, Clock::now() - start) << "too slow to see anything";
    changing.join();
    EXPECT_EQ(0, error);
    EXPECT_LE(delay, Clock::now() - start);
    EXPECT_NE(before, all_that_is_seen());
  }

  std::unique_ptr<TracedProgram> daemon_;
};

TEST_F(NotYetDurableTest, IsNotSeen) {
  expect_unseen_until_durable([&] { return write(percent, "50\n"); });
  expect_unseen_until_durable([&] { return ::mkdir(tree("tasks/task_new").c_str(), 0755) == 0 ? 0 : errno; });
  EXPECT_NE(std::string::npos, listing_of(tree("tasks")).find("task_new "));
}

// Through another file, because the kernel lets one write after the other into each.
TEST_F(NotYetDurableTest, IsWaitedForByAWriteThatAsksForTheSame) {
  const int before = version();
  const auto start = Clock::now();
  std::thread first([&] { EXPECT_EQ(0, write(percent, "50\n")); });
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(0, write("tasks/task_001_scaffold/task.json", "{\"percent_complete\": 50}"));
  EXPECT_LE(delay, Clock::now() - start) << "it was answered before what it rests on was durable";
  EXPECT_EQ("50\n", read(percent));
  first.join();
  EXPECT_EQ(before + 1, version());
}

TEST_F(PromiseTest, TheJsonIsCompleteAfterFsyncOfAnyFile) {
  put_file(tree("tasks/scratch"), "text");
  std::vector<Path> places{mountpoint(), mountpoint() / ".statusfs", mountpoint() / ".statusfs/version"};
  for (const char* path : {"", "header", "header/v_file_instance", "status.json", "tasks", "tasks/task_001_scaffold",
                           "tasks/task_001_scaffold/status", ".history", ".history/log", "by-status/PENDING",
                           "status.md", "events", "patch", "tasks/scratch"})
    places.push_back(tree(path));
  int value = 0;
  for (const Path& place : places) {
    const int handle = ::open(place.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(handle, 0) << place;
    ASSERT_EQ(0, write(percent, std::to_string(++value) + "\n"));
    EXPECT_EQ(0, ::fsync(handle)) << place;
    EXPECT_EQ(std::to_string(value), jq(".payload.tasks_status[0].percent_complete", status_file())) << place;
    ::close(handle);
  }
}

// --- who writes ------------------------------------------------------------------------------------------------------

TEST_F(PromiseTest, TheDaemonPrintsEveryRequestWhereItIsAskedTo) {
  unmount();
  const CommandResult result = bash(
      "$B $S $M -d > $S/../log 2>&1 & until test -e $T/tasks; do sleep 0.05; done; cat $T/tasks/*/status > /dev/null; "
      "$B umount $M; wait; grep -c LOOKUP $S/../log");
  EXPECT_EQ(0, result.exit_status) << result.output << result.error;
}

class HiddenEnvironmentTest : public MountedTest {};

// A process that may not be dumped shows its environment to nobody but root, so the daemon is another user's.
TEST_F(HiddenEnvironmentTest, IsAsNone) {
  CommandOptions options;
  if (::geteuid() == 0) options.user = "nobody";
  std::filesystem::copy_file(MountedTest::binary(), root() / "statusfs");
  make_sample();
  if (::geteuid() == 0) {
    ASSERT_EQ(0, run_command({"chown", "-R", "nobody", root().string()}).exit_status);
  }
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  options.environment["TRACEPARENT"] = "00-" + trace + "-00f067aa0ba902b7-01";
  const auto write_as = [&](const std::string& first, const std::string& value) {
    const std::string script = "import ctypes, os; " + first + "open(os.environ['F'], 'w').write('" + value + "')";
    const CommandResult result = bash("F=$T/" + percent + " python3 -c \"" + script + "\"", options);
    EXPECT_EQ(0, result.exit_status) << result.error;
    return bash("cat $T/last_mutation_trace_id", options).output;
  };
  ASSERT_EQ(0, bash(root().string() + "/statusfs $S $M", options).exit_status);
  EXPECT_EQ(trace + "\n", write_as("", "11"));
  const std::string other = write_as("ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); ", "12");
  EXPECT_TRUE(std::regex_match(other, std::regex("[0-9a-f]{32}\n"))) << other;
  EXPECT_NE(trace + "\n", other);
  EXPECT_EQ(0, bash(root().string() + "/statusfs umount $M", options).exit_status);
}

}  // namespace
}  // namespace statusfs::test
