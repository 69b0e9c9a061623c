#include "mapping/rules/merge.hpp"

#include <gtest/gtest.h>

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

std::string text_or_absent(const std::optional<Value>& value) { return value ? compact(*value) : "absent"; }

/// One merge of two changes of the sample.
struct MergeCase {
  std::string why;
  std::string ours, theirs;  ///< JSON patches of the sample
  std::optional<Side> preferred;
  std::vector<std::pair<std::string, std::string>> merged;  ///< pointers into the outcome, and what stands there
  std::vector<std::string> conflicts;                       ///< "task/pointer: OURS or THEIRS"
};

class MergeTest : public testing::TestWithParam<MergeCase> {};

TEST_P(MergeTest, KeepsWhatOneSideChangedAndTellsWhatBothDid) {
  SCOPED_TRACE(GetParam().why);
  const MergeResult result =
      merge(sample(), sample_after(GetParam().ours), sample_after(GetParam().theirs), GetParam().preferred);
  for (const auto& [pointer, expected] : GetParam().merged) {
    const Value* found = find(result.root, Pointer::parse(pointer));
    EXPECT_EQ(found ? compact(*found) : "absent", expected) << pointer;
  }
  std::vector<std::string> conflicts;
  for (const MergeConflict& conflict : result.conflicts)
    conflicts.push_back(conflict.task + conflict.pointer.text() + ": " + text_or_absent(conflict.ours) + " or " +
                        text_or_absent(conflict.theirs));
  EXPECT_THAT(conflicts, testing::ElementsAreArray(GetParam().conflicts));
}

std::string setting(const std::string& pointer, const std::string& value) {
  return R"([{"op":"add","path":")" + pointer + R"(","value":)" + value + "}]";
}

std::string removing(const std::string& pointer) { return R"([{"op":"remove","path":")" + pointer + R"("}])"; }

const std::string first_task = "/payload/tasks_status/0";
const std::string retry_log = first_task + "/execution_log/retry_attempts_log";
const std::string execution_status = "/payload/overall_status_summary/execution_status";
const std::string blocker_list = "/payload/overall_status_summary/active_blockers_summary";

INSTANTIATE_TEST_SUITE_P(
    Fields, MergeTest,
    testing::Values(MergeCase{"two fields of one task",
                              setting(first_task + "/percent_complete", "5"),
                              setting(first_task + "/status", R"("BLOCKED")"),
                              {},
                              {{first_task + "/percent_complete", "5"}, {first_task + "/status", R"("BLOCKED")"}},
                              {}},
                    MergeCase{"the file and a task",
                              setting(execution_status, R"("a")"),
                              setting(first_task + "/percent_complete", "5"),
                              {},
                              {{execution_status, R"("a")"}, {first_task + "/percent_complete", "5"}},
                              {}},
                    MergeCase{"the same on both sides",
                              setting(first_task + "/percent_complete", "5"),
                              setting(first_task + "/percent_complete", "5"),
                              {},
                              {{first_task + "/percent_complete", "5"}},
                              {}},
                    MergeCase{"nobody preferred: ours stays",
                              setting(first_task + "/percent_complete", "5"),
                              setting(first_task + "/percent_complete", "6"),
                              {},
                              {{first_task + "/percent_complete", "5"}},
                              {"one/percent_complete: 5 or 6"}},
                    MergeCase{"ours preferred",
                              setting(execution_status, R"("a")"),
                              setting(execution_status, R"("b")"),
                              Side::ours,
                              {{execution_status, R"("a")"}},
                              {execution_status + R"(: "a" or "b")"}},
                    MergeCase{"theirs preferred",
                              setting(execution_status, R"("a")"),
                              setting(execution_status, R"("b")"),
                              Side::theirs,
                              {{execution_status, R"("b")"}},
                              {execution_status + R"(: "a" or "b")"}},
                    MergeCase{"a list that both wrote",
                              setting(blocker_list, R"(["a"])"),
                              setting(blocker_list, R"(["b"])"),
                              Side::theirs,
                              {{blocker_list, R"(["b"])"}},
                              {blocker_list + R"(: ["a"] or ["b"])"}},
                    MergeCase{"what the driver makes stays ours",
                              "[]",
                              setting("/payload/g_last_update", "9"),
                              Side::theirs,
                              {{"/payload/g_last_update", "1"}},
                              {}},
                    MergeCase{"stamps of a task stay ours",
                              "[]",
                              setting(first_task + "/readiness_check/g_checked", "9"),
                              Side::theirs,
                              {{first_task + "/readiness_check/g_checked", "null"}},
                              {}},
                    MergeCase{"what identifies the file stays ours",
                              "[]",
                              setting("/os_file_header/file_id", R"("x")"),
                              Side::theirs,
                              {{"/os_file_header/file_id", R"("exec_status_7")"}},
                              {}},
                    MergeCase{"a lock of theirs",
                              "[]",
                              setting(first_task + "/_status_locked", "true"),
                              {},
                              {{first_task + "/_status_locked", "true"}},
                              {}}));

