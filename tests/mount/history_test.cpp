// .history in the tree, and the commands that tell the history and go back in it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class HistoryTest : public SampleTest {
 protected:
  CommandResult on_file(const std::string& command, const Arguments& more = {}) {
    Arguments arguments{command, status_file().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return statusfs(arguments);
  }
  std::string path_of(const std::string& field) const { return "tasks/" + std::string(first_task) + "/" + field; }
  std::string shown(int at) { return statusfs({"show", status_file().string() + "@" + std::to_string(at)}).output; }
};

TEST_F(HistoryTest, EveryVersionStandsInHistory) {
  const int first = version();
  const std::string before = read("status.json");
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  ASSERT_EQ(0, write(path_of("percent_complete"), "6\n"));
  const Path history = tree(".history");
  EXPECT_EQ(before, read_file(history / (std::to_string(first) + ".json")));
  EXPECT_EQ(read("status.json"), read_file(history / (std::to_string(first + 2) + ".json")));
  EXPECT_EQ(before.size(), std::filesystem::file_size(history / (std::to_string(first) + ".json")));
  EXPECT_EQ(ENOENT, read_error(history / (std::to_string(first + 3) + ".json")));
  EXPECT_EQ(ENOENT, read_error(history / "01.json"));
  EXPECT_EQ(first + 2, Json::parse(read_file(history / "head"))["v"]);
  const auto lines = lines_of(read_file(history / "log"));
  ASSERT_EQ(3u, lines.size());
  EXPECT_NE(std::string::npos, lines[2].find(path_of("percent_complete") + ": 5 -> 6")) << lines[2];
  EXPECT_EQ(ENOENT, read_error(history / "nothing"));
}

TEST_F(HistoryTest, WhatCannotBeReadIsNotMissing) {
  const int first = version();
  for (const char* value : {"5\n", "6\n"}) ASSERT_EQ(0, write(path_of("percent_complete"), value));
  std::fstream journal(journal_file(), std::ios::in | std::ios::out);
  journal.seekp(10);
  journal << "damaged";
  journal.close();
  const std::string file = std::to_string(first) + ".json";
  struct stat status {};
  EXPECT_EQ(-1, ::stat((tree(".history") / file).c_str(), &status));
  EXPECT_EQ(EIO, errno);
  EXPECT_EQ(EIO, read_error(tree(".history") / file));
  EXPECT_NE("", last_error());
}

TEST_F(HistoryTest, AVersionCanBeMappedAndStaysWhatItIs) {
  const std::string file = tree(".history") / (std::to_string(version()) + ".json");
  const std::string before = read_file(file);
  const CommandResult mapped = bash(
      "python3 -c 'import mmap, sys; file = open(sys.argv[1], \"rb\");"
      "sys.stdout.write(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:].decode())' " +
      file);
  EXPECT_EQ(before, mapped.output) << mapped.error;
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  EXPECT_EQ(before, read_file(file));
}

TEST_F(HistoryTest, AListingTellsTrueSizes) {
  for (int value = 1; value <= 5; ++value)
    ASSERT_EQ(0, write(path_of("percent_complete"), std::to_string(value) + "\n"));
  EXPECT_EQ("", bash("cd $T/.history && ls -l | awk 'NR > 1 {print $5, $9}' | while read size name; do "
                     "[ $size = $(cat $name | wc -c) ] || echo $name $size; done")
                    .output);
}

TEST_F(HistoryTest, AnOpenLogStaysAtItsVersionAndTheNextOneIsNewer) {
  for (const char* name : {"log", "head"}) {
    const Path file = tree(".history/" + std::string(name));
    const std::string before = read_file(file);
    std::ifstream open(file);
    ASSERT_EQ(0, write_file(task("percent_complete"), name == std::string("log") ? "61\n" : "62\n"));
    const std::string after = read_file(file);
    EXPECT_NE(before, after);
    EXPECT_EQ(after.size(), std::filesystem::file_size(file));
    EXPECT_EQ(before, std::string(std::istreambuf_iterator<char>(open), {})) << "one version a handle";
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    void* page = ::mmap(nullptr, after.size(), PROT_READ, MAP_SHARED, handle, 0);
    ASSERT_NE(MAP_FAILED, page) << "it is in the page cache";
    EXPECT_EQ(after, std::string(static_cast<const char*>(page), after.size()));
    ::munmap(page, after.size());
    ::close(handle);
  }
}

TEST_F(HistoryTest, HistoryIsNotListedAndCannotBeWritten) {
  EXPECT_EQ(std::string::npos, bash("ls -A $T").output.find("history"));
  EXPECT_EQ("", bash("find $T -name '*.history*'").output);
  const std::string first = ".history/" + std::to_string(version()) + ".json";
  EXPECT_EQ(EPERM, write(first, "{}"));
  EXPECT_EQ(EPERM, write(".history/log", "x"));
  EXPECT_NE(0, bash("touch $T/.history/new").exit_status);
  EXPECT_NE(0, bash("rm $T/" + first).exit_status);
  EXPECT_EQ("log\nhead\n", bash("ls -U $T/.history | head -2").output);
}

