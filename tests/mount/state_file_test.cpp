// The global counter in a state file that several mounts share.
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
    put_file(state_file(), R"({"os_file_header": {"g_file_last_modified": 500, "v_file_instance": 3}, "payload": {"g": 500}})");
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
