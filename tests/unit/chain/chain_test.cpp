#include "mapping/chain/chain.hpp"

#include <set>

#include "mapping/chain/followed_version.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/rules/rollback.hpp"
#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/chain/shell_hash.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

const std::string task_one = "/payload/tasks_status/0";

TEST(ChainTest, WhatOneMutationDoesToTheFile) {
  ChainWriter writer;
  const std::string hash_before = writer.chain().head().payload_hash_current;
  const Value other_task = writer.document().task(1);
  writer.write({"tasks/one/readiness_check/status", "PASSED"});
  const Version version = writer.write({"tasks/one/status", "ACTIVE", Kind::set, "BUILDER"});
  const StatusDocument& document = *version.document;
  EXPECT_EQ(value_in(document, "/os_file_header/v_file_instance"), "4");
  for (const std::string pointer :
       {"/os_file_header/g_file_last_modified", "/payload/g_last_update", "/payload/tasks_status/0/g_last_update"})
    EXPECT_EQ(value_in(document, pointer), "4") << pointer;
  EXPECT_EQ(value_in(document, "/os_file_header/g_file_created"), "1");
  EXPECT_EQ(value_in(document, task_one + "/last_updated_by_persona_id"), R"("TESTER")");
  EXPECT_EQ(value_in(document, task_one + "/last_updated_by_archetype"), R"("BUILDER")");
  EXPECT_EQ(value_in(document, task_one + "/readiness_check/g_checked"), "3") << "stamped when the check was written";
  EXPECT_EQ(value_in(document, "/payload/last_mutation_trace_id"), "\"" + std::string(32, 'a') + "\"");
  EXPECT_NE(value_in(document, "/payload/payload_hash_previous"), "\"" + hash_before + "\"");
  EXPECT_TRUE(document.task(1).is_same_node(other_task)) << "no other task is touched";
  EXPECT_TRUE(verify_hashes(document).empty());
  expect_journal_gives_document(writer);
}

TEST(ChainTest, EveryVersionNamesTheHashOfTheOneBefore) {
  ChainWriter writer;
  std::string previous = writer.chain().head().payload_hash_current;
  std::string record = writer.chain().head().record_hash;
  for (const char* percentage : {"1", "2", "3"}) {
    const Version version = writer.write({"tasks/two/percent_complete", percentage});
    const JournalRecord decoded = decode_record(version.record);
    EXPECT_EQ(value_in(*version.document, "/payload/payload_hash_previous"), "\"" + previous + "\"");
    EXPECT_EQ(decoded.payload_hash_previous, previous);
    EXPECT_EQ(decoded.record_previous, record);
    previous = version.head.payload_hash_current;
    record = version.head.record_hash;
  }
}

TEST(ChainTest, TheCompletionIsDerived) {
  ChainWriter writer;
  const auto completion = [&] {
    return value_in(writer.document(), "/payload/overall_status_summary/overall_completion_percentage");
  };
  writer.write({"tasks/one/task.json", R"({"status":"ACTIVE","readiness_check":{"status":"PASSED"}})"});
  EXPECT_EQ(completion(), "0");
  writer.write({"tasks/one/status", "DONE"});
  EXPECT_EQ(value_in(writer.document(), task_one + "/percent_complete"), "100");
  EXPECT_EQ(completion(), "33");
  writer.write({"tasks/two", "", Kind::remove_task});
  EXPECT_EQ(completion(), "50");
  writer.write({"tasks", "four", Kind::add_task});
  EXPECT_EQ(completion(), "33");
  for (const char* task : {"tasks/one", "tasks/three", "tasks/four"}) writer.write({task, "", Kind::remove_task});
  EXPECT_EQ(completion(), "0");
  expect_journal_gives_document(writer);
}

std::vector<std::string> operations_in(const Version& version) {
  std::vector<std::string> operations;
  for (const PatchOperation& operation : decode_json_patch(decode_record(version.record).patch))
    operations.push_back(compact(*encode_json_patch({operation}).element(0).find("op")) + " " + operation.path.text());
  return operations;
}

