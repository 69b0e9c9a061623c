// The global counter in a state file that several mounts share.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class StateFileTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    put_file(state_file(),
             R"({"os_file_header": {"g_file_last_modified": 500, "v_file_instance": 3}, "payload": {"g": 500}})");
  }
  Path state_file() const { return root() / "state.txt"; }
  std::vector<std::string> with_state() const { return {"-o", "state=" + state_file().string()}; }
};

TEST_F(StateFileTest, EveryMutationDrawsFromIt) {
  mount(with_state());
  ASSERT_EQ(0, write("tasks/task_001_scaffold/percent_complete", "5\n"));
  EXPECT_EQ("501\n", read("g_last_update"));
  EXPECT_EQ(501, journal().back()["g"]);
  const Json state = Json::parse(read_file(state_file()));
  EXPECT_EQ(501, state["payload"]["g"]);
  EXPECT_EQ(501, state["os_file_header"]["g_file_last_modified"]);
  EXPECT_EQ(4, state["os_file_header"]["v_file_instance"]);
}

TEST_F(StateFileTest, TwoMountsAtOnceNeverDrawTheSame) {
  const Path other_source = root() / "other_source";
  const Path other_mount = root() / "other_mount";
  std::filesystem::create_directory(other_source);
  std::filesystem::create_directory(other_mount);
  make_status_file(126, {"task_a"});
  for (const char* name : {"exec_status_126.txt", "exec_status_126.txt.journal"})
    std::filesystem::rename(source() / name, other_source / name);
  mount(with_state());
  const CommandResult second =
      statusfs({other_source.string(), other_mount.string(), "-o", "state=" + state_file().string()});
  ASSERT_EQ(0, second.exit_status) << second.error;
  const int count = 60 * load_factor();
  const auto write_many = [&](const Path& file) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(0, write_file(file, std::to_string(i % 99 + 1) + "\n"));
  };
  std::thread first(write_many, tree("tasks/task_001_scaffold/percent_complete"));
  write_many(other_mount / "exec_status_126/tasks/task_a/percent_complete");
  first.join();
  std::set<int> drawn;
  const auto take_from = [&](const Path& file) {
    int last = 0;
    for (const std::string& line : lines_of(read_file(file))) {
      const Json record = Json::parse(line);
      if (record["v"] == 1) continue;
      EXPECT_LT(last, record["g"].get<int>());
      last = record["g"];
      EXPECT_TRUE(drawn.insert(last).second) << last << " was drawn twice";
    }
  };
  take_from(journal_file());
  take_from(other_source / "exec_status_126.txt.journal");
  EXPECT_EQ(static_cast<std::size_t>(2 * count), drawn.size());
  EXPECT_LT(500, *drawn.begin());
  EXPECT_LE(*drawn.rbegin(), Json::parse(read_file(state_file()))["payload"]["g"].get<int>());
  ASSERT_EQ(0, statusfs({"umount", other_mount.string()}).exit_status);
}

TEST_F(StateFileTest, ALockHeldForLongIsEBUSY) {
  mount(with_state());
  const std::string percent = "tasks/task_001_scaffold/percent_complete";
  ASSERT_EQ(0, write(percent, "5\n"));
  for (const std::string& file : {state_file().string() + ".lock", state_file().string()}) {
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_LE(0, handle);
    ASSERT_EQ(0, ::flock(handle, LOCK_EX));
    EXPECT_REFUSED(EBUSY, write(percent, "6\n"));
    EXPECT_NE(std::string::npos, last_error().find("state.txt")) << last_error();
    ::close(handle);
    EXPECT_VERSIONS(1, write(percent, file.ends_with("lock") ? "6\n" : "7\n"));
  }
}

TEST_F(StateFileTest, OneThatTurnsBadTakesNoWritesUntilItIsMended) {
  mount(with_state());
  const std::string percent = "tasks/task_001_scaffold/percent_complete";
  const std::string good = read_file(state_file());
  for (const char* bad : {"{", "[]"}) {
    put_file(state_file(), bad);
    EXPECT_REFUSED(EROFS, write(percent, "5\n"));
    EXPECT_NE(std::string::npos, last_error().find("state.txt")) << last_error();
    EXPECT_EQ(bad, read_file(state_file()));
  }
  std::filesystem::remove(state_file());
  EXPECT_REFUSED(EROFS, write(percent, "5\n"));
  put_file(state_file(), good);
  EXPECT_VERSIONS(1, write(percent, "5\n"));
  EXPECT_EQ("501\n", read("g_last_update"));
}

// Its own shape and the older one, beside a program that keeps to the protocol: lock, new file, rename.
TEST_F(StateFileTest, AnotherProgramThatTakesTheLocksDrawsFromItToo) {
  for (const char* text :
       {R"({"os_file_header": {"g_file_last_modified": 500, "v_file_instance": 3}, "payload": {"g": 500, "x": 1}})",
        R"({"header": {"v": 3, "g": 500}, "payload": {"x": 1}, "g": 500})"}) {
    put_file(state_file(), text);
    mount(with_state());
    const CommandOptions options{.environment = {{"STATE", state_file().string()}}};
    Process other({"/usr/bin/python3", "-c", R"(
import fcntl, json, os, time
path = os.environ["STATE"]
for _ in range(50):
    with open(path + ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = json.load(open(path))
        shape = "os_file_header" in state
        holder, key = (state["payload"], "g") if shape else (state, "g")
        holder[key] += 1
        header = state["os_file_header" if shape else "header"]
        header["g_file_last_modified" if shape else "g"] = holder[key]
        with open(path + ".new", "w") as new: json.dump(state, new)
        os.rename(path + ".new", path)
        print(holder[key], flush=True)
    time.sleep(0.002)
)"},
                  options, root() / (std::string(text).find("os_file_header") == 2 ? "drawn" : "drawn_from_older"));
    const std::size_t before = journal().size();
    for (int i = 0; i < 50; ++i)
      EXPECT_EQ(0, write("tasks/task_001_scaffold/percent_complete", std::to_string(i + 1) + "\n"));
    EXPECT_EQ(0, other.wait());
    std::set<int> drawn;
    for (const std::string& line : lines_of(other.log())) EXPECT_TRUE(drawn.insert(std::stoi(line)).second) << line;
    const std::vector<Json> records = journal();
    for (std::size_t i = before; i < records.size(); ++i)
      EXPECT_TRUE(drawn.insert(records[i]["g"].get<int>()).second) << records[i]["g"];
    EXPECT_EQ(100u, drawn.size());
    EXPECT_EQ(1, Json::parse(read_file(state_file()))["payload"]["x"]);
    unmount();
    ASSERT_EQ(0, bash("rm $S/exec_status_125.txt*").exit_status);
    make_sample();  // g begins below the state file's again
  }
}

TEST_F(StateFileTest, AMalformedOneRefusesTheMount) {
  for (const char* bad : {"", "{", "[]", "{\"payload\": {}}"}) {
    put_file(state_file(), bad);
    const CommandResult result = statusfs({source().string(), mountpoint().string(), "-o", with_state()[1]});
    EXPECT_EQ(2, result.exit_status) << bad;
    EXPECT_NE(std::string::npos, result.error.find("state.txt")) << result.error;
    EXPECT_EQ(bad, read_file(state_file()));
  }
}

}  // namespace
}  // namespace statusfs::test
