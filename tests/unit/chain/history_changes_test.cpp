// What a record says was changed, and how that is told.
#include "mapping/chain/history_changes.hpp"

#include <gtest/gtest.h>

#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/chain/told_changes.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

// What the write of the attempt is told as, without what the driver stamps.
std::vector<std::string> told_of(ChainWriter& writer, const Attempt& attempt) {
  const Value before = writer.document().root();
  const JournalRecord record = decode_record(writer.write(attempt).record);
  return told_changes(*default_mapping(),
                      without_stamps(*default_mapping(), changes_of(*default_mapping(), before, record)));
}

TEST(HistoryChangesTest, AreToldByThePathsOfTheTree) {
  ChainWriter writer;
  EXPECT_THAT(told_of(writer, {"tasks/one/percent_complete", "5"}), ElementsAre("tasks/one/percent_complete: 0 -> 5"));
  EXPECT_THAT(told_of(writer, {"summary/execution_status", "RUNNING"}),
              ElementsAre("summary/execution_status: (absent) -> \"RUNNING\""));
  EXPECT_THAT(told_of(writer, {"tasks", "a/b", Kind::add_task}), ElementsAre("tasks/a%2Fb: added"));
  EXPECT_THAT(told_of(writer, {"tasks/two", "", Kind::remove_task}), ElementsAre("tasks/two: removed"));
  EXPECT_THAT(told_of(writer, {"tasks/one/task.json", R"({"_status_locked":true})"}),
              ElementsAre("tasks/one/_status_locked: (absent) -> true"));
}

TEST(HistoryChangesTest, EntriesOfALogAreToldByThemselves) {
  ChainWriter writer;
  EXPECT_THAT(told_of(writer, {"achievements", "a\n", Kind::append}),
              ElementsAre(testing::StartsWith(R"(achievements: + {"_locked_entry_definition":true)")));
  EXPECT_THAT(told_of(writer, {"tasks/one/execution_log/retry_attempts_log", "b\n", Kind::append}),
              ElementsAre(testing::StartsWith(R"(tasks/one/execution_log/retry_attempts_log: + {"g":4,"note":"b")")));
}

TEST(HistoryChangesTest, LongValuesAreCutAtACharacter) {
  ChainWriter writer;
  std::string text;
  for (int count = 0; count < 100; ++count) text += "\u20ac";
  const std::vector<std::string> changes = told_of(writer, {"tasks/one/execution_log/failure_details", text});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_TRUE(changes[0].ends_with("\u20ac..."));
  EXPECT_LT(changes[0].size(), 160u);
}

std::vector<std::string> tasks_removed_by(const std::string& patch) {
  JournalRecord record;
  record.patch = parse_json(patch);
  std::vector<std::string> tasks;
  for (const HistoryChange& change : changes_of(*default_mapping(), sample().root(), record)) {
    EXPECT_FALSE(change.after);
    EXPECT_EQ(change.before->find("task_id_ref")->as_string(), change.task);
    tasks.push_back(change.task);
  }
  return tasks;
}

TEST(HistoryChangesTest, TasksThatAreRemovedInARowAreNamedByWhoStoodThere) {
  const auto remove = [](const char* position) {
    return std::string(R"({"op":"remove","path":"/payload/tasks_status/)") + position + R"("})";
  };
  EXPECT_THAT(tasks_removed_by("[" + remove("2") + "," + remove("1") + "," + remove("0") + "]"),
              ElementsAre("three", "two", "one"));
  EXPECT_THAT(tasks_removed_by("[" + remove("0") + "," + remove("0") + "]"), ElementsAre("one", "two"));
  EXPECT_THAT(tasks_removed_by("[" + remove("0") + "," + remove("1") + "]"), ElementsAre("one", "three"));
}

TEST(HistoryChangesTest, AWholeDocumentNamesNothing) {
  ChainWriter writer;
  EXPECT_THAT(changes_of(*default_mapping(), Value(), decode_record(writer.journal().front())), IsEmpty());
}

TEST(HistoryChangesTest, ALineTellsWhoDidWhat) {
  ChainWriter writer;
  const Value before = writer.document().root();
  const JournalRecord record =
      decode_record(writer.write({"tasks/one/percent_complete", "5", Kind::set, "BUILDER"}).record);
  const auto changes = changes_of(*default_mapping(), before, record);
  EXPECT_EQ(log_line(*default_mapping(), record, changes),
            "3 3 " + example_time + " TESTER set tasks/one/percent_complete: 0 -> 5");
  const Value object = log_object(*default_mapping(), record, changes);
  EXPECT_EQ(object.find("v")->as_integer(), 3);
  EXPECT_EQ(object.find("archetype")->as_string(), "BUILDER");
  EXPECT_EQ(compact(*object.find("changes")), R"([{"path":"tasks/one/percent_complete","old":0,"new":5}])");
}

}  // namespace
}  // namespace statusfs
