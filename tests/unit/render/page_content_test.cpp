// What the pages show of a document.
#include "mapping/render/page_content.hpp"

#include "tests/unit/render/render_sample.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names_in(const PageContent& content, std::size_t group) {
  std::vector<std::string> names;
  for (const std::size_t task : content.groups[group].tasks) names.push_back(content.tasks[task].name);
  return names;
}

TEST(PageContentTest, TakesWhatTheOverviewNames) {
  const PageContent content = page_content(render_document("small"));
  EXPECT_EQ(content.title, "exec_status_125");
  EXPECT_EQ(content.total, 40);
  ASSERT_EQ(content.facts.size(), 4U);  // validation_status is absent
  EXPECT_EQ(content.facts[0].label, "Execution plan id ref");
  EXPECT_EQ(content.facts[0].text, "exec_plan_125");
  EXPECT_THAT(content.blockers, ElementsAre("Task task_003_payments blocked due to missing API key."));
  ASSERT_EQ(content.milestones.size(), 2U);
  EXPECT_EQ(content.milestones[0].g, 130);
  EXPECT_EQ(content.milestones[0].text, "Scaffolding of core UI components completed.");
  EXPECT_EQ(content.milestones[0].task, "task_001_scaffold");
  EXPECT_THAT(content.column_labels, ElementsAre("Last updated by persona id", "Readiness check status"));
}

TEST(PageContentTest, GroupsTasksByTheEnumWithTheLatestFirst) {
  const PageContent content = page_content(render_document("small"));
  ASSERT_EQ(content.groups.size(), 6U);
  EXPECT_EQ(content.groups[3].value, "DONE");
  EXPECT_EQ(content.groups[3].tone, Tone::good);
  EXPECT_THAT(names_in(content, 3), ElementsAre("task_002_api", "task_001_scaffold"));
  EXPECT_THAT(names_in(content, 5), IsEmpty());
}

TEST(PageContentTest, ShowsValuesThatTheEnumDoesNotHave) {
  const PageContent content = page_content(render_document("odd"));
  ASSERT_EQ(content.groups.size(), 7U);
  EXPECT_EQ(content.groups[6].value, "other");
  ASSERT_EQ(content.groups[6].tasks.size(), 1U);
  EXPECT_EQ(content.tasks[content.groups[6].tasks[0]].value, "UNHEARD_OF <b>");
}

TEST(PageContentTest, KeepsPercentagesWithinTheirFrame) {
  const PageContent content = page_content(render_document("odd"));
  EXPECT_EQ(content.tasks[7].percentage, 100);  // 250 in the file
  EXPECT_EQ(content.tasks[8].percentage, 0);    // -5
}

TEST(PageContentTest, BearsAnythingThatAFileMayHold) {
  const Value root = parse_json(R"({"payload": {"overall_status_summary": {"overall_completion_percentage": "much",
    "active_blockers_summary": [1, {"a": []}, null]}, "key_achievements_log": ["text", {"g_event": "x"}, 7],
    "tasks_status": [{"task_id_ref": "t", "status": [1], "percent_complete": 1.5, "readiness_check": 5}]}})");
  const PageContent content = page_content(StatusDocument(default_mapping(), root));
  EXPECT_EQ(content.title, "");
  EXPECT_EQ(content.total, std::nullopt);
  EXPECT_THAT(content.blockers, ElementsAre("1", "{\"a\":[]}", ""));
  ASSERT_EQ(content.milestones.size(), 3U);
  EXPECT_EQ(content.milestones[0].text, "text");
  EXPECT_EQ(content.milestones[1].g, std::nullopt);
  EXPECT_EQ(content.tasks[0].value, "[1]");
  EXPECT_EQ(content.tasks[0].percentage, std::nullopt);
}

TEST(PageContentTest, OfAMappingWithFewRows) {
  const Value root = parse_json(R"({"payload": {"voyage": {"ship": "Beagle", "done": 50}, "legs": [
    {"leg": "out", "status": "ARRIVED", "miles": 10}, {"leg": "home", "status": "STUCK", "miles": 2}]}})");
  const PageContent content = page_content(StatusDocument(load_mapping(example_text(), "README.md"), root));
  EXPECT_EQ(content.title, "Beagle");
  EXPECT_EQ(content.tasks_label, "Legs");
  EXPECT_EQ(content.progress_label, "");
  EXPECT_EQ(content.changed_label, "");
  EXPECT_EQ(content.tone_of(content.tasks[1]), Tone::bad);
  EXPECT_THAT(content.tasks[0].columns, ElementsAre("10", ""));
}

}  // namespace
}  // namespace statusfs