TEST_F(HistoryTest, HistoryCanBeSwitchedOff) {
  unmount();
  mount({"-o", "nohistory"});
  EXPECT_EQ(ENOENT, read_error(tree(".history") / "log"));
}

TEST_F(HistoryTest, HistoryOutlivesTheMount) {
  const int first = version();
  const std::string before = read("status.json");
  for (int round = 1; round <= 70; ++round)
    ASSERT_EQ(0, write(path_of("percent_complete"), std::to_string(round) + "\n"));
  const std::string middle = read_file(tree(".history") / (std::to_string(first + 40) + ".json"));
  unmount();
  mount();
  EXPECT_EQ(before, read_file(tree(".history") / (std::to_string(first) + ".json")));
  EXPECT_EQ(middle, read_file(tree(".history") / (std::to_string(first + 40) + ".json")));
  EXPECT_EQ(40, Json::parse(middle)["payload"]["tasks_status"][0]["percent_complete"]);
  EXPECT_EQ(71u, lines_of(read_file(tree(".history") / "log")).size());
}

TEST_F(HistoryTest, ManyVersionsListAndOpenFast) {
  constexpr int count = 2000;
  const int first = version();
  ASSERT_EQ(0, bash("for i in $(seq " + std::to_string(count) +
                        "); do echo $((i % 100)); done | while read v; do echo $v > "
                        "$T/" +
                        path_of("percent_complete") + "; done",
                    {.time_limit = std::chrono::seconds(600)})
                   .exit_status);
  unmount();
  mount();
  EXPECT_EQ(std::to_string(version() - first + 3) + "\n", bash("ls $T/.history | wc -l").output);
  for (const int at : {first, first + 777, first + 1500, version() - 1}) {
    const auto begun = std::chrono::steady_clock::now();
    read_file(tree(".history") / (std::to_string(at) + ".json"));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(500) * slowness())
        << at;  // 50 on a machine of our own
  }
}

TEST_F(HistoryTest, LogNamesWhoChangedWhat) {
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  ASSERT_EQ(0, append("achievements", "it works\n"));
  const CommandResult log = on_file("log");
  EXPECT_EQ(0, log.exit_status) << log.error;
  const auto lines = lines_of(log.output);
  ASSERT_EQ(3u, lines.size());
  EXPECT_NE(std::string::npos, lines[0].find(" init")) << lines[0];
  EXPECT_NE(std::string::npos, lines[1].find(path_of("percent_complete") + ": 0 -> 5")) << lines[1];
  EXPECT_NE(std::string::npos, lines[2].find("achievements: + {")) << lines[2];
  EXPECT_EQ(log.output, read(".history/log"));
  EXPECT_EQ(1u, lines_of(on_file("log", {"--task", first_task}).output).size());
  const Json object = Json::parse(lines_of(on_file("log", {"--json"}).output)[1]);
  EXPECT_EQ(5, object["changes"][0]["new"]);
  EXPECT_EQ(0, object["changes"][0]["old"]);
}

TEST_F(HistoryTest, ShowAndDiff) {
  const int first = version();
  const std::string before = read("status.json");
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  EXPECT_EQ(before, shown(first));
  EXPECT_EQ(read("status.json"), shown(first + 1));
  const CommandResult diff = on_file("diff", {std::to_string(first), std::to_string(first + 1)});
  EXPECT_EQ(path_of("percent_complete") + "\n  - 0\n  + 5\n", diff.output) << diff.error;
  EXPECT_EQ(2, on_file("diff", {"1", "999"}).exit_status);
  EXPECT_EQ(1, statusfs({"show", status_file().string()}).exit_status);
}

TEST_F(HistoryTest, BlameNamesTheVersionThatSetTheValue) {
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  const int culprit = version();
  ASSERT_EQ(0, append("achievements", "unrelated\n"));
  const CommandResult blame = on_file("blame", {path_of("percent_complete"), "--json"});
  ASSERT_EQ(0, blame.exit_status) << blame.error;
  const Json object = Json::parse(blame.output);
  EXPECT_EQ(culprit, object["v"]);
  EXPECT_EQ(0, object["old"]);
  EXPECT_EQ(5, object["value"]);
  const CommandResult by_pointer = on_file("blame", {"/payload/tasks_status/0/percent_complete"});
  EXPECT_NE(std::string::npos, by_pointer.output.find("since version " + std::to_string(culprit))) << by_pointer.output;
  EXPECT_EQ(2, on_file("blame", {"tasks/no_such_task/status"}).exit_status);
}

