#include "mapping/tree/change.hpp"

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/merge_patch.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Pointer tasks_pointer = Pointer::parse("/payload/tasks_status");

Value after_patch(const StatusDocument& before, const std::string& json_patch) {
  return apply_json_patch(before.root(), decode_json_patch(parse_json(json_patch)));
}

ChangeSet changes_by(const StatusDocument& before, const std::string& json_patch) {
  return difference(before, after_patch(before, json_patch), Removal::is_removal);
}

ChangeSet changes_by_merge(const StatusDocument& before, const std::string& merge_patch) {
  return difference(before, apply_merge_patch(before.root(), parse_json(merge_patch)), Removal::is_null);
}

std::string shown(const std::optional<Value>& value) { return value ? compact(*value) : "absent"; }

// "one:/status \"A\" -> \"B\"" and so on, for comparisons.
std::string described(const FieldChange& change) {
  std::string text = change.task + ":" + change.pointer.text() + " " + shown(change.before);
  if (!change.is_append()) return text + " -> " + shown(change.after);
  for (const Value& entry : change.appended) text += " + " + compact(entry);
  return text;
}

std::vector<std::string> described(const ChangeSet& changes) {
  std::vector<std::string> texts;
  for (const FieldChange& change : changes.fields) texts.push_back(described(change));
  for (const Value& task : changes.added_tasks)
    texts.push_back("+" + std::string(task.find("task_id_ref")->as_string()));
  for (const std::string& task : changes.removed_tasks) texts.push_back("-" + task);
  return texts;
}

TEST(DifferenceTest, NothingChanges) {
  const StatusDocument document = sample();
  EXPECT_TRUE(difference(document, document.root(), Removal::is_removal).empty());
  EXPECT_TRUE(difference(document, parse_json(sample_text()), Removal::is_removal).empty());
  EXPECT_TRUE(changes_by(document, R"([{"op":"replace","path":"/payload/g_last_update","value":1.0}])").empty())
      << "1.0 is 1";
}

TEST(DifferenceTest, FieldsAreFoundDownToTheRowsOfTheMapping) {
  const ChangeSet changes =
      changes_by(sample(), R"([{"op":"replace","path":"/payload/tasks_status/1/status","value":"ACTIVE"},
                    {"op":"replace","path":"/payload/tasks_status/1/readiness_check/status","value":"PASSED"},
                    {"op":"replace","path":"/payload/tasks_status/2/latest_test_status","value":{"a":{"b":1}}},
                    {"op":"add","path":"/payload/overall_status_summary/execution_status","value":"RUNNING"}])");
  EXPECT_THAT(
      described(changes),
      ElementsAre(R"(:/payload/overall_status_summary/execution_status absent -> "RUNNING")",
                  R"(two:/status "PENDING" -> "ACTIVE")", R"(two:/readiness_check/status "NOT_CHECKED" -> "PASSED")",
                  R"(three:/latest_test_status null -> {"a":{"b":1}})"));
  EXPECT_EQ(changes.fields[1].field->name, "status");
}

TEST(DifferenceTest, UnknownValuesHaveNoField) {
  const ChangeSet changes = changes_by(sample(), R"([{"op":"add","path":"/extra","value":{"a":1}},
          {"op":"add","path":"/payload/tasks_status/0/_status_locked","value":true}])");
  EXPECT_THAT(described(changes), ElementsAre(R"(:/extra absent -> {"a":1})", "one:/_status_locked absent -> true"));
  EXPECT_EQ(changes.fields[0].field, nullptr);
  EXPECT_EQ(changes.fields[1].field, nullptr);
}

TEST(DifferenceTest, AGroupThatIsNoObjectAnyMoreIsOneChange) {
  const ChangeSet changes =
      changes_by(sample(), R"([{"op":"replace","path":"/payload/tasks_status/0/readiness_check","value":"x"}])");
  ASSERT_EQ(changes.fields.size(), 1u);
  EXPECT_EQ(changes.fields[0].field->name, "readiness_check");
  EXPECT_EQ(changes.fields[0].after->as_string(), "x");
}

