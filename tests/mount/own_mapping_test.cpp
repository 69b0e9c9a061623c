// A mapping in the place of the one that is compiled in: what a mount and the commands take from it.
#include <algorithm>
#include <regex>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class OwnMappingTest : public MountedTest {
 protected:
  Path plan_file() const { return source() / "exec_plan_125.txt"; }
  Path voyage() const { return root() / "voyage.yaml"; }

  // The whole mapping that mapping/schema/README.md shows: another kind of file, with other archetypes and names.
  void make_voyage() {
    const std::string page = test_data("../../mapping/schema/README.md");
    const std::string begin = "```yaml\n";
    const std::size_t from = page.find(begin) + begin.size();
    put_file(voyage(), page.substr(from, page.find("```", from) - from));
    put_file(plan_file(), plan_text(125, {"to_sea", "home"}));
    const CommandResult made = statusfs({"init", plan_file().string(), "--mapping", voyage().string()});
    ASSERT_EQ(0, made.exit_status) << made.error;
    std::filesystem::remove(plan_file());
  }

  CommandResult on_voyage(const std::string& command, const Arguments& more = {}) {
    Arguments arguments{command, status_file().string(), "--mapping", voyage().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return statusfs(arguments);
  }
};

TEST_F(OwnMappingTest, InitMakesTheFileThatItDescribes) {
  make_voyage();
  EXPECT_EQ(R"({"file_id":"exec_status_125","version":1,"changed":1})", jq(".header", status_file()));
  EXPECT_EQ(R"([{"leg":"to_sea","status":"AHEAD","miles":0},{"leg":"home","status":"AHEAD","miles":0}])",
            jq("[.payload.legs[] | {leg, status, miles}]", status_file()));
  EXPECT_EQ(0, on_voyage("check").exit_status);
  EXPECT_EQ(0, on_voyage("verify").exit_status);
}

TEST_F(OwnMappingTest, TheMountingUserIsItsFirstArchetypeWhereNothingElseIsConfigured) {
  make_voyage();
  mount({"-o", "mapping=" + voyage().string()});
  EXPECT_EQ(0, write("voyage/ship", "Argo\n")) << last_error();
  EXPECT_EQ("CAPTAIN", jq(".archetype", mountpoint() / "exec_status_125" / "events", "-r"));
  EXPECT_EQ(EACCES, write("legs/home/miles", "5\n"));
  EXPECT_NE(std::string::npos, last_error().find("is CAPTAIN and may not write miles; allowed for: SAILOR"))
      << last_error();
}

TEST_F(OwnMappingTest, WhoRunsACommandWithoutAMountIsItsFirstArchetype) {
  make_voyage();
  mount({"-o", "mapping=" + voyage().string()});
  ASSERT_EQ(0, write("voyage/ship", "Argo\n")) << last_error();
  unmount();
  const CommandResult result = on_voyage("rollback", {"1"});
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("CAPTAIN", journal().back()["archetype"]);
  EXPECT_EQ("null", jq(".payload.voyage.ship", status_file()));
  EXPECT_EQ(0, on_voyage("verify").exit_status);
}

TEST_F(OwnMappingTest, MappingPrintsWhatAMountTakes) {
  make_sample();
  const CommandResult printed = statusfs({"mapping"});
  ASSERT_EQ(0, printed.exit_status);
  put_file(root() / "mapping.yaml", printed.output);
  mount({"-o", "mapping=" + (root() / "mapping.yaml").string()});
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  EXPECT_EQ(printed.output, read_file(mountpoint() / ".statusfs" / "mapping.yaml"));
}

TEST_F(OwnMappingTest, ABadMappingIsRefusedWithFileAndLine) {
  make_sample();
  const std::string good = statusfs({"mapping"}).output;
  std::string bad = good;
  const std::size_t place = bad.find("type: integer");
  ASSERT_NE(std::string::npos, place);
  bad.replace(place, 13, "type: integr_");
  put_file(root() / "bad.yaml", bad);
  const auto line = std::count(bad.begin(), bad.begin() + static_cast<std::ptrdiff_t>(place), '\n') + 1;
  const CommandResult result =
      statusfs({source().string(), mountpoint().string(), "-o", "mapping=" + (root() / "bad.yaml").string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("bad.yaml")) << result.error;
  EXPECT_TRUE(std::regex_search(result.error, std::regex("(line |:)" + std::to_string(line) + "\\b"))) << result.error;
  EXPECT_EQ(2, statusfs({source().string(), mountpoint().string(), "-o", "mapping=/no/such/file"}).exit_status);
}

TEST_F(OwnMappingTest, ANewFieldIsARowInTheMapping) {
  make_sample();
  std::string mapping = statusfs({"mapping"}).output;
  const std::size_t place = mapping.find("      execution_status:\n");
  ASSERT_NE(std::string::npos, place);
  mapping.insert(place,
                 "      review_note:\n        {type: string, nullable: true, write: [SUPERVISOR], help: New.}\n");
  put_file(root() / "mapping.yaml", mapping);
  mount({"-o", "mapping=" + (root() / "mapping.yaml").string()});
  EXPECT_EQ("", read("summary/review_note"));
  EXPECT_VERSIONS(1, write("summary/review_note", "looks good\n"));
  EXPECT_EQ("looks good", document_on_disk()["payload"]["overall_status_summary"]["review_note"]);
}

TEST_F(OwnMappingTest, TheMountShowsTheMappingInForce) {
  make_sample();
  const std::string own = statusfs({"mapping"}).output + "# of our own\n";
  put_file(root() / "own.yaml", own);
  mount({"-o", "mapping=" + (root() / "own.yaml").string()});
  EXPECT_EQ(own, read_file(mountpoint() / ".statusfs" / "mapping.yaml"));
}

}  // namespace
}  // namespace statusfs::test
