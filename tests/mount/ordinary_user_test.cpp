// An ordinary user mounts, works and unmounts with nothing but fusermount3.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class OrdinaryUserTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (::geteuid() == 0) options_.user = "nobody";
    // The build directory may lie where this user cannot look.
    std::filesystem::copy_file(MountedTest::binary(), root() / "statusfs");
    make_sample();
    ASSERT_EQ(0, run_command({"chown", "-R", owner(), root().string()}).exit_status);
  }

  std::string owner() const { return options_.user.empty() ? std::to_string(::geteuid()) : options_.user; }
  CommandResult as_user(const std::string& script) {
    return bash("B=" + (root() / "statusfs").string() + "; " + script, options_);
  }
  std::string output(const std::string& script) {
    const CommandResult result = as_user(script);
    EXPECT_EQ(0, result.exit_status) << script << "\n" << result.error;
    return result.output;
  }

  CommandOptions options_;
};

TEST_F(OrdinaryUserTest, MountsReadsWritesAndUnmounts) {
  EXPECT_EQ("PENDING\n", output("$B $S $M && cat $T/tasks/task_001_scaffold/status"));
  output("echo PASSED > $T/tasks/task_001_scaffold/readiness_check/status");
  output("echo ACTIVE > $T/tasks/task_001_scaffold/status");
  EXPECT_EQ("ACTIVE\n", output("cat $T/tasks/task_001_scaffold/status"));
  EXPECT_EQ(output("id -un"), output("cat $T/tasks/task_001_scaffold/last_updated_by_persona_id"));
  EXPECT_EQ("SUPERVISOR\n", output("cat $T/tasks/task_001_scaffold/last_updated_by_archetype"));
  EXPECT_EQ(output("id -u"), output("stat -c %u $T/tasks/task_001_scaffold/status"));
  const CommandResult refused = as_user("echo NOPE > $T/tasks/task_001_scaffold/status");
  EXPECT_NE(0, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("Invalid argument")) << refused.error;
  output("mkdir $T/tasks/task_004_docs && rmdir $T/tasks/task_004_docs");
  output("$B umount $M");
  EXPECT_EQ("\"ACTIVE\"", jq(".payload.tasks_status[0].status", status_file()));
  output("$B verify $S/exec_status_125.txt");
  EXPECT_EQ(output("id -u"), output("stat -c %u $S/exec_status_125.txt"));
}

// Such a mount lets in nobody else, not even root.
TEST_F(OrdinaryUserTest, RootUnmountsItAndWaitsForItsEnd) {
  if (::geteuid() != 0) return;
  for (int value = 1; value <= 10; ++value) {
    output("$B $S $M");
    const std::string pid = output("sed -n 's/^statusfs_process_id //p' $M/.statusfs/metrics");
    output("echo " + std::to_string(value) + " > $T/tasks/task_001_scaffold/percent_complete");
    const CommandResult result = statusfs({"umount", mountpoint().string()});
    EXPECT_EQ(0, result.exit_status) << result.error;
    EXPECT_EQ(std::to_string(value), jq(".payload.tasks_status[0].percent_complete", status_file()));
    // Its parent may not have heard of its end yet.
    EXPECT_EQ("", bash("grep '^State:.[^Z]' /proc/" + lines_of(pid).at(0) + "/status").output);
  }
}

TEST_F(OrdinaryUserTest, RootTakesItAwayWhenItIsDead) {
  if (::geteuid() != 0) return;
  Process daemon({(root() / "statusfs").string(), "-f", source().string(), mountpoint().string()}, options_,
                 root() / "daemon");
  ASSERT_TRUE(eventually([&] { return as_user("cat $M/.statusfs/version").exit_status == 0; })) << daemon.log();
  daemon.send(SIGKILL);
  daemon.wait();
  const CommandResult result = statusfs({"umount", "--if-dead", mountpoint().string()});
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("", bash("grep \" $M \" /proc/self/mountinfo").output);
}

