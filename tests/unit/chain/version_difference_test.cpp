#include "mapping/chain/version_difference.hpp"

#include "tests/unit/chain/told_changes.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> differences_after(const std::string& patch) {
  return told_changes(*default_mapping(), differences(*default_mapping(), sample().root(), sample_after(patch).root()));
}

TEST(VersionDifferenceTest, TasksAreTheSameByTheirId) {
  EXPECT_THAT(differences_after(R"([{"op":"remove","path":"/payload/tasks_status/0"},
      {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":5},
      {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}},
      {"op":"replace","path":"/payload/tasks_status/0/g_last_update","value":9}])"),
              ElementsAre("tasks/one: removed", "tasks/three/percent_complete: 0 -> 5", "tasks/four: added"));
}

TEST(VersionDifferenceTest, OfTheFileAndItsLogs) {
  EXPECT_THAT(differences_after(R"([{"op":"add","path":"/payload/key_achievements_log/-","value":{"a":1}},
      {"op":"add","path":"/payload/extra","value":7},{"op":"replace","path":"/payload/g_last_update","value":9}])"),
              testing::UnorderedElementsAre(R"(achievements: + {"a":1})", "extra: (absent) -> 7"));
  EXPECT_THAT(differences_after("[]"), IsEmpty());
}

}  // namespace
}  // namespace statusfs
