// statusfs as a host uses it: mount(8), fstab, dead mounts, systemd, the self-test, completion in the shell.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "mounted_test.hpp"

namespace statusfs::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class HostTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
  }

  /// How many file systems are mounted on the mount point.
  int mounts() { return std::stoi(bash("awk -v m=$M '$5 == m' /proc/self/mountinfo | wc -l").output); }
  void mount_and_die() {
    Process& daemon = mount_in_foreground();
    daemon.send(SIGKILL);
    daemon.wait();
    ASSERT_EQ(ENOTCONN, read_error(tree("tasks/task_001_scaffold/status")));
  }
  /// Runs a script where statusfs is installed: the helper of mount(8) looks for it in the system's own directories
  /// alone, so a namespace of mounts gets it in one of them. What is mounted there is unmounted by the script.
  CommandResult with_statusfs_installed(const std::string& script) {
    return bash(tool("private_mounts") +
                " bash -c 'mount -t tmpfs none /usr/local/bin && ln -s \"$B\" /usr/local/bin/statusfs && "
                "PATH=/usr/local/bin:$PATH && " +
                script + "'");
  }
};

// --- dead mounts -----------------------------------------------------------------------------------------------------

TEST_F(HostTest, TheNextStartTakesADeadMountAway) {
  mount_and_die();
  mount();
  EXPECT_EQ("PENDING\n", read("tasks/task_001_scaffold/status"));
  EXPECT_EQ(1, mounts());
}

TEST_F(HostTest, TheNextStartSaysSo) {
  mount_and_die();
  EXPECT_THAT(mount_in_foreground().log(), HasSubstr("whose daemon had died"));
}

TEST_F(HostTest, UmountTakesADeadMountAway) {
  for (const Arguments& arguments :
       {Arguments{"umount", mountpoint()}, Arguments{"umount", "--if-dead", mountpoint()}}) {
    mount_and_die();
    EXPECT_EQ(0, statusfs(arguments).exit_status);
    EXPECT_EQ(0, mounts());
  }
}

TEST_F(HostTest, IfDeadLeavesAServedMountAlone) {
  EXPECT_EQ(0, statusfs({"umount", "--if-dead", mountpoint()}).exit_status);
  mount();
  EXPECT_EQ(0, statusfs({"umount", "--if-dead", mountpoint()}).exit_status);
  EXPECT_EQ("PENDING\n", read("tasks/task_001_scaffold/status"));
}

// --- mount(8) and fstab ----------------------------------------------------------------------------------------------

TEST_F(HostTest, MountsAsATypeOfMount) {
  const auto result = with_statusfs_installed(
      "mount -t fuse.statusfs -o noatime,_netdev,x-systemd.automount,nohistory $S $M && cat "
      "$T/tasks/task_001_scaffold/status && "
      "echo PASSED > $T/tasks/task_001_scaffold/readiness_check/status && ! test -e $T/.history && statusfs umount $M");
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("PENDING\n", result.output);
  expect_verified();
}

TEST_F(HostTest, MountsByFstab) {
  put_file(
      root() / "fstab",
      source().string() + " " + mountpoint().string() +
          " fuse.statusfs rw,noauto,nofail,user,_netdev,x-systemd.requires=/srv,allow_other,default_permissions 0 0\n");
  const auto result = with_statusfs_installed(
      "mount --fstab ${S%/*}/fstab $M && cat $T/tasks/task_001_scaffold/status && grep \" $M \" /proc/self/mountinfo "
      "&& statusfs umount $M");
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_THAT(result.output, HasSubstr("PENDING\n"));
  EXPECT_THAT(result.output, HasSubstr("allow_other"));
}

TEST_F(HostTest, MountTellsWhyItCannot) {
  const auto result = with_statusfs_installed("mount -t fuse.statusfs -o colour=red $S $M");
  EXPECT_NE(0, result.exit_status);
  EXPECT_THAT(result.error, HasSubstr("-o colour is not an option of statusfs"));
}

// --- systemd ---------------------------------------------------------------------------------------------------------

