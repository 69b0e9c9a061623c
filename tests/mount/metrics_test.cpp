// .statusfs/metrics as Prometheus reads it.
#include <map>
#include <sstream>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class MetricsTest : public SampleTest {
 protected:
  // What Prometheus' parser makes of the metrics: "name labels" -> value.
  std::map<std::string, double> samples() {
    const CommandResult result =
        run_command({"/usr/bin/python3", tool("metrics_check.py"), (mountpoint() / ".statusfs" / "metrics").string()});
    EXPECT_EQ(0, result.exit_status) << result.error;
    std::map<std::string, double> samples;
    for (const std::string& line : lines_of(result.output)) {
      std::istringstream words(line);
      std::string name, labels;
      double value = 0;
      words >> name >> labels >> value;
      samples[name + " " + labels] = value;
    }
    return samples;
  }
};

TEST_F(MetricsTest, AreReadByPrometheusOwnParser) {
  ASSERT_EQ(0, write_file(task("percent_complete"), "5\n"));
  ASSERT_EQ(EINVAL, write_file(task("percent_complete"), "500\n"));
  ASSERT_EQ(EINVAL, write_file(task("status"), "DONE\n"));
  ASSERT_EQ(0, write_file(task("task.json"), R"({"_status_locked": true})"));
  ASSERT_EQ(EPERM, write_file(task("status"), "BLOCKED\n"));
  auto found = samples();
  EXPECT_EQ(2, found["statusfs_mutations_total -"]);
  EXPECT_EQ(2, found["statusfs_refusals_total errno=EINVAL"]);
  EXPECT_EQ(1, found["statusfs_refusals_total errno=EPERM"]);
  EXPECT_EQ(1, found["statusfs_rules_broken_total refused=true,rule=lock"]);
  EXPECT_EQ(1, found["statusfs_active_locks -"]);
  EXPECT_EQ(0, found["statusfs_blocked_tasks -"]);
  EXPECT_EQ(1, found["statusfs_files -"]);
  EXPECT_EQ(1, found["statusfs_open_handles -"]) << "the one that reads them";
  EXPECT_EQ(2, found["statusfs_commit_seconds_count -"]);
  EXPECT_EQ(2, found["statusfs_group_size_sum -"]);
}

TEST_F(MetricsTest, AreReadFromAFreshMount) {
  auto found = samples();
  EXPECT_EQ(0, found["statusfs_mutations_total -"]);
  EXPECT_EQ(0, found["statusfs_commit_seconds_count -"]);
}

}  // namespace
}  // namespace statusfs::test
