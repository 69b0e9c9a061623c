// Descriptors 0, 1 and 2 that are closed: no file of ours gets their numbers, to which messages are written.
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

const std::vector<std::string> closed_ones = {"<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"};

class StandardDescriptorTest : public MountedTest {
 protected:
  std::string lock_text() const { return read_file(status_file().string() + ".lock"); }
  CommandResult with_closed(const std::string& command, const std::string& closed) {
    return bash("timeout 20 $B " + command + " " + closed);
  }
};

TEST_F(StandardDescriptorTest, InitSpoilsNoFile) {
  for (const std::string& closed : closed_ones) {
    SCOPED_TRACE(closed);
    std::filesystem::remove_all(source());
    std::filesystem::create_directory(source());
    put_file(source() / "exec_plan_125.txt", test_data("plans/exec_plan_125.txt"));
    with_closed("init $S/exec_plan_125.txt", closed);
    EXPECT_EQ("", lock_text());
    expect_verified();
  }
}

TEST_F(StandardDescriptorTest, AMountTakesWritesAndHoldsItsLock) {
  make_sample();
  for (const std::string& closed : closed_ones) {
    SCOPED_TRACE(closed);
    ASSERT_EQ(0, with_closed("$S $M", closed).exit_status);
    EXPECT_EQ(0, write_file(task("percent_complete"), "5\n"));
    EXPECT_EQ(1, bash("flock -n $S/exec_status_125.txt.journal true").exit_status);
    EXPECT_EQ(0, write_file(task("percent_complete"), "6\n"));
    unmount();
    expect_verified();
  }
}

// Its notice goes nowhere then, and above all not into the journal.
TEST_F(StandardDescriptorTest, AMountThatHasSomethingToSaySpoilsNoFile) {
  for (const std::string& closed : closed_ones) {
    SCOPED_TRACE(closed);
    std::filesystem::remove_all(source());
    std::filesystem::create_directory(source());
    make_sample();
    const std::string begin = read_file(journal_file());
    bash("timeout 60 $B -f $S $M " + closed + R"script( &
      until [ "$(cat $T/partition_status 2> /dev/null)" = CONSISTENT ]; do sleep 0.05; done
      echo '{}' > $S/new; mv $S/new $S/exec_status_125.txt
      until [ "$(cat $T/partition_status)" = PARTITIONED ]; do sleep 0.05; done
      $B umount $M; wait)script");
    EXPECT_TRUE(read_file(journal_file()).starts_with(begin));
    EXPECT_EQ("", lock_text());
    expect_verified();
  }
}

}  // namespace
}  // namespace statusfs::test
