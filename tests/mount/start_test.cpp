// A start that is broken off, and what a mount inherits from the shell that starts it.
#include <signal.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class StartTest : public MountedTest {
 protected:
  bool is_mounted(const Path& place) { return bash("mountpoint -q " + place.string()).exit_status == 0; }
  // Where a start waits, because another mount holds the journals.
  Path second() const { return root() / "second"; }
};

TEST_F(StartTest, OneThatIsBrokenOffMountsNothing) {
  make_sample();
  mount();
  std::filesystem::create_directory(second());
  for (const char* signal : {"INT", "TERM", "KILL"}) {
    SCOPED_TRACE(signal);
    const CommandResult broken = bash("timeout -s " + std::string(signal) + " 1 $B $S " + second().string());
    EXPECT_NE(0, broken.exit_status);
    EXPECT_FALSE(is_mounted(second()));
  }
  unmount();
  // Nothing holds the journals any more, once what had been begun has given up.
  EXPECT_EQ(0, await_orphans(std::chrono::seconds(10) * slowness()));
  for (const int status : ended_orphans()) EXPECT_TRUE(status == 3 || status >= 128 || status == 0) << status;
  EXPECT_FALSE(is_mounted(second()));
  mount();
  EXPECT_EQ("PENDING\n", read_file(task("status")));
}

TEST_F(StartTest, OneInTheForegroundIsEndedBeforeItMounts) {
  make_sample();
  mount();
  std::filesystem::create_directory(second());
  Process waiting({binary().string(), "-f", source().string(), second().string()}, {}, root() / "second.log");
  ::sleep(1);
  waiting.send(SIGTERM);
  unmount();
  EXPECT_EQ(3, waiting.wait()) << waiting.log();
  EXPECT_FALSE(is_mounted(second()));
}

TEST_F(StartTest, OneInTheBackgroundLetsGoOfWhatItInherited) {
  make_sample();
  const std::string lock = (root() / "lock").string();
  ASSERT_EQ(0, bash("flock " + lock + " $B $S $M").exit_status);
  EXPECT_EQ(0, bash("flock -n " + lock + " true").exit_status) << "the mount holds no lock of whoever started it";
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  unmount();
  // What an option names is read before.
  ASSERT_EQ(0, bash("$B $S $M -o config=<(echo 'default: {archetype: SUPERVISOR}')").exit_status);
  EXPECT_EQ(0, write_file(task("percent_complete"), "5\n"));
}

TEST_F(StartTest, OfReadOnlyAndReadWriteTheLastCounts) {
  make_sample();
  mount({"-o", "ro,rw"});
  EXPECT_EQ(0, write_file(task("percent_complete"), "5\n"));
  unmount();
  mount({"-o", "rw", "-o", "ro"});
  EXPECT_EQ(EROFS, write_file(task("percent_complete"), "6\n"));
}

TEST_F(StartTest, AFileSizeLimitRefusesAWriteAndEndsNothing) {
  make_sample();
  ASSERT_EQ(0, bash("ulimit -f 10; $B $S $M").exit_status);
  int accepted = 0;
  int error = 0;
  while (accepted < 100 && (error = write_file(task("percent_complete"), std::to_string(accepted + 1) + "\n")) == 0)
    ++accepted;
  EXPECT_EQ(EFBIG, error) << last_error();
  EXPECT_EQ(std::to_string(accepted) + "\n", read_file(task("percent_complete")));
  unmount();
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
