#include "mapping/tree/status_document.hpp"

#include "tests/unit/document/random_values.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

struct BadDocument {
  std::string patch;  ///< of the sample
  std::vector<std::string> parts;
};

class BadDocumentTest : public testing::TestWithParam<BadDocument> {};

TEST_P(BadDocumentTest, IsRefusedWithItsPointer) {
  SCOPED_TRACE(GetParam().patch);
  expect_refused(Cause::invalid, GetParam().parts, [] { sample_after(GetParam().patch); });
}

INSTANTIATE_TEST_SUITE_P(
    Documents, BadDocumentTest,
    testing::Values(
        BadDocument{R"([{"op":"replace","path":"","value":[]}])", {"the document is no JSON object"}},
        BadDocument{R"([{"op":"replace","path":"","value":null}])", {"the document is no JSON object"}},
        BadDocument{R"([{"op":"remove","path":"/payload"}])", {"/payload is missing"}},
        BadDocument{R"([{"op":"replace","path":"/payload","value":[]}])", {"/payload is no JSON object"}},
        BadDocument{R"([{"op":"replace","path":"/os_file_header","value":7}])", {"/os_file_header is no JSON object"}},
        BadDocument{R"([{"op":"replace","path":"/os_file_header/entity_type","value":"EXECUTION_PLAN"}])",
                    {"/os_file_header/entity_type", "EXECUTION_PLAN", "EXECUTION_STATUS"}},
        BadDocument{R"([{"op":"replace","path":"/os_file_header/entity_type","value":null}])", {"entity_type is null"}},
        BadDocument{R"([{"op":"replace","path":"/payload/overall_status_summary","value":null}])",
                    {"/payload/overall_status_summary is no JSON object"}},
        BadDocument{R"([{"op":"replace","path":"/payload/tasks_status","value":{}}])",
                    {"/payload/tasks_status is no JSON array"}},
        BadDocument{R"([{"op":"replace","path":"/payload/tasks_status","value":null}])",
                    {"/payload/tasks_status is no JSON array"}},
        BadDocument{R"([{"op":"add","path":"/payload/tasks_status/1","value":"two"}])",
                    {"/payload/tasks_status/1 is no JSON object"}},
        BadDocument{R"([{"op":"remove","path":"/payload/tasks_status/2/task_id_ref"}])",
                    {"/payload/tasks_status/2 has no task_id_ref"}},
        BadDocument{R"([{"op":"replace","path":"/payload/tasks_status/2/task_id_ref","value":""}])",
                    {"/payload/tasks_status/2/task_id_ref is \"\""}},
        BadDocument{R"([{"op":"replace","path":"/payload/tasks_status/2/task_id_ref","value":3}])",
                    {"/payload/tasks_status/2/task_id_ref is 3"}},
        BadDocument{R"([{"op":"replace","path":"/payload/tasks_status/2/task_id_ref","value":"one"}])",
                    {"/payload/tasks_status/2 has the id \"one\" of task 0"}}));

TEST(StatusDocumentTest, AMissingHeaderOrMissingTasksAreAccepted) {
  EXPECT_EQ(sample_after(R"([{"op":"remove","path":"/os_file_header"}])").task_count(), 3u);
  const StatusDocument without_tasks = sample_after(R"([{"op":"remove","path":"/payload/tasks_status"}])");
  EXPECT_EQ(without_tasks.task_count(), 0u);
  EXPECT_TRUE(without_tasks.tasks().is_null());
  EXPECT_EQ(without_tasks.find_task("one"), std::nullopt);
}

TEST(StatusDocumentTest, TasksAreFoundById) {
  const StatusDocument document = sample();
  EXPECT_EQ(document.find_task("one"), 0u);
  EXPECT_EQ(document.find_task("three"), 2u);
  EXPECT_EQ(document.find_task("four"), std::nullopt);
  EXPECT_EQ(document.task_id(1), "two");
}

TEST(StatusDocumentTest, ValuesOfFields) {
  const StatusDocument document = sample();
  const Mapping& mapping = document.mapping();
  const Field& status = *mapping.collection->child("status");
  EXPECT_EQ(document.value_of(status, 1)->as_string(), "PENDING");
  EXPECT_EQ(document.value_of(*mapping.top("execution_plan_id_ref"))->as_string(), "exec_plan_7");
  EXPECT_EQ(document.value_of(*mapping.top("summary")->child("execution_status")), nullptr);
}

TEST(StatusDocumentTest, ANewValueLeavesTheOldDocument) {
  const StatusDocument before = sample();
  const Field& field = *before.mapping().top("summary")->child("execution_status");
  const StatusDocument after = before.with_field(field, Value("RUNNING"));
  EXPECT_EQ(before.value_of(field), nullptr);
  EXPECT_EQ(after.value_of(field)->as_string(), "RUNNING");
  EXPECT_EQ(after.with_field(field, std::nullopt).root(), before.root());
  EXPECT_TRUE(after.tasks().is_same_node(before.tasks())) << "what did not change is shared";
}