TEST(ChainTest, ThePatchNamesWhatChangedAndNoMore) {
  ChainWriter writer;
  EXPECT_THAT(
      operations_in(writer.write({"tasks/one/percent_complete", "5"})),
      UnorderedElementsAre(
          "\"replace\" /payload/tasks_status/0/percent_complete", "\"replace\" /payload/tasks_status/0/g_last_update",
          "\"replace\" /payload/tasks_status/0/last_updated_by_persona_id",
          "\"replace\" /payload/tasks_status/0/last_updated_by_archetype",
          "\"replace\" /payload/tasks_status/0/signature_hash", "\"replace\" /os_file_header/g_file_last_modified",
          "\"replace\" /os_file_header/v_file_instance", "\"replace\" /payload/g_last_update",
          "\"replace\" /payload/payload_hash_previous", "\"replace\" /payload/payload_hash_current"));
  EXPECT_THAT(operations_in(writer.write({"achievements", "a\nb\n", Kind::append})),
              testing::IsSupersetOf({"\"add\" /payload/key_achievements_log/-"}));
  EXPECT_THAT(operations_in(writer.write({"tasks", "four", Kind::add_task})),
              testing::Contains("\"add\" /payload/tasks_status/-"));
  EXPECT_THAT(operations_in(writer.write({"tasks/two", "", Kind::remove_task})),
              testing::Contains("\"remove\" /payload/tasks_status/1"));
  expect_journal_gives_document(writer);
}

TEST(ChainTest, TheChangesAreThoseOfTheValues) {
  ChainWriter writer;
  const auto changed = [](const Version& version) {
    std::vector<std::string> texts;
    for (const ChangedValue& change : version.changes)
      texts.push_back(change.task + ":" + (change.is_whole_task ? "" : change.field ? change.field->path : "nowhere"));
    return texts;
  };
  const Version first = writer.write({"tasks/one/percent_complete", "5"});
  EXPECT_THAT(changed(first), testing::IsSupersetOf({"one:percent_complete", "one:signature_hash",
                                                     ":payload_hash_current", ":header/v_file_instance"}));
  EXPECT_THAT(changed(first), testing::Not(testing::Contains(":summary/overall_completion_percentage")));
  EXPECT_FALSE(first.tasks_listed_anew);
  const Version added = writer.write({"tasks", "four", Kind::add_task});
  EXPECT_TRUE(added.tasks_listed_anew);
  EXPECT_THAT(changed(added), testing::Contains("four:"));
  EXPECT_TRUE(writer.write({"tasks/four", "", Kind::remove_task}).tasks_listed_anew);
}

TEST(ChainTest, AChangeThatNoRowShowsTellsWhichValueItIs) {
  ChainWriter writer;
  const auto unknown = [&](const std::string& path, const std::string& patch) {
    const auto before = writer.chain().document();
    const Version version = writer.write({path, patch, Kind::set});
    const auto told = [](const Version& of) {
      std::set<std::string> result;
      for (const ChangedValue& change : of.changes)
        if (!change.unknown.is_root()) result.insert(change.task + change.unknown.text());
      return result;
    };
    EXPECT_EQ(told(version), told(followed_version(*before, version.document, version.record, version.head)));
    return told(version);
  };
  using testing::ElementsAre;
  EXPECT_THAT(unknown("tasks/one/task.json", R"({"_status_locked": true})"), ElementsAre("one/_status_locked"));
  EXPECT_THAT(unknown("tasks/one/task.json", R"({"_status_locked": null})"), ElementsAre("one/_status_locked"));
  EXPECT_THAT(unknown("tasks/one/task.json", R"({"readiness_check": {"_status_locked": true}})"),
              ElementsAre("one/readiness_check/_status_locked"));
  EXPECT_THAT(unknown("tasks/one/percent_complete", "5"), ElementsAre());
}

// Who follows the records of another host announces what whoever wrote them announced.
TEST(ChainTest, AFollowedVersionNamesTheTasksThatCameAndWent) {
  ChainWriter writer;
  const auto followed_by = [&](const Attempt& attempt) {
    const auto before = writer.chain().document();
    const Version version = writer.write(attempt);
    return followed_version(*before, version.document, version.record, version.head);
  };
  const auto whole_tasks = [](const Version& version) {
    std::vector<std::string> tasks;
    for (const ChangedValue& change : version.changes)
      if (change.is_whole_task) tasks.push_back(change.task);
    return tasks;
  };
  const Version added = followed_by({"tasks", "four", Kind::add_task});
  EXPECT_THAT(whole_tasks(added), ElementsAre("four"));
  EXPECT_TRUE(added.tasks_listed_anew);
  EXPECT_THAT(whole_tasks(followed_by({"tasks/two", "", Kind::remove_task})), ElementsAre("two"));
  const Version changed = followed_by({"tasks/one/percent_complete", "5"});
  EXPECT_THAT(whole_tasks(changed), testing::IsEmpty());
  EXPECT_FALSE(changed.tasks_listed_anew);
}