TEST(DifferenceTest, AGroupThatWasNoneIsComparedMemberByMember) {
  const StatusDocument document = sample_with("/readiness_check", "null");
  const ChangeSet changes = changes_by(
      document, R"([{"op":"replace","path":"/payload/tasks_status/0/readiness_check","value":{"status":"PASSED"}}])");
  EXPECT_THAT(described(changes), ElementsAre(R"(one:/readiness_check/status absent -> "PASSED")"));
}

TEST(DifferenceTest, RemovalOfANullableField) {
  const StatusDocument document = sample_with("/execution_log/failure_details", "\"broken\"");
  const std::string removal = R"([{"op":"remove","path":"/payload/tasks_status/0/execution_log/failure_details"}])";
  const Value after = after_patch(document, removal);
  EXPECT_THAT(described(difference(document, after, Removal::is_removal)),
              ElementsAre(R"(one:/execution_log/failure_details "broken" -> absent)"));
  EXPECT_THAT(described(difference(document, after, Removal::is_null)),
              ElementsAre(R"(one:/execution_log/failure_details "broken" -> null)"));
}

TEST(DifferenceTest, RemovalOfWhatIsNullAlready) {
  const Value after =
      after_patch(sample(), R"([{"op":"remove","path":"/payload/tasks_status/0/execution_log/failure_details"}])");
  EXPECT_THAT(described(difference(sample(), after, Removal::is_removal)),
              ElementsAre("one:/execution_log/failure_details null -> absent"));
  EXPECT_TRUE(difference(sample(), after, Removal::is_null).empty());
}

TEST(DifferenceTest, RemovalOfOtherFieldsIsARemoval) {
  const Value after = after_patch(sample(), R"([{"op":"remove","path":"/payload/tasks_status/0/status"}])");
  EXPECT_THAT(described(difference(sample(), after, Removal::is_null)),
              ElementsAre(R"(one:/status "PENDING" -> absent)"));
}

TEST(DifferenceTest, EntriesBehindALogAreAppended) {
  const StatusDocument document = sample_with("/execution_log/retry_attempts_log", R"([{"note":"a"}])");
  const ChangeSet changes = changes_by(
      document,
      R"([{"op":"add","path":"/payload/tasks_status/0/execution_log/retry_attempts_log/-","value":{"note":"b"}},
          {"op":"add","path":"/payload/tasks_status/0/execution_log/retry_attempts_log/-","value":{"note":"c"}}])");
  EXPECT_THAT(described(changes),
              ElementsAre(R"(one:/execution_log/retry_attempts_log [{"note":"a"}] + {"note":"b"} + {"note":"c"})"));
}

TEST(DifferenceTest, AnyOtherChangeOfALogIsNoAppend) {
  const StatusDocument document = sample_with("/execution_log/retry_attempts_log", R"([{"note":"a"},{"note":"b"}])");
  const std::string log = "/payload/tasks_status/0/execution_log/retry_attempts_log";
  for (const std::string& operation :
       {R"("remove","path":")" + log + R"(/0")", R"("remove","path":")" + log + "\"",
        R"("replace","path":")" + log + R"(/1/note","value":"c")", R"("replace","path":")" + log + R"(","value":[])",
        R"("add","path":")" + log + R"(/0","value":{"note":"c"})",
        R"("replace","path":")" + log + R"(","value":null)"}) {
    const ChangeSet changes = changes_by(document, R"([{"op":)" + operation + "}]");
    ASSERT_EQ(changes.fields.size(), 1u) << operation;
    EXPECT_FALSE(changes.fields[0].is_append()) << operation;
  }
}

TEST(DifferenceTest, ALogThatWasAbsent) {
  const StatusDocument document = sample_after(R"([{"op":"remove","path":"/payload/key_achievements_log"}])");
  EXPECT_THAT(
      described(changes_by(document, R"([{"op":"add","path":"/payload/key_achievements_log","value":[{"a":1}]}])")),
      ElementsAre(R"(:/payload/key_achievements_log absent + {"a":1})"));
  EXPECT_THAT(described(changes_by(document, R"([{"op":"add","path":"/payload/key_achievements_log","value":[]}])")),
              ElementsAre(":/payload/key_achievements_log absent -> []"));
}