INSTANTIATE_TEST_SUITE_P(Logs, MergeTest,
                         testing::Values(MergeCase{"entries of both",
                                                   setting(retry_log + "/-", R"({"note":"a"})"),
                                                   setting(retry_log + "/-", R"({"note":"b"})"),
                                                   {},
                                                   {{retry_log, R"([{"note":"a"},{"note":"b"}])"}},
                                                   {}},
                                         MergeCase{"an entry that was changed is never taken over",
                                                   setting(retry_log + "/-", R"({"note":"a"})"),
                                                   R"([{"op":"replace","path":")" + retry_log + R"(","value":7}])",
                                                   Side::theirs,
                                                   {{retry_log, R"([{"note":"a"}])"}},
                                                   {R"(one/execution_log/retry_attempts_log: [{"note":"a"}] or 7)"}}));

INSTANTIATE_TEST_SUITE_P(
    Tasks, MergeTest,
    testing::Values(MergeCase{"they removed one that we left alone",
                              "[]",
                              removing(first_task),
                              {},
                              {{first_task + "/task_id_ref", R"("two")"}, {"/payload/tasks_status/2", "absent"}},
                              {}},
                    MergeCase{"we removed one that they left alone",
                              removing(first_task),
                              "[]",
                              {},
                              {{first_task + "/task_id_ref", R"("two")"}, {"/payload/tasks_status/2", "absent"}},
                              {}},
                    MergeCase{"both removed it",
                              removing(first_task),
                              removing(first_task),
                              {},
                              {{first_task + "/task_id_ref", R"("two")"}, {"/payload/tasks_status/2", "absent"}},
                              {}},
                    MergeCase{"they added one",
                              removing(first_task),
                              setting("/payload/tasks_status/-", R"({"task_id_ref":"four"})"),
                              {},
                              {{"/payload/tasks_status/2", R"({"task_id_ref":"four"})"}},
                              {}}));

TEST(MergeTaskTest, OneThatWasChangedHereAndRemovedThere) {
  const auto count_with = [](std::optional<Side> preferred) {
    const MergeResult result = merge(sample(), sample_after(setting(first_task + "/percent_complete", "5")),
                                     sample_after(removing(first_task)), preferred);
    EXPECT_EQ(result.conflicts.size(), 1u);
    EXPECT_EQ(result.conflicts.at(0).task, "one");
    EXPECT_FALSE(result.conflicts.at(0).theirs);
    return document_of(result.root).task_count();
  };
  EXPECT_EQ(count_with(std::nullopt), 3u);
  EXPECT_EQ(count_with(Side::ours), 3u);
  EXPECT_EQ(count_with(Side::theirs), 2u);
}

TEST(MergeTaskTest, OneThatWasRemovedHereAndChangedThere) {
  const std::string two_changes = R"([{"op":"replace","path":")" + first_task + R"(/percent_complete","value":5},)" +
                                  R"({"op":"replace","path":")" + first_task + R"(/status","value":"BLOCKED"}])";
  for (const auto side : {std::optional<Side>(), std::optional(Side::ours), std::optional(Side::theirs)}) {
    const MergeResult result = merge(sample(), sample_after(removing(first_task)), sample_after(two_changes), side);
    ASSERT_EQ(result.conflicts.size(), 1u) << "told once, however much was changed";
    EXPECT_FALSE(result.conflicts[0].ours);
    const StatusDocument document = document_of(result.root);
    ASSERT_EQ(document.find_task("one").has_value(), side == Side::theirs);
    if (side == Side::theirs) {
      EXPECT_EQ(document.task(*document.find_task("one")).find("percent_complete")->as_integer(), 5);
    }
  }
}

StatusDocument with_new_task(const std::string& note) {
  return sample_after(R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"new",
      "execution_log":{"retry_attempts_log":[{"note":")" +
                      note + R"("}]}}}])");
}

TEST(MergeTaskTest, OneThatBothAddedKeepsTheEntriesOfBoth) {
  for (const Side side : {Side::ours, Side::theirs}) {
    const MergeResult result = merge(sample(), with_new_task("a"), with_new_task("b"), side);
    EXPECT_EQ(compact(*find(result.root, Pointer::parse("/payload/tasks_status/3/execution_log/retry_attempts_log"))),
              R"([{"note":"a"},{"note":"b"}])");
  }
}

}  // namespace
}  // namespace statusfs