TEST_F(HistoryTest, WhatARollbackLeavesAsItIsGetsNoNewTime) {
  const auto modified = [this](const std::string& path) {
    struct stat status {};
    EXPECT_EQ(0, ::stat(tree(path).c_str(), &status)) << path;
    return std::pair(status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  };
  const int first = version();
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  ASSERT_EQ(0, append("achievements", "it works\n"));
  const std::vector<std::string> kept{"achievements", "summary/active_blockers_summary", path_of("status"),
                                      path_of("readiness_check/status")};
  std::vector<std::pair<time_t, long>> times;
  for (const std::string& path : kept) times.push_back(modified(path));
  const auto before = modified(path_of("percent_complete"));
  ASSERT_EQ(0, on_file("rollback", {std::to_string(first)}).exit_status);
  EXPECT_EQ("0\n", read(path_of("percent_complete")));
  EXPECT_LT(before, modified(path_of("percent_complete")));
  for (std::size_t at = 0; at < kept.size(); ++at) EXPECT_EQ(times[at], modified(kept[at])) << kept[at];
}

class RollbackTest : public HistoryTest, public ::testing::WithParamInterface<bool> {
 protected:
  // Where the command finds the file: mounted, or on its own.
  CommandResult roll_back(const Arguments& more) {
    if (!GetParam()) unmount();
    const CommandResult result = on_file("rollback", more);
    if (!GetParam()) mount();
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(MountedOrNot, RollbackTest, ::testing::Bool(), ::testing::PrintToStringParamName());

TEST_P(RollbackTest, BringsTheContentBackAndKeepsLogs) {
  const int first = version();
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  ASSERT_EQ(0, append("achievements", "it works\n"));
  ASSERT_EQ(0, append("summary/active_blockers_summary", "a blocker\n"));
  ASSERT_EQ(0, bash("mkdir $T/tasks/new_one").exit_status);
  const int last = version();
  const CommandResult result = roll_back({std::to_string(first)});
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ(last + 1, version()) << "one mutation";
  EXPECT_EQ("0\n", read(path_of("percent_complete")));
  EXPECT_EQ("", read("summary/active_blockers_summary"));
  EXPECT_EQ(ENOENT, read_error(tree("tasks/new_one/status")));
  EXPECT_NE(std::string::npos, read("achievements").find("it works"));
  EXPECT_EQ("rollback", journal().back()["op"]);
  unmount();
  expect_verified();
}

TEST_P(RollbackTest, OfOneTaskLeavesTheOthers) {
  const int first = version();
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  ASSERT_EQ(0, append("summary/active_blockers_summary", "a blocker\n"));
  ASSERT_EQ(0, roll_back({std::to_string(first), "--task", first_task}).exit_status);
  EXPECT_EQ("0\n", read(path_of("percent_complete")));
  EXPECT_EQ("a blocker\n", read("summary/active_blockers_summary"));
}

TEST_P(RollbackTest, BringsARemovedTaskBack) {
  const int first = version();
  const std::string before = read(path_of("status"));
  ASSERT_EQ(0, bash("rmdir $T/tasks/" + std::string(first_task)).exit_status);
  ASSERT_EQ(0, roll_back({std::to_string(first), "--task", first_task}).exit_status);
  EXPECT_EQ(before, read(path_of("status")));
  unmount();
  expect_verified();
}

TEST_P(RollbackTest, DoesNotTouchWhatIsLocked) {
  const int first = version();
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  ASSERT_EQ(0, write("tasks/" + std::string(first_task) + "/task.json", R"({"_percent_complete_locked": true})"))
      << last_error();
  const CommandResult refused = roll_back({std::to_string(first)});
  EXPECT_EQ(2, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("lock")) << refused.error;
  EXPECT_EQ("5\n", read(path_of("percent_complete")));
}

TEST_P(RollbackTest, ToWhatItSaysAlreadySaysThatNothingChanged) {
  ASSERT_EQ(0, write(path_of("percent_complete"), "5\n"));
  const int last = version();
  for (const Arguments& task : {Arguments{}, Arguments{"--task", first_task}}) {
    Arguments arguments{std::to_string(last)};
    arguments.insert(arguments.end(), task.begin(), task.end());
    const CommandResult result = roll_back(arguments);
    EXPECT_EQ(0, result.exit_status) << result.error;
    EXPECT_NE(std::string::npos, result.output.find("nothing to change")) << result.output;
    EXPECT_EQ(last, version());
  }
  EXPECT_NE(std::string::npos, roll_back({std::to_string(last - 1)}).output.find("rolled back to version"));
}

TEST_P(RollbackTest, ToAVersionThatIsNotThereIsRefused) {
  const int last = version();
  EXPECT_EQ(2, roll_back({"999"}).exit_status);
  EXPECT_EQ(last, version());
}

}  // namespace
}  // namespace statusfs::test