// What a patch of the whole file does to it, as another program's version; "task:path" of each change.
std::set<std::string> changes_of_foreign(const std::string& patch) {
  ChainWriter writer;
  const StatusDocument next =
      document_of(apply_json_patch(writer.document().root(), decode_json_patch(parse_json(patch))));
  const Version version = writer.chain().append_document(next, stamp_of(9));
  std::set<std::string> texts;
  if (version.tasks_listed_anew) texts.insert("listed anew");
  for (const ChangedValue& change : version.changes)
    texts.insert(change.task + ":" + (change.is_whole_task ? "" : change.field ? change.field->path : "nowhere"));
  return texts;
}

TEST(ChainTest, AForeignVersionChangesTheValuesThatDifferAndNoOthers) {
  EXPECT_THAT(changes_of_foreign(R"([{"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":7}])"),
              ElementsAre("one:percent_complete"));
  EXPECT_THAT(changes_of_foreign(R"([{"op":"add","path":"/payload/key_achievements_log/-","value":{}}])"),
              ElementsAre(":achievements"));
  EXPECT_THAT(changes_of_foreign(R"([{"op":"add","path":"/payload/overall_status_summary/execution_status",
                                      "value":"x"}])"),
              ElementsAre(":summary/execution_status"));
}

// They are the same tasks, wherever in the list they stand.
TEST(ChainTest, AForeignVersionThatMovesATaskComparesItWithWhatItWas) {
  const std::string move_last = R"({"op":"move","from":"/payload/tasks_status/2","path":"/payload/tasks_status/0"})";
  EXPECT_THAT(changes_of_foreign("[" + move_last + "]"), ElementsAre("listed anew"));
  EXPECT_THAT(changes_of_foreign("[" + move_last +
                                 R"(,{"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":7}])"),
              ElementsAre("listed anew", "one:percent_complete"));
  EXPECT_THAT(changes_of_foreign(R"([{"op":"remove","path":"/payload/tasks_status/0"}])"),
              ElementsAre("listed anew", "one:"));
  EXPECT_THAT(changes_of_foreign(R"([{"op":"replace","path":"/payload/tasks_status/1/task_id_ref","value":"four"}])"),
              ElementsAre("four:", "listed anew", "two:"));
}

TEST(ChainTest, AForeignVersionThatBringsOrTakesAnObjectChangesWhatIsInIt) {
  const auto changed = changes_of_foreign(R"([{"op":"remove","path":"/payload/tasks_status/0/readiness_check"}])");
  EXPECT_THAT(changed, testing::IsSupersetOf({"one:readiness_check", "one:readiness_check/status"}));
}

// A mount that only reads may find several versions at once.
TEST(ChainTest, SeveralVersionsChangeTogetherWhatDiffersInTheEnd) {
  ChainWriter writer;
  const auto before = writer.chain().document();
  writer.write({"tasks/one/percent_complete", "7"});
  writer.write({"tasks", "four", Kind::add_task});
  writer.write({"tasks/two/percent_complete", "5"});
  const Version last = writer.write({"tasks/two/percent_complete", "0"});
  const StatusDocument read_anew = document_of(parse_json(writer.text()));
  const Version told =
      version_of_several(*before, std::make_shared<const StatusDocument>(read_anew), last.record, last.head);
  std::set<std::string> changed;
  for (const ChangedValue& change : told.changes)
    if (!change.task.empty()) changed.insert(change.task + ":" + (change.field ? change.field->path : "whole"));
  EXPECT_THAT(changed,
              testing::IsSupersetOf({"one:percent_complete", "one:g_last_update", "two:g_last_update", "four:whole"}));
  EXPECT_FALSE(changed.contains("two:percent_complete"));
  EXPECT_TRUE(told.tasks_listed_anew);
  EXPECT_EQ(told.record, last.record);
}

