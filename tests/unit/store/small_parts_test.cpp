// The small parts that a local store is made of.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>
#include <vector>

#include "fs/on_demand_thread.hpp"
#include "fs/store/local/directory_watch.hpp"
#include "fs/store/local/hold_policy.hpp"
#include "fs/store/local/lock_holder.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/timestamp.hpp"
#include "fs/unique_fd.hpp"
#include "tests/unit/expect_errno.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Timestamp, IsReadAsItIsWritten) {
  const auto time = std::chrono::system_clock::from_time_t(1749470400) + std::chrono::microseconds(123456);
  EXPECT_EQ(format_timestamp(time), "2025-06-09T12:00:00.123456Z");
  EXPECT_EQ(parse_timestamp("2025-06-09T12:00:00.123456Z"), time);
  EXPECT_EQ(parse_timestamp("2025-06-09T12:00:00.1234569Z"), time);
  EXPECT_EQ(parse_timestamp("2025-06-09T12:00:00Z"), std::chrono::system_clock::from_time_t(1749470400));
}

// Beside the C library.
TEST(Timestamp, EveryDayIsTheCalendars) {
  constexpr std::time_t a_day_and_some = 86400 + 3671, end = 4102444800;  // of 2100
  for (std::time_t at = 0; at < end; at += a_day_and_some) {
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    char expected[40];
    std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000007Z", &parts);
    const auto time = std::chrono::system_clock::from_time_t(at) + std::chrono::microseconds(7);
    ASSERT_EQ(format_timestamp(time), expected);
    ASSERT_EQ(parse_timestamp(expected), time) << expected;
  }
}