TEST(DifferenceTest, TasksAreAddedAndRemoved) {
  const ChangeSet changes = changes_by(sample(), R"([{"op":"remove","path":"/payload/tasks_status/1"},
                               {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}},
                               {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":5}])");
  EXPECT_THAT(described(changes), ElementsAre("three:/percent_complete 0 -> 5", "+four", "-two"));
}

TEST(DifferenceTest, ARenamedTaskIsRemovedAndAdded) {
  EXPECT_THAT(described(changes_by(sample(),
                                   R"([{"op":"replace","path":"/payload/tasks_status/2/task_id_ref","value":"new"}])")),
              ElementsAre("+new", "-three"));
}

TEST(DifferenceTest, TasksKeepTheirOrder) {
  const StatusDocument document = sample();
  expect_refused(Cause::not_permitted, {"moved"}, [&] {
    changes_by(document, R"([{"op":"move","from":"/payload/tasks_status/0","path":"/payload/tasks_status/2"}])");
  });
  expect_refused(Cause::not_permitted, {"moved", "at the end"}, [&] {
    changes_by(document, R"([{"op":"add","path":"/payload/tasks_status/0","value":{"task_id_ref":"four"}}])");
  });
}

TEST(DifferenceTest, TasksAreObjectsWithIdsOfTheirOwn) {
  const StatusDocument document = sample();
  for (const char* task : {"3", "{}", R"({"task_id_ref":""})", R"({"task_id_ref":7})"})
    expect_refused(Cause::invalid, {"/payload/tasks_status/3"}, [&] {
      changes_by(document, R"([{"op":"add","path":"/payload/tasks_status/-","value":)" + std::string(task) + "}]");
    });
  expect_refused(Cause::invalid, {"two tasks have the id four"}, [&] {
    changes_by(document, R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}},
                             {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four"}}])");
  });
}

TEST(DifferenceTest, TheTasksStayAnArrayAndTheFileAnObject) {
  const StatusDocument document = sample();
  expect_refused(Cause::invalid, {"the array of tasks"},
                 [&] { changes_by(document, R"([{"op":"replace","path":"/payload/tasks_status","value":{}}])"); });
  expect_refused(Cause::invalid, {"the array of tasks"},
                 [&] { changes_by(document, R"([{"op":"remove","path":"/payload/tasks_status"}])"); });
  expect_refused(Cause::invalid, {"the file must stay"},
                 [&] { difference(document, Value::array(), Removal::is_removal); });
  expect_refused(Cause::invalid, {"a task must stay"},
                 [&] { task_difference(document, "one", Value(), Removal::is_removal); });
}

TEST(DifferenceTest, OneTaskAlone) {
  const StatusDocument document = sample();
  const Value after = document.task(1).with_member("percent_complete", Value(std::int64_t{9}));
  EXPECT_THAT(described(task_difference(document, "two", after, Removal::is_removal)),
              ElementsAre("two:/percent_complete 0 -> 9"));
  EXPECT_TRUE(task_difference(document, "two", document.task(1), Removal::is_removal).empty());
}

TEST(DifferenceTest, PointersFromTheRoot) {
  const StatusDocument document = sample();
  const auto pointer = [&](const FieldChange& change) { return file_pointer(document, change).text(); };
  const ChangeSet changes =
      changes_by_merge(document, R"({"payload": {"overall_status_summary": {"execution_status": "x"}}})");
  EXPECT_EQ(pointer(changes.fields.at(0)), "/payload/overall_status_summary/execution_status");
  EXPECT_EQ(pointer({"two", nullptr, Pointer::parse("/status"), {}, {}, {}}), "/payload/tasks_status/1/status");
  EXPECT_EQ(pointer({"gone", nullptr, Pointer::parse("/status"), {}, {}, {}}), tasks_pointer.text());
}

}  // namespace
}  // namespace statusfs