TEST_F(OrdinaryUserTest, RunsEveryCommand) {
  output("cp $S/exec_status_125.txt $S/exec_status_126.txt && $B recover $S/exec_status_125.txt");
  output("rm $S/exec_status_126.txt && $B check $S/exec_status_125.txt");
  output("$B mapping > $S/mapping.yaml && $B $S $M -o mapping=$S/mapping.yaml && $B umount $M");
}

TEST_F(OrdinaryUserTest, MountsAndUnmountsWithoutAPath) {
  output("PATH=/nonexistent $B $S $M && PATH=/nonexistent $B umount $M");
}

// The lock and the journal are opened to be written again, the JSON never is.
TEST_F(OrdinaryUserTest, WritesAgainToAFileOfModeReadOnly) {
  output("rm -f $S/exec_status_125.txt.lock; chmod 0444 $S/exec_status_125.txt");
  for (const std::string value : {"5", "6"}) {
    output("$B $S $M && echo " + value + " > $T/tasks/task_001_scaffold/percent_complete");
    output("sleep 0.3; echo 1" + value + " > $T/tasks/task_001_scaffold/percent_complete; $B umount $M");
    EXPECT_EQ("1" + value, jq(".payload.tasks_status[0].percent_complete", status_file()));
  }
  EXPECT_EQ("444\n", output("stat -c %a $S/exec_status_125.txt"));
}

// The journal could be written, but the JSON could never follow it.
TEST_F(OrdinaryUserTest, ADirectoryThatCannotBeChangedTakesNoWrites) {
  output("chmod a-w $S");
  output("$B $S $M");
  const std::string journal = read_file(journal_file());
  EXPECT_NE(0, as_user("echo 5 > $T/tasks/task_001_scaffold/percent_complete").exit_status);
  const std::string error = output("cat $M/.statusfs/last_error || cat $M/.statusfs/errors | tail -1");
  EXPECT_NE(std::string::npos, output("tail -1 $M/.statusfs/errors").find("EROFS")) << error;
  EXPECT_NE(std::string::npos, output("tail -1 $M/.statusfs/errors").find("no right to change the directory")) << error;
  EXPECT_EQ("0\n", output("cat $T/tasks/task_001_scaffold/percent_complete"));
  EXPECT_EQ(journal, read_file(journal_file()));
  output("chmod u+w $S && echo 6 > $T/tasks/task_001_scaffold/percent_complete");
  EXPECT_EQ("6\n", output("cat $T/tasks/task_001_scaffold/percent_complete"));
  output("$B umount $M");
  output("$B verify $S/exec_status_125.txt");
}

// Where the JSON stays behind for all that, umount says so.
TEST_F(OrdinaryUserTest, AnUnmountThatLeavesTheJsonBehindFails) {
  bool was_behind = false;
  for (int attempt = 0; attempt < 20 && !was_behind; ++attempt) {
    output("$B $S $M");
    const std::string value = std::to_string(attempt + 1);
    const CommandResult result =
        as_user("echo " + value +
                " > $T/tasks/task_001_scaffold/percent_complete && chmod a-w $S; $B umount $M; "
                "status=$?; chmod u+w $S; exit $status");
    was_behind = jq(".payload.tasks_status[0].percent_complete", status_file()) != value;
    EXPECT_EQ(was_behind ? 2 : 0, result.exit_status) << result.error;
    if (was_behind) {
      EXPECT_NE(std::string::npos, result.error.find("not every JSON is up to date")) << result.error;
    }
    output("$B recover $S/exec_status_125.txt");
    EXPECT_EQ(value, jq(".payload.tasks_status[0].percent_complete", status_file()));
  }
  EXPECT_TRUE(was_behind) << "the JSON was always faster than chmod";
}

TEST_F(OrdinaryUserTest, AReadOnlySourceCanBeMountedReadOnly) {
  output("chmod -R a-w $S");
  EXPECT_EQ("PENDING\n", output("$B $S $M -o ro && cat $T/tasks/task_001_scaffold/status"));
  EXPECT_NE(0, as_user("echo 5 > $T/tasks/task_001_scaffold/percent_complete").exit_status);
  output("$B umount $M");
}

}  // namespace
}  // namespace statusfs::test