TEST(Timestamp, RefusesOtherText) {
  for (const char* text :
       {"", "now", "2025-06-09", "2025-06-09T12:00:00", "2025-06-09T12:00:00.Z", "2025-06-09T12:00:00Zx",
        "2025-13-01T12:00:00Z", "2025-00-01T12:00:00Z", "2025-02-29T12:00:00Z", "2025-06-31T12:00:00Z",
        "2025-06-09T24:00:00Z", "2025-06-09T12:60:00Z", "2025-06-09T12:00:61Z"})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(LockHolder, IsFoundInTheKernelsTable) {
  constexpr std::string_view locks =
      "1: POSIX  ADVISORY  WRITE 11 08:01:5678 0 EOF\n"
      "2: FLOCK  ADVISORY  WRITE 22 08:02:5678 0 EOF\n"
      "3: FLOCK  ADVISORY  WRITE 33 08:01:5678 0 EOF\n"
      "3: -> FLOCK  ADVISORY  WRITE 44 08:01:5678 0 EOF\n";
  EXPECT_EQ(flock_holder_in(locks, makedev(8, 1), 5678), 33);
  EXPECT_EQ(flock_holder_in(locks, makedev(9, 9), 5678), 33) << "another device number than in stat(2)";
  EXPECT_EQ(flock_holder_in(locks, makedev(8, 1), 1), std::nullopt);
  EXPECT_EQ(flock_holder_in("", makedev(8, 1), 5678), std::nullopt);
}

TEST(HoldPolicy, WritesSmallFilesWithinFiftyMilliseconds) {
  const HoldPolicy policy;
  const HoldPolicy::Time begin{};
  const auto cost = milliseconds(2);
  EXPECT_LE(policy.write_due(begin, cost) + cost, begin + milliseconds(50));
  EXPECT_GE(policy.write_due(begin, cost), begin + milliseconds(30));
}

TEST(HoldPolicy, SpendsATenthOfTheTimeOnLargeFiles) {
  const HoldPolicy policy;
  const HoldPolicy::Time begin{};
  EXPECT_GE(policy.write_due(begin, milliseconds(100)), begin + milliseconds(700));
  EXPECT_LE(policy.write_due(begin, milliseconds(100)) + milliseconds(100), begin + seconds(1));
}

TEST(HoldPolicy, EndsAHoldInTime) {
  const HoldPolicy policy;
  const HoldPolicy::Time begin{};
  for (const auto cost : {milliseconds(1), milliseconds(100), milliseconds(400)}) {
    EXPECT_LE(policy.drain_due(begin, cost) + cost, begin + seconds(1)) << cost.count();
    EXPECT_TRUE(policy.must_drain(policy.drain_due(begin, cost), begin, cost));
    EXPECT_FALSE(policy.must_drain(begin, begin, cost));
  }
  EXPECT_LE(policy.drain_due(begin, seconds(3)) + seconds(3), begin + 2 * seconds(3));
}

TEST(OnDemandThread, CallsTheStepWhenItIsWokenAndWhenItIsDue) {
  std::atomic<int> calls = 0;
  OnDemandThread thread(
      [&]() -> std::optional<OnDemandThread::Time> {
        if (++calls >= 3) return std::nullopt;
        return std::chrono::steady_clock::now() + milliseconds(1);
      },
      milliseconds(20));
  EXPECT_FALSE(thread.is_running());
  thread.wake();
  while (calls < 3) std::this_thread::sleep_for(milliseconds(1));
  while (thread.is_running()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(calls, 3);
  thread.wake();
  while (calls < 4) std::this_thread::sleep_for(milliseconds(1));
  thread.stop();
  thread.wake();
  EXPECT_FALSE(thread.is_running());
}

TEST(PosixFiles, TellsWhetherAFileIsBeingWritten) {
  TemporaryDirectory directory;
  PosixFiles files;
  const std::string path = directory / "file";
  EXPECT_FALSE(files.is_being_written(path)) << "there is none";
  write_text(path, "x");
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(files.is_being_written(path));
  UniqueFd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_TRUE(files.is_being_written(path));
  writer.reset();
  EXPECT_FALSE(files.is_being_written(path));
}

TEST(PosixFiles, AskingWhetherAFileIsBeingWrittenKeepsNobodyFromWritingIt) {
  TemporaryDirectory directory;
  PosixFiles files;
  const std::string path = directory / "file";
  write_text(path, "x");
  std::atomic<bool> is_over = false;
  std::thread asking([&] {
    while (!is_over) files.is_being_written(path);
  });
  for (int round = 0; round < 20'000; ++round) EXPECT_NO_THROW(files.open(path, Files::Open::write));
  is_over = true;
  asking.join();
}

class ReportedNames {
 public:
  void add(const std::string& name) {
    const std::lock_guard guard(mutex_);
    names_.insert(name);
    added_.notify_all();
  }
  bool wait_for(const std::string& name) {
    std::unique_lock guard(mutex_);
    return added_.wait_for(guard, seconds(5), [&] { return names_.contains(name); });
  }
  /// Whether the file is told of, which is written again and again: when the new directory is watched cannot be seen.
  bool come_from(const std::filesystem::path& file) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      write_text(file, "x");
      std::unique_lock guard(mutex_);
      if (added_.wait_for(guard, std::chrono::milliseconds(20), [&] { return names_.contains(file.filename()); }))
        return true;
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::set<std::string> names_;
};

TEST(DirectoryWatch, TellsNames) {
  TemporaryDirectory directory;
  write_text(directory / "gone", "x");
  ReportedNames names;
  DirectoryWatch watch(directory.path(), [&](const std::string& name) { names.add(name); });
  write_text(directory / "made", "x");
  EXPECT_TRUE(names.wait_for("made"));
  std::filesystem::rename(directory / "made", directory / "moved");
  EXPECT_TRUE(names.wait_for("moved"));
  std::filesystem::remove(directory / "gone");
  EXPECT_TRUE(names.wait_for("gone"));
}

TEST(DirectoryWatch, TellsThatTheDirectoryIsGone) {
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "below");
  ReportedNames names;
  DirectoryWatch watch(directory / "below", [&](const std::string& name) { names.add(name); });
  std::filesystem::remove(directory / "below");
  EXPECT_TRUE(names.wait_for(""));
}

TEST(DirectoryWatch, FollowsTheNameToANewDirectory) {
  TemporaryDirectory directory;
  const std::string below = directory / "below";
  std::filesystem::create_directory(below);
  write_text(below + "/first", "x");
  // A process that is in it keeps the kernel from telling that it is gone.
  const UniqueFd held(::open(below.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ReportedNames names;
  DirectoryWatch watch(below, [&](const std::string& name) { names.add(name); });
  std::filesystem::remove_all(below);
  EXPECT_TRUE(names.wait_for(""));
  std::filesystem::create_directory(below);
  EXPECT_TRUE(names.come_from(below + "/second"));
  std::filesystem::rename(below, directory / "elsewhere");
  std::filesystem::create_directory(below);
  EXPECT_TRUE(names.come_from(below + "/third"));
}

TEST(DirectoryWatch, RefusesWhatIsNoDirectory) {
  TemporaryDirectory directory;
  expect_errno(ENOENT, [&] { DirectoryWatch(directory / "none", [](const std::string&) {}); });
  write_text(directory / "file", "x");
  expect_errno(ENOTDIR, [&] { DirectoryWatch(directory / "file", [](const std::string&) {}); });
}

}  // namespace
}  // namespace statusfs