TEST(ChainTest, LogsAreStamped) {
  ChainWriter writer;
  writer.write({"achievements", "first\n", Kind::append});
  writer.write({"tasks/one/execution_log/retry_attempts_log", "again\n", Kind::append});
  const std::string trace = "\"" + std::string(32, 'a') + "\"";
  EXPECT_EQ(value_in(writer.document(), "/payload/key_achievements_log"),
            R"([{"_locked_entry_definition":true,"g_event":3,"achievement_summary":"first","linked_task_id":null,)"
            R"("linked_artifact_id":null,"trace_id":)" +
                trace + "}]");
  EXPECT_EQ(value_in(writer.document(), task_one + "/execution_log/retry_attempts_log"),
            R"([{"g":4,"note":"again","trace_id":)" + trace + "}]");
  expect_journal_gives_document(writer);
}

TEST(ChainTest, LogsOfATaskThatIsAddedAreStamped) {
  ChainWriter writer;
  writer.write({"patch", R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four",
                             "execution_log":{"retry_attempts_log":[{"note":"a"}]}}}])"});
  EXPECT_EQ(value_in(writer.document(), "/payload/tasks_status/3/execution_log/retry_attempts_log/0/g"), "3");
  EXPECT_EQ(value_in(writer.document(), "/payload/tasks_status/3/g_last_update"), "3");
  expect_journal_gives_document(writer);
}

// In a group within groups of the file: what stands in the place of an object is replaced by one.
TEST(ChainTest, AGroupInsideOthersThatIsNullIsFilledAsTheJournalSays) {
  std::string text(default_mapping()->text);
  text.insert(text.find("      overall_completion_percentage:"),
              "      outer:\n        type: group\n        help: Around another.\n        fields:\n"
              "          inner:\n            type: group\n            help: Within another.\n            fields:\n"
              "              level: {type: integer, nullable: true, write: [SUPERVISOR], help: A number.}\n");
  const auto mapping = load_mapping(text, "nested.yaml");
  for (const char* outer : {"null", "{}", R"({"inner":null})", R"({"inner":7,"more":1})", R"({"inner":{}})", "[]"}) {
    SCOPED_TRACE(outer);
    const std::string with_outer =
        R"([{"op":"add","path":"/payload/overall_status_summary/outer","value":)" + std::string(outer) + "}]";
    ChainWriter writer(StatusDocument(mapping, sample_after(with_outer).root()));
    writer.write({"summary/outer/inner/level", "5"});
    writer.write({"summary/outer/inner/level", "null"});
    EXPECT_EQ(value_in(writer.document(), "/payload/overall_status_summary/outer/inner"), R"({"level":null})");
    expect_journal_gives_document(writer);
  }
}

// Whatever the file was like before, the journal must lead to exactly the document that readers see.
struct OddFile {
  std::string why;
  std::string patch;  ///< of the sample
  std::vector<Attempt> writes;
};

class OddFileTest : public testing::TestWithParam<OddFile> {};

TEST_P(OddFileTest, ItsJournalGivesTheDocument) {
  SCOPED_TRACE(GetParam().why);
  ChainWriter writer(sample_after(GetParam().patch));
  for (const Attempt& attempt : GetParam().writes) writer.write(attempt);
  EXPECT_TRUE(verify_hashes(writer.document()).empty());
  expect_journal_gives_document(writer);
}

const std::string on_one = R"([{"op":"add","path":"/payload/tasks_status/0)";

