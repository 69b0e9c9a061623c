// Words, values and files that commands were not made for: each is refused, or served, and never passed over.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>
#include <set>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class CommandLineTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
  }
  std::string file() const { return status_file().string(); }
  static std::string said(const CommandResult& result) { return result.output + result.error; }
  void expect_refused(int exit_status, const Arguments& arguments, const std::string& words) {
    const CommandResult result = statusfs(arguments);
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    EXPECT_EQ(exit_status, result.exit_status) << line << said(result);
    EXPECT_NE(std::string::npos, said(result).find(words)) << line << said(result);
  }
  // A status file whose JSON lies below SOURCE, behind a link.
  void put_behind_a_link() const {
    std::filesystem::create_directory(source() / "below");
    std::filesystem::rename(status_file(), source() / "below" / "real.json");
    std::filesystem::create_symlink("below/real.json", status_file());
  }
};

TEST_F(CommandLineTest, WordsOfAMountDoNotGoWithACommand) {
  const std::vector<Arguments> lines = {{"-f", "check", file()},
                                        {"-d", "check", file()},
                                        {"-o", "ro", "check", file()},
                                        {"somewhere", "check", file()},
                                        {source().string(), mountpoint().string(), "check", file()},
                                        {"check", file(), "--", "more"}};
  for (const Arguments& line : lines) expect_refused(1, line, "do not go with a command");
  expect_refused(1, {"check", file(), "umount", mountpoint().string()}, "not expected");
}

// A script's variable that was never set must not stand for "none".
TEST_F(CommandLineTest, EmptyValuesAreRefused) {
  for (const char* option : {"--public-key", "--anchor", "--mapping"})
    expect_refused(1, {"verify", file(), option, ""}, "empty");
  expect_refused(1, {"recover", file(), "--signing-key", ""}, "empty");
  expect_refused(1, {"log", file(), "--task", ""}, "empty");
  expect_refused(2, {"check", ""}, "empty");
}