class ServiceTest : public HostTest {
 protected:
  static std::string listener() { return tool("datagram_listener.py"); }
  std::string heard() const { return read_error(root() / "heard") == 0 ? read_file(root() / "heard") : std::string(); }
  bool hears(const std::string& text) {
    return eventually([&] { return heard().find(text) != std::string::npos; });
  }
  /// Runs a script where a journal listens, and what it started is over: the journal's socket has a fixed place, so a
  /// namespace of its own gets one. $root is the test's directory, $statusfs the program; `told COMMAND...` runs a
  /// command whose standard error is the journal's, `await TEXT` waits until that was heard.
  CommandResult with_journal(const std::string& script) {
    return bash("R=${S%/*}; " + tool("private_mounts") + R"( bash -ec '
      root=$2
      statusfs=$3
      told() { export JOURNAL_STREAM=$(stat --format %d:%i "$root/stderr"); "$@" 2> "$root/stderr"; }
      await() { for _ in {1..200}; do if grep -q "$1" "$root/heard"; then break; fi; sleep 0.05; done; }
      mkdir -p /run/systemd/journal
      mount -t tmpfs none /run/systemd/journal
      python3 "$1" /run/systemd/journal/socket "$root/heard" &
      listener=$!
      until [[ -S /run/systemd/journal/socket ]]; do sleep 0.05; done
      : > "$root/stderr"
      )" + script +
                R"(
      kill $listener
      wait $listener || true
    ' - )" + listener() +
                R"( "$R" "$B")");
  }
  /// What was heard last is a warning about this mount, and nothing went to standard error.
  void expect_journal_alone(const std::string& event) {
    const std::string record = heard();
    EXPECT_THAT(record, HasSubstr("PRIORITY=4\n"));
    EXPECT_THAT(record, HasSubstr("STATUSFS_EVENT=" + event + "\n"));
    EXPECT_THAT(record, HasSubstr("STATUSFS_SOURCE=" + source().string() + "\n"));
    EXPECT_THAT(record, HasSubstr("STATUSFS_MOUNTPOINT=" + mountpoint().string() + "\n"));
    EXPECT_EQ("", read_file(root() / "stderr"));
  }
};

TEST_F(ServiceTest, IsToldWhenTheMountAnswersAndWhenItEnds) {
  const Path socket = root() / "notify";
  Process systemd({"python3", listener(), socket, root() / "heard"}, {}, root() / "listener");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(socket); })) << systemd.log();
  put_file(root() / "config", "default: {archetype: AUDITOR}\n");
  Process daemon({binary(), "-f", "-o", "config=" + (root() / "config").string(), source(), mountpoint()},
                 {.environment = {{"NOTIFY_SOCKET", socket}}}, root() / "daemon");
  ASSERT_TRUE(hears("READY=1\nSTATUS=shows " + source().string()));
  EXPECT_EQ("PENDING\n", read("tasks/task_001_scaffold/status"));  // ready means that it answers
  daemon.send(SIGHUP);
  EXPECT_TRUE(hears("RELOADING=1\n\nREADY=1"));
  daemon.send(SIGTERM);
  EXPECT_EQ(0, daemon.wait());
  EXPECT_TRUE(hears("STOPPING=1"));
  EXPECT_EQ(0, mounts());
}

TEST_F(ServiceTest, NoticesGoToTheJournalWithTheirFields) {
  put_file(root() / "config", "default: {archetype: AUDITOR}\n");
  const auto result = with_journal(R"(
      told exec "$statusfs" -f -o config="$root/config" "$root/source" "$root/mount" &
      daemon=$!
      until [[ -e $root/mount/exec_status_125 ]]; do sleep 0.05; done
      echo "default: {archetype: NOBODY}" > "$root/config"
      kill -HUP $daemon
      await config_kept
      kill $daemon
      wait $daemon)");
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_THAT(heard(), HasSubstr("MESSAGE=the configuration stays as it was: "));
  expect_journal_alone("config_kept");
}

// As a service does after its daemon died (ExecStopPost=).
TEST_F(ServiceTest, ADeadMountThatUmountTakesAwayIsToldToTheJournal) {
  mount_and_die();
  const auto result = with_journal(R"(
      told "$statusfs" umount --if-dead "$root/mount"
      await dead_mount_cleared)");
  ASSERT_EQ(0, result.exit_status) << result.error;
  expect_journal_alone("dead_mount_cleared");
}

TEST_F(ServiceTest, NoticesGoToStandardErrorWhereThatIsNotTheJournal) {
  put_file(root() / "config", "default: {archetype: AUDITOR}\n");
  Process daemon({binary(), "-f", "-o", "config=" + (root() / "config").string(), source(), mountpoint()},
                 {.environment = {{"JOURNAL_STREAM", "1:2"}}}, root() / "daemon");
  ASSERT_TRUE(eventually([&] { return read_error(tree("tasks/task_001_scaffold/status")) == 0; }));
  daemon.send(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("the configuration was read again") != std::string::npos; }));
  unmount();
  EXPECT_EQ(0, daemon.wait());
}