INSTANTIATE_TEST_SUITE_P(
    Files, OddFileTest,
    testing::Values(
        OddFile{"no list of tasks",
                R"([{"op":"remove","path":"/payload/tasks_status"}])",
                {{"summary/execution_status", "a"},
                 {"summary/execution_status", "b"},
                 {"tasks", "new", Kind::add_task},
                 {"tasks/new/percent_complete", "4"},
                 {"tasks/new", "", Kind::remove_task},
                 {"summary/execution_status", "c"}}},
        OddFile{"no summary",
                R"([{"op":"remove","path":"/payload/overall_status_summary"}])",
                {{"summary/execution_status", "a"}, {"summary/active_blockers_summary", "b\n", Kind::append}}},
        OddFile{"a log that is null",
                R"([{"op":"replace","path":"/payload/key_achievements_log","value":null}])",
                {{"achievements", "a\n", Kind::append}, {"achievements", "b\n", Kind::append}}},
        OddFile{"a log that is absent",
                R"([{"op":"remove","path":"/payload/key_achievements_log"}])",
                {{"achievements", "a\n", Kind::append}, {"achievements", "b\n", Kind::append}}},
        OddFile{"a task's log that is absent",
                R"([{"op":"remove","path":"/payload/tasks_status/0/execution_log"}])",
                {{"tasks/one/execution_log/retry_attempts_log", "a\n", Kind::append},
                 {"tasks/one/execution_log/retry_attempts_log", "b\n", Kind::append}}},
        OddFile{"a group that is null",
                on_one + R"(/readiness_check","value":null}])",
                {{"tasks/one/readiness_check/status", "PASSED"}, {"tasks/one/readiness_check/status", "FAILED"}}},
        OddFile{"a number that is written otherwise",
                on_one + R"(/latest_test_status","value":{"a":1.0,"b":[1.50]}}])",
                {{"tasks/one/latest_test_status", R"({"a":1,"b":[1.5],"c":2})"}}},
        OddFile{"members in another order",
                on_one + R"(/latest_test_status","value":{"a":1,"b":{"x":1,"y":2}}}])",
                {{"tasks/one/latest_test_status", R"({"b":{"y":2,"x":1},"a":1,"c":3})"}}},
        OddFile{"a percentage that is written otherwise",
                on_one + R"(/percent_complete","value":5e1}])",
                {{"tasks/one/percent_complete", "51"}, {"tasks/one/latest_test_status", "{}"}}},
        OddFile{
            "a derived value that is written otherwise",
            R"([{"op":"replace","path":"/payload/overall_status_summary/overall_completion_percentage","value":0.0}])",
            {{"tasks/one/percent_complete", "51"}}},
        OddFile{"tasks that are nearly empty",
                R"([{"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"bare"}}])",
                {{"tasks/bare/status", "BLOCKED"}, {"tasks/bare/execution_log/failure_details", "why"}}},
        OddFile{"a lock that comes and goes",
                "[]",
                {{"tasks/one/task.json", R"({"_status_locked":true})"},
                 {"tasks/one/task.json", R"({"_status_locked":null})"}}},
        OddFile{"text that becomes a document",
                on_one + R"(/execution_log/failure_details","value":{"a":1}}])",
                {{"tasks/one/execution_log/failure_details", R"({"a":2,"b":{}})"},
                 {"tasks/one/execution_log/failure_details", "text"},
                 {"tasks/one/execution_log/failure_details", "null"}}},
        OddFile{"keys that need escapes",
                R"([{"op":"add","path":"/payload/a~1b~0c","value":{"%":[1]}}])",
                {{"tasks", "x/~y", Kind::add_task}, {"tasks/x%2F~y/percent_complete", "3"}}}));