TEST_F(CommandLineTest, VersionsAreNumbers) {
  expect_refused(1, {"rollback", file(), "-1"}, "'-1'");
  expect_refused(1, {"diff", file(), "1", "1x"}, "'1x'");
  mount();
  for (const char* value : {"1\n", "2\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
  unmount();
  for (const char* version : {"0", "4"}) expect_refused(2, {"show", file() + "@" + version}, "there are 1 to 3");
  expect_refused(2, {"diff", file(), "0", "1"}, "there are 1 to 3");
}

TEST_F(CommandLineTest, AnEmptyValueIsWaitedFor) {
  mount();
  const std::string field = task("execution_log/failure_details").string();
  EXPECT_EQ(0, statusfs({"wait", field, "--until", "", "--timeout", "0"}).exit_status);
  EXPECT_EQ(4, statusfs({"wait", field, "--until", "x", "--timeout", "0"}).exit_status);
}

TEST_F(CommandLineTest, WhatCannotBeWaitedForIsSaid) {
  mount();
  const Path mounted = mountpoint();
  for (const Path& place :
       {mounted, mounted / ".statusfs", tree("tasks"), task(), Path("/etc/passwd"), Path("/etc/hosts")})
    expect_refused(2, {"wait", place.string(), "--timeout", "0"}, "is neither a field in a mount nor a mounted");
  expect_refused(2, {"wait", tree("tasks/none").string(), "--timeout", "0"}, "No such file");
  for (const Path& place : {tree(), status_file(), source(), task("status")})
    EXPECT_EQ(4, statusfs({"wait", place.string(), "--timeout", "0"}).exit_status) << place;
}

TEST_F(CommandLineTest, AMountIsNoSource) {
  mount();
  const Path other = root() / "other";
  std::filesystem::create_directory(other);
  for (const Path& place : {mountpoint(), tree(), tree("status.json")})
    for (const char* option : {"rw", "ro"})
      expect_refused(2, {place.string(), other.string(), "-o", option},
                     "SOURCE can be what it shows, " + source().string());
  EXPECT_EQ(0, statusfs({source().string(), other.string(), "-o", "ro"}).exit_status);
  EXPECT_EQ(0, statusfs({"umount", other.string()}).exit_status);
}

TEST_F(CommandLineTest, ATaskThatNeverWasHasNoLog) {
  expect_refused(2, {"log", file(), "--task", "none"}, "no version has a task none");
  EXPECT_EQ(0, statusfs({"log", file(), "--task", first_task}).exit_status);
  mount();
  ASSERT_EQ(0, ::mkdir(tree("tasks/brief").c_str(), 0755));
  ASSERT_EQ(0, ::rmdir(tree("tasks/brief").c_str()));
  unmount();
  EXPECT_EQ(2u, lines_of(statusfs({"log", file(), "--task", "brief"}).output).size());
}

TEST_F(CommandLineTest, OutputThatIsLostIsAnError) {
  for (const std::string command : {"mapping", "show $S/exec_status_125.txt@1", "log $S/exec_status_125.txt"}) {
    const CommandResult result = bash("$B " + command + " > /dev/full");
    EXPECT_EQ(2, result.exit_status) << command;
    EXPECT_NE(std::string::npos, result.error.find("standard output")) << result.error;
  }
}

TEST_F(CommandLineTest, HelpThatIsLostIsAnError) {
  for (const std::string words : {"--help", "--version", "log --help"}) {
    const CommandResult result = bash("$B " + words + " > /dev/full");
    EXPECT_EQ(2, result.exit_status) << words;
    EXPECT_NE(std::string::npos, result.error.find("standard output")) << result.error;
  }
}

TEST_F(CommandLineTest, ATimeoutIsANumberOfSeconds) {
  for (const std::string timeout : {"nan", "-1", "inf", "1s", ""})
    expect_refused(1, {"wait", file(), "--timeout", timeout}, "a number of seconds, 0 or more");
}

TEST_F(CommandLineTest, AMountPointHasAName) { expect_refused(2, {"umount", ""}, "is empty"); }

TEST_F(CommandLineTest, WhereTheCounterEndsNothingIsAdopted) {
  std::filesystem::remove(journal_file());
  std::string text = read_file(status_file());
  for (const std::string member : {"g_last_update", "g_file_last_modified"}) {
    const std::regex number("(\"" + member + "\": )[0-9]+");
    text = std::regex_replace(text, number, "$019007199254740991");
  }
  text = std::regex_replace(text, std::regex("\"sha256:[0-9a-f]*\""), "null");
  put_file(status_file(), text);
  expect_refused(2, {"adopt", file()}, "no number left");
  EXPECT_EQ(text, read_file(status_file()));
  EXPECT_FALSE(std::filesystem::exists(journal_file()));
}

TEST_F(CommandLineTest, AStateFileThatIsMissingGetsNoLock) {
  const std::filesystem::path state = root() / "state.txt";
  expect_refused(2, {source().string(), mountpoint().string(), "-o", "state=" + state.string()}, "No such file");
  EXPECT_FALSE(std::filesystem::exists(state.string() + ".lock"));
}

TEST_F(CommandLineTest, ACommandShowsItsOwnOptionsAlone) {
  EXPECT_NE(std::string::npos, statusfs({"--help"}).output.find("nohistory"));
  EXPECT_EQ(std::string::npos, statusfs({"check", "--help"}).output.find("nohistory"));
  const std::string transfer = statusfs({"import", "--help"}).output;
  EXPECT_EQ(std::string::npos, transfer.find("nohistory"));
  EXPECT_NE(std::string::npos, transfer.find("passwordfile=FILE"));
}

TEST_F(CommandLineTest, TransfersTakeNoOptionsOfAMount) {
  const std::string place = "etcd://127.0.0.1:1/x";
  for (const char* option : {"cache=1G", "mapping=x", "ro", "usr=x", "nofail"})
    expect_refused(1, {"import", source().string(), place, "-o", option}, "cacert=, cert=");
  expect_refused(1, {"export", place, source().string(), "-o", "adopt"}, "-o adopt");
  expect_refused(1, {"import", source().string(), place, "-o", "user"}, "user=NAME");
  expect_refused(1, {"import", source().string(), place, "-o", "key=/etc/passwd"}, "cert=");
  expect_refused(1, {place, mountpoint().string(), "-o", "passwordfile=/etc/passwd"}, "user=");
  expect_refused(2, {"export", place, "/dev/null"}, "/dev/null");
}

TEST_F(CommandLineTest, JournalsAndLocksBehindLinksAreNotRead) {
  for (const char* suffix : {".journal", ".lock", ".sig"}) {
    const Path side = file() + suffix;
    const Path elsewhere = root() / "elsewhere";
    if (std::filesystem::exists(side))
      std::filesystem::rename(side, elsewhere);
    else
      put_file(elsewhere, "");
    std::filesystem::create_symlink(elsewhere, side);
    for (const char* command : {"check", "verify", "log", "anchor"})
      expect_refused(2, {command, file()}, std::string(suffix) + ": is a symbolic link");
    expect_refused(2, {"blame", file(), "execution_plan_id_ref"}, "is a symbolic link");
    std::filesystem::rename(elsewhere, side);
    if (suffix == std::string(".sig")) std::filesystem::remove(side);
  }
  expect_verified();
}

TEST_F(CommandLineTest, ALinkThatLeadsOutIsRefusedAsByAMount) {
  std::filesystem::rename(status_file(), root() / "real.json");
  std::filesystem::create_symlink(root() / "real.json", status_file());
  for (const char* command : {"check", "verify"}) expect_refused(2, {command, source().string()}, "leads out of");
}

TEST_F(CommandLineTest, ALockThatIsHeldEndsTheWait) {
  const int lock = ::open((file() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(0, ::flock(lock, LOCK_EX));
  expect_refused(2, {"verify", file()}, "locked for 10 seconds by process " + std::to_string(::getpid()));
  ASSERT_EQ(0, ::flock(lock, LOCK_UN));
  ::close(lock);
  expect_verified();
}

TEST_F(CommandLineTest, AFileBehindALinkIsFoundThroughItsMount) {
  put_behind_a_link();
  for (const std::string& shown : {file(), source().string()}) {
    SCOPED_TRACE(shown);
    ASSERT_EQ(0, statusfs({shown, mountpoint().string()}).exit_status);
    EXPECT_EQ(4, statusfs({"wait", file(), "--timeout", "0"}).exit_status);
    const CommandResult result = statusfs({"rollback", file(), "1"});
    EXPECT_EQ(0, result.exit_status) << result.error;
    unmount();
    EXPECT_TRUE(std::filesystem::is_symlink(status_file()));
    expect_verified();
  }
}

TEST_F(CommandLineTest, AMountThatCannotChangeItDoesNotHinderACommand) {
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "7\n"));
  unmount();
  mount({"-o", "ro"});
  const CommandResult beside_read_only = statusfs({"rollback", file(), "1"});
  EXPECT_EQ(0, beside_read_only.exit_status) << beside_read_only.error;
  EXPECT_EQ("0", jq(".payload.tasks_status[0].percent_complete", status_file()));
  unmount();
  Process& daemon = mount_in_foreground();
  ASSERT_EQ(0, write_file(task("percent_complete"), "8\n"));
  daemon.send(SIGKILL);
  daemon.wait();
  const CommandResult behind_dead = statusfs({"rollback", file(), "1"});
  EXPECT_EQ(0, behind_dead.exit_status) << behind_dead.error;
  EXPECT_EQ("0", jq(".payload.tasks_status[0].percent_complete", status_file()));
  expect_refused(2, {"check", mountpoint().string()}, mountpoint().string() + ": Transport endpoint");
  unmount_dead();
  expect_verified();
}

// Every part of a name behind exec_status_ is the plan's, too.
TEST_F(CommandLineTest, CheckTakesThePlanOfTheWholeName) {
  put_file(source() / "exec_plan_a_7.txt",
           R"({"payload": {"execution_plan_id": "exec_plan_a_7", "tasks": [{"task_id": "one"}]}})");
  ASSERT_EQ(0, statusfs({"init", (source() / "exec_plan_a_7.txt").string()}).exit_status);
  put_file(source() / "exec_plan_7.txt", plan_text(7, {"another"}));
  const CommandResult result = statusfs({"check", (source() / "exec_status_a_7.txt").string()});
  EXPECT_EQ(0, result.exit_status) << said(result);
}

// The value and the version that it is of come from one reading, however fast the journal grows.
TEST_F(CommandLineTest, BlameNamesTheVersionOfTheValue) {
  mount();
  for (int count = 1; count <= 60; ++count) ASSERT_EQ(0, append_file(tree("achievements"), "entry\n"));
  unmount();
  std::filesystem::remove(file() + ".lock");  // so that nobody is kept waiting
  const std::vector<std::string> lines = lines_of(read_file(journal_file()));
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::string text;
      for (const std::string& line : lines) {
        text += line + "\n";
        put_file(root() / "grown", text);
        std::filesystem::rename(root() / "grown", journal_file());
      }
    }
  });
  std::set<int> versions;
  for (int round = 0; round < 30; ++round) {
    const CommandResult result = statusfs({"blame", file(), "/os_file_header/v_file_instance", "--json"});
    ASSERT_EQ(0, result.exit_status) << result.error;
    const Json answer = Json::parse(result.output);
    EXPECT_EQ(answer["v"], answer["value"]);
    versions.insert(answer["v"].get<int>());
  }
  EXPECT_LT(1u, versions.size());
}