TEST(StatusDocumentTest, TasksAreChangedAddedAndRemoved) {
  const StatusDocument before = sample();
  const StatusDocument changed =
      before.with_task(1, before.task(1).with_member("percent_complete", Value(std::int64_t{7})));
  EXPECT_EQ(changed.task(1).find("percent_complete")->as_integer(), 7);
  EXPECT_EQ(find(changed.root(), Pointer::parse("/payload/tasks_status/1/percent_complete"))->as_integer(), 7);
  const StatusDocument added = changed.with_added_task(parse_json(sample_task_text("four")));
  EXPECT_EQ(added.find_task("four"), 3u);
  const StatusDocument removed = added.without_task(1);
  EXPECT_EQ(removed.find_task("two"), std::nullopt);
  EXPECT_EQ(removed.find_task("three"), 1u);
  EXPECT_EQ(removed.find_task("four"), 2u);
  EXPECT_EQ(before.task_count(), 3u);
}

TEST(StatusDocumentTest, TheFirstTaskMakesTheList) {
  const StatusDocument before = sample_after(R"([{"op":"remove","path":"/payload/tasks_status"}])");
  const StatusDocument after = before.with_added_task(parse_json(sample_task_text("first")));
  EXPECT_EQ(after.find_task("first"), 0u);
  EXPECT_EQ(find(after.root(), Pointer::parse("/payload/tasks_status"))->size(), 1u);
}

TEST(StatusDocumentTest, AChangedRootIsCheckedWhereItIsNew) {
  const StatusDocument before = sample();
  const auto changed = [&](const std::string& patch, std::vector<std::size_t> positions, bool is_one_appended) {
    const Value root = apply_json_patch(before.root(), decode_json_patch(parse_json(patch)));
    return before.with_changed_root(root, positions, is_one_appended);
  };
  const StatusDocument after = changed(R"([{"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":7},
      {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}}])",
                                       {1}, true);
  EXPECT_EQ(after.task(1).find("percent_complete")->as_integer(), 7);
  EXPECT_EQ(after.find_task("four"), 3u);
  EXPECT_EQ(after.find_task("three"), 2u);
  expect_refused(Cause::invalid, {"/payload/tasks_status/3", "\"two\" of another task"}, [&] {
    changed(R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"two"}}])", {}, true);
  });
  expect_refused(Cause::invalid, {"/payload/tasks_status/3", "no task_id_ref"},
                 [&] { changed(R"([{"op":"add","path":"/payload/tasks_status/-","value":{}}])", {}, true); });
  expect_refused(Cause::invalid, {"/payload/tasks_status/1 is no JSON object"},
                 [&] { changed(R"([{"op":"replace","path":"/payload/tasks_status/1","value":7}])", {1}, false); });
  expect_refused(Cause::invalid, {"/payload/overall_status_summary"}, [&] {
    changed(R"([{"op":"replace","path":"/payload/overall_status_summary","value":7}])", {}, false);
  });
}

// Whoever promises something else gets a document that was looked at as a whole.
TEST(StatusDocumentTest, AChangedRootThatIsNotAsPromisedIsReadAnew) {
  const StatusDocument before = sample();
  const Value root = before.without_task(0).root();
  EXPECT_EQ(before.with_changed_root(root, {}, false).find_task("two"), 0u);
  EXPECT_EQ(before.with_changed_root(before.with_added_task(parse_json(sample_task_text("four"))).root(), {}, false)
                .find_task("four"),
            3u);
}

// Enough of them that the index is made again on the way.
TEST(StatusDocumentTest, RandomTasksStayFindable) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  StatusDocument document = sample();
  std::vector<std::string> ids{"one", "two", "three"};
  for (int round = 0; round < 1500; ++round) {
    if (random.below(4) > 0 || ids.empty()) {
      ids.push_back("task" + std::to_string(round));
      document = document.with_added_task(Value::object({Member("task_id_ref", Value(std::string_view(ids.back())))}));
    } else {
      const std::size_t position = random.below(ids.size());
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(position));
      document = document.without_task(position);
    }
  }
  ASSERT_EQ(document.task_count(), ids.size());
  for (std::size_t position = 0; position < ids.size(); ++position) {
    ASSERT_EQ(document.find_task(ids[position]), position);
    ASSERT_EQ(document.task_id(position), ids[position]);
  }
}

TEST(WithValueAtTest, MakesObjectsOnTheWayAndRemoves) {
  const auto at = [](const char* text, const char* pointer, std::optional<Value> value) {
    return compact(with_value_at(parse_json(text), Pointer::parse(pointer), std::move(value)));
  };
  EXPECT_EQ(at("{}", "/a/b", Value(true)), R"({"a":{"b":true}})");
  EXPECT_EQ(at(R"({"a":null})", "/a/b", Value(true)), R"({"a":{"b":true}})");
  EXPECT_EQ(at(R"({"x":1,"a":{"c":2}})", "/a/b", Value()), R"({"x":1,"a":{"c":2,"b":null}})");
  EXPECT_EQ(at(R"({"a":{"b":1,"c":2}})", "/a/b", std::nullopt), R"({"a":{"c":2}})");
  EXPECT_EQ(at(R"({"x":1})", "/a/b", std::nullopt), R"({"x":1})") << "removing what is not there makes nothing";
  EXPECT_EQ(at(R"({"x":1})", "", Value("whole")), R"("whole")");
}

}  // namespace
}  // namespace statusfs