TEST(ChainTest, ManyChangesInOnePatchAreOneVersion) {
  ChainWriter writer;
  const Version version = writer.write({"patch", R"([
      {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":10},
      {"op":"remove","path":"/payload/tasks_status/1"},
      {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":20},
      {"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"four","percent_complete":30}},
      {"op":"add","path":"/payload/key_achievements_log/-","value":{"achievement_summary":"much"}},
      {"op":"add","path":"/payload/overall_status_summary/execution_status","value":"x"}])"});
  EXPECT_EQ(version.head.version, 3u);
  EXPECT_EQ(writer.document().task_count(), 3u);
  EXPECT_EQ(value_in(writer.document(), "/payload/tasks_status/1/percent_complete"), "20");
  EXPECT_EQ(value_in(writer.document(), "/payload/tasks_status/2/percent_complete"), "30");
  expect_journal_gives_document(writer);
}

TEST(ChainTest, AnotherProgramsVersionIsTakenAsItStands) {
  ChainWriter writer;
  ChainWriter other(writer.document());
  other.write({"tasks/one/percent_complete", "7"});
  other.write({"tasks/three/task.json", R"({"status":"ACTIVE","readiness_check":{"status":"PASSED"}})"});
  other.write({"tasks/three/status", "DONE"});
  const std::string previous = writer.chain().head().payload_hash_current;
  const Version version =
      writer.keep(writer.chain().append_document(other.document(), stamp_of(writer.chain().head().g + 1)));
  EXPECT_EQ(version.document->root(), other.document().root());
  EXPECT_EQ(decode_record(version.record).op, "external");
  EXPECT_EQ(decode_record(version.record).payload_hash_previous, previous);
  EXPECT_FALSE(version.tasks_listed_anew);
  writer.write({"tasks/two/percent_complete", "8"});
  EXPECT_EQ(value_in(writer.document(), "/payload/overall_status_summary/overall_completion_percentage"), "33");
  EXPECT_EQ(replayed(writer.journal(), ReplayDepth::chained).root(), writer.document().root());
}

TEST(ChainTest, ResetForgetsWhatWasNotKept) {
  ChainWriter writer;
  const auto document = writer.chain().document();
  const ChainHead head = writer.chain().head();
  for (const Attempt& attempt :
       {Attempt{"tasks", "four", Kind::add_task},
        Attempt{"tasks/one/task.json", R"({"status":"ACTIVE","readiness_check":{"status":"PASSED"}})"},
        Attempt{"tasks/one/status", "DONE"}})
    writer.chain().append(judged(*writer.chain().document(), attempt), stamp_of(50));
  writer.chain().reset(document, head);
  EXPECT_TRUE(writer.chain().head() == head);
  writer.write({"tasks/two", "", Kind::remove_task});
  EXPECT_EQ(value_in(writer.document(), "/payload/overall_status_summary/overall_completion_percentage"), "0");
  expect_journal_gives_document(writer);
}

TEST(ChainTest, GoesOnWhereAnotherEnded) {
  ChainWriter writer;
  writer.write({"tasks/one/percent_complete", "7"});
  Chain next(writer.chain().document(), writer.chain().head());
  std::vector<std::string> journal = writer.journal();
  journal.push_back(next.append(judged(*next.document(), {"tasks/one/percent_complete", "8"}), stamp_of(9)).record);
  EXPECT_EQ(indented_document(replayed(journal).root()), indented_document(next.document()->root()));
}

TEST(ChainTest, AFieldOfTheFileIsStampedWithTheOneBesideIt) {
  std::string text(default_mapping()->text);
  text.insert(text.find("      overall_completion_percentage:"),
              "      since: {type: integer, nullable: true, access: read-only, stamp_with: {execution_status: g},\n"
              "              help: When the status was written.}\n");
  ChainWriter writer(StatusDocument(load_mapping(text, "since.yaml"), sample().root()));
  const auto since = [&] { return value_in(writer.document(), "/payload/overall_status_summary/since"); };
  writer.write({"summary/execution_status", "RUNNING"});
  EXPECT_EQ(since(), "3");
  writer.write({"summary/validation_status", "VALID"});
  EXPECT_EQ(since(), "3");
  writer.write({"patch", R"({"payload":{"overall_status_summary":{"execution_status":"HELD"}}})"});
  EXPECT_EQ(since(), "5");
  expect_journal_gives_document(writer);
}

TEST(ChainTest, ATaskThatComesBackKeepsTheStampsOfItsEntries) {
  ChainWriter writer;
  writer.write({"tasks/one/readiness_check/status", "PASSED"});
  writer.write({"tasks/one/execution_log/retry_attempts_log", "a\n", Kind::append});
  const StatusDocument earlier = writer.document();
  writer.write({"tasks/one", "", Kind::remove_task});
  const Author author = author_of("SUPERVISOR");
  const Proposal rollback = propose_rollback(writer.document(), earlier, 3, "one", {author});
  const Version version = writer.keep(writer.chain().append(rollback, stamp_of(99)));
  EXPECT_TRUE(version.tasks_listed_anew);
  EXPECT_EQ(value_in(writer.document(), "/payload/tasks_status/2/execution_log/retry_attempts_log/0/g"), "4");
  EXPECT_EQ(value_in(writer.document(), "/payload/tasks_status/2/readiness_check/g_checked"), "3");
  expect_journal_gives_document(writer);
}

TEST(ChainTest, ManyTasksAreRemovedAtOnce) {
  ChainWriter writer;
  writer.write({"patch", R"([{"op":"remove","path":"/payload/tasks_status/0"},
                             {"op":"remove","path":"/payload/tasks_status/1"}])"});
  EXPECT_EQ(writer.document().task_count(), 1u);
  EXPECT_EQ(writer.document().find_task("two"), 0u);
  expect_journal_gives_document(writer);
}

}  // namespace
}  // namespace statusfs