// A chain that a mount began is by statusfs itself, which is of no archetype.
TEST_F(CommandLineTest, BlameLeavesOutAnArchetypeThatIsNone) {
  std::filesystem::remove(journal_file());
  mount();
  read("partition_status");
  unmount();
  const CommandResult result = statusfs({"blame", file(), "execution_plan_id_ref"});
  EXPECT_NE(std::string::npos, result.output.find("by STATUSFS (uid ")) << result.output;
}

// What cannot be read is named once, and in the words of errno.
TEST_F(CommandLineTest, MessagesNameTheFileOnce) {
  if (::geteuid() != 0) return;
  std::filesystem::copy_file(binary(), root() / "statusfs");
  std::filesystem::permissions(root(), std::filesystem::perms(0755));
  std::filesystem::permissions(source(), std::filesystem::perms(0711));
  const CommandOptions nobody{.user = "nobody"};
  for (const std::string command : {"check", "verify", "recover", "log"}) {
    const CommandResult result = bash("${S%/*}/statusfs " + command + " $S", nobody);
    EXPECT_EQ(2, result.exit_status);
    EXPECT_EQ("statusfs: " + source().string() + ": Permission denied\n", said(result));
  }
  std::filesystem::permissions(source(), std::filesystem::perms(0755));
  std::filesystem::remove(status_file());
  std::filesystem::create_symlink("/etc/passwd", status_file());
  for (const std::string command : {"check", "verify"}) {
    const std::string words = said(statusfs({command, source().string()}));
    EXPECT_EQ(words.find(file()), words.rfind(file())) << words;
  }
}

TEST_F(CommandLineTest, AnUnusableFileIsNotSaidToBeOutOfQuarantine) {
  put_file(status_file(7), "{");
  expect_refused(2, {"reconcile", status_file(7).string(), "--ours"}, "is unusable");
}

// Nothing that the daemon does by the clock holds the end up.
TEST_F(CommandLineTest, AnUnmountTakesNoLongerThanItsWork) {
  using std::chrono::milliseconds;
  const auto time_of = [](const auto& call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    return std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begin);
  };
  auto fastest = milliseconds::max(), fastest_start = milliseconds::max();
  for (int round = 0; round < 9; ++round) {
    mount();
    fastest = std::min(fastest, time_of([&] { unmount(); }));
    fastest_start = std::min(fastest_start, time_of([&] { statusfs({"--version"}); }));
  }
  // What starting a program takes tells how loaded the machine is.
  EXPECT_LT(fastest.count(), (milliseconds(100) + 10 * fastest_start).count());
}

}  // namespace
}  // namespace statusfs::test