// --- self-test -------------------------------------------------------------------------------------------------------

TEST_F(HostTest, SelfTestPassesAndLeavesNothing) {
  const auto result = statusfs({"selftest"}, {.environment = {{"TMPDIR", root()}}});
  EXPECT_EQ(0, result.exit_status) << result.output << result.error;
  EXPECT_THAT(result.output, HasSubstr("ok      it is mounted\n"));
  EXPECT_THAT(result.output, HasSubstr("statusfs works here\n"));
  EXPECT_THAT(bash("ls ${S%/*}").output, Not(HasSubstr("selftest")));
}

TEST_F(HostTest, SelfTestSaysWhatIsMissing) {
  const auto result =
      bash("TMPDIR=${S%/*} " + tool("private_mounts") + " bash -c 'mount -t tmpfs none /dev; \"$B\" selftest'");
  EXPECT_EQ(2, result.exit_status);
  EXPECT_THAT(result.output, HasSubstr("FAILED  it is mounted: "));
  EXPECT_THAT(result.output, HasSubstr("there is no /dev/fuse"));
  EXPECT_THAT(bash("ls ${S%/*}").output, Not(HasSubstr("selftest")));
  EXPECT_EQ(2, statusfs({"selftest"}, {.environment = {{"TMPDIR", "/nowhere"}}}).exit_status);
}

// --- progress --------------------------------------------------------------------------------------------------------

TEST_F(HostTest, CommandsWriteNoBarIntoAPipe) {
  const auto result = statusfs({"verify", source()});
  EXPECT_EQ("", result.error);
  EXPECT_THAT(result.output, Not(HasSubstr("\r")));
}

// --- completion ------------------------------------------------------------------------------------------------------

class CompletionTest : public HostTest {
 protected:
  using Names = std::set<std::string>;

  /// What bash offers behind these words; the last one is what has been typed of the next.
  Names completions(const std::string& words) {
    const auto result =
        bash("cd $(mktemp -d ${S%/*}/empty-XXXXXX); source " + completion_script().string() +
             "; compopt() { :; }; COMP_WORDS=(" + words +
             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _statusfs; printf '%s\\n' \"${COMPREPLY[@]}\"; wait");
    Names names;
    for (const std::string& line : lines_of(result.output))
      if (!line.empty()) names.insert(line);
    return names;
  }
  Names in_help(const Arguments& command, const std::regex& pattern) {
    Arguments arguments = command;
    arguments.push_back("--help");
    const std::string help = statusfs(arguments).output;
    Names names;
    for (std::sregex_iterator found(help.begin(), help.end(), pattern), end; found != end; ++found)
      names.insert((*found)[1]);
    return names;
  }
  Names commands() {
    const std::string help = statusfs({"--help"}).output;
    const std::size_t start = help.find("Subcommands:");
    const std::string part = help.substr(start, help.find("\n\n", start) - start);
    Names names;
    static const std::regex command("\n  ([a-z]+) ");
    for (std::sregex_iterator found(part.begin(), part.end(), command), end; found != end; ++found)
      names.insert((*found)[1]);
    return names;
  }
};

TEST_F(CompletionTest, KnowsTheCommandsOfHelp) {
  ASSERT_GE(commands().size(), 16U);
  EXPECT_EQ(commands(), completions("statusfs ''"));
  EXPECT_EQ((Names{"recover", "reconcile"}), completions("statusfs rec"));
}

TEST_F(CompletionTest, KnowsTheMountOptionsOfHelp) {
  Names options = in_help({}, std::regex(R"(\n  ([a-z_]+=?)[A-Z]*  +[a-z])"));
  for (const std::string& command : commands()) options.erase(command);
  options.insert("adopt");
  EXPECT_EQ(options, completions("statusfs -o ''"));
  EXPECT_EQ((Names{"ro,allow_other", "ro,adopt", "ro,anchor_log="}), completions("statusfs -o ro,a"));
}

TEST_F(CompletionTest, KnowsTheFlagsOfEveryCommand) {
  static const std::regex flag(R"((?:\n  |,)(-[a-z]|--[a-z-]+)\b)");
  for (const std::string& command : commands())
    EXPECT_EQ(in_help({command}, flag), completions("statusfs " + command + " -")) << command;
  EXPECT_EQ(in_help({}, flag), completions("statusfs -"));
}

}  // namespace
}  // namespace statusfs::test
