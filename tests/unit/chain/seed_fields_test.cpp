// Every field of the user's specification: what may be written to it, how it reads then, and what it refuses.
#include <algorithm>

#include "mapping/tree/node_text.hpp"
#include "tests/unit/chain/chain_writer.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

// A task in which any status may be written that follows ACTIVE, and all of the summary.
StatusDocument ready_document() {
  return sample_after(R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":"ACTIVE"},
      {"op":"replace","path":"/payload/tasks_status/0/readiness_check/status","value":"PASSED"},
      {"op":"replace","path":"/payload/tasks_status/0/execution_log/failure_details","value":"why"},
      {"op":"replace","path":"/payload/overall_status_summary/active_blockers_summary","value":["two waits"]}])");
}

struct WritableField {
  std::string path;
  std::vector<std::pair<std::string, std::string>> accepted;  ///< what is written, and how the field reads then
  std::vector<std::string> refused;
  Kind kind = Kind::set;
};

const std::string trace_member = R"("trace_id":")" + std::string(32, 'a') + "\"";

const std::vector<WritableField>& writable_fields() {
  static const std::vector<WritableField> fields{
      {"summary/execution_status",
       {{"RUNNING", "RUNNING\n"}, {"null", ""}},
       {"two\nlines", std::string("nul\0l", 5), "\xff"}},
      {"summary/validation_status", {{"VALID", "VALID\n"}, {"", ""}}, {"two\nlines", "\xff"}},
      {"summary/active_blockers_summary", {{"one waits\nnobody\n", "one waits\nnobody\n"}, {"", ""}}, {"\xff"}},
      {"achievements",
       {{"much\n", R"({"_locked_entry_definition":true,"g_event":3,"achievement_summary":"much",)"
                   R"("linked_task_id":null,"linked_artifact_id":null,)" +
                       trace_member + "}\n"},
        {R"({"achievement_summary":"x","linked_task_id":"one","linked_artifact_id":"a","g_event":9})",
         R"({"_locked_entry_definition":true,"g_event":3,"achievement_summary":"x",)"
         R"("linked_task_id":"one","linked_artifact_id":"a",)" +
             trace_member + "}\n"}},
       {"{}", R"({"achievement_summary":7})", R"({"achievement_summary":"x","linked_task_id":"none"})",
        R"({"achievement_summary":"x","linked_artifact_id":7})"},
       Kind::append},
      {"_tasks_status_list_immutable", {{"true", "true\n"}}, {"yes", "1", "null", ""}},
      {"tasks/one/status",
       {{"PENDING", "PENDING\n"}, {"BLOCKED", "BLOCKED\n"}, {"DONE", "DONE\n"}, {"FAILED", "FAILED\n"}},
       {"done", "READY", "null", ""}},
      {"tasks/one/percent_complete", {{"1", "1\n"}, {"100", "100\n"}}, {"-1", "101", "1.5", "half", "null", ""}},
      {"tasks/one/readiness_check/status",
       {{"NOT_CHECKED", "NOT_CHECKED\n"}, {"FAILED", "FAILED\n"}},
       {"passed", "null", ""}},
      {"tasks/one/readiness_check/idempotency_key", {{"key", "key\n"}}, {"two\nlines", "\xff"}},
      {"tasks/one/readiness_check/readiness_assessment_id_ref", {{"id", "id\n"}}, {"two\nlines", "\xff"}},
      {"tasks/one/execution_log/failure_details",
       {{"two\nlines\n", "two\nlines\n"}, {R"({"code":7})", "{\n  \"code\": 7\n}\n"}, {"null", ""}},
       {"\xff"}},
      {"tasks/one/execution_log/retry_attempts_log",
       {{"again\n", R"({"g":3,"note":"again",)" + trace_member + "}\n"},
        {R"({"attempt":2,"g":99})", R"({"g":3,)" + trace_member + R"(,"attempt":2})" + "\n"}},
       {R"({"note":7})", "{"},
       Kind::append},
      {"tasks/one/latest_test_status", {{R"({"passed":3})", "{\n  \"passed\": 3\n}\n"}}, {"[]", "text", "7", "{"}}};
  return fields;
}

TEST(SeedFieldsTest, WhatIsWrittenReadsAsItWasMeant) {
  for (const WritableField& field : writable_fields()) {
    for (const auto& [text, reads] : field.accepted) {
      SCOPED_TRACE(field.path + " " + text);
      ChainWriter writer(ready_document());
      writer.write({field.path, text, field.kind});
      EXPECT_EQ(node_text(writer.document(), node_at(writer.document(), field.path)), reads);
      expect_journal_gives_document(writer);
    }
  }
}

TEST(SeedFieldsTest, WhatIsNoValueOfTheFieldIsRefused) {
  const StatusDocument document = ready_document();
  for (const WritableField& field : writable_fields())
    for (const std::string& text : field.refused)
      expect_judged(document, {field.path, text, field.kind}, Cause::invalid);
}

// The steps that do not begin at ACTIVE.
TEST(SeedFieldsTest, EveryStatusIsReached) {
  ChainWriter writer(ready_document());
  for (const char* status :
       {"PENDING", "SKIPPED", "PENDING", "ACTIVE", "FAILED", "ACTIVE", "BLOCKED", "ACTIVE", "DONE"}) {
    writer.write({"tasks/one/status", status});
    EXPECT_EQ(node_text(writer.document(), node_at(writer.document(), "tasks/one/status")), status + std::string("\n"));
  }
  EXPECT_EQ(node_text(writer.document(), node_at(writer.document(), "tasks/one/percent_complete")), "100\n");
  expect_journal_gives_document(writer);
}

// What the driver makes, or what the file is known by: with the text of some other value of the field.
const std::vector<std::pair<std::string, std::string>>& read_only_fields() {
  static const std::vector<std::pair<std::string, std::string>> fields{
      {"header/file_id", "exec_status_8"},
      {"header/entity_type", "EXECUTION_STATUS"},
      {"header/schema_definition_id_ref", "another"},
      {"header/g_file_created", "7"},
      {"header/g_file_last_modified", "7"},
      {"header/v_file_instance", "7"},
      {"execution_plan_id_ref", "exec_plan_8"},
      {"payload_hash_previous", "null"},
      {"payload_hash_current", "sha256:" + std::string(64, 'a')},
      {"g_last_update", "7"},
      {"last_mutation_trace_id", "trace"},
      {"partition_status", "PARTITIONED"},
      {"summary/overall_completion_percentage", "50"},
      {"tasks/one/g_last_update", "7"},
      {"tasks/one/last_updated_by_persona_id", "SOMEBODY"},
      {"tasks/one/last_updated_by_archetype", "BUILDER"},
      {"tasks/one/signature_hash", "sha256:" + std::string(64, 'a')},
      {"tasks/one/readiness_check/g_checked", "7"},
      {"tasks/one/execution_log/lock_override_log", R"({"reason":"x"})"}};
  return fields;
}

TEST(SeedFieldsTest, WhatTheDriverMakesIsReadOnly) {
  const StatusDocument document = ready_document();
  for (const auto& [path, text] : read_only_fields())
    for (const Kind kind : {Kind::set, Kind::append})
      expect_judged(document, {path, text, kind}, Cause::not_permitted, {"read-only"});
  for (const char* id : {R"("two")", "null"})
    expect_judged(document, {"tasks/one/task.json", R"({"task_id_ref":)" + std::string(id) + "}"}, Cause::not_permitted,
                  {"task_id_ref is read-only"});
}

TEST(SeedFieldsTest, NoneIsLeftOut) {
  std::vector<std::string> looked_at, shown;
  for (const WritableField& field : writable_fields()) looked_at.push_back(field.path);
  for (const auto& [path, text] : read_only_fields()) looked_at.push_back(path);
  const auto mapping = default_mapping();
  for (const Field* field : mapping->file_fields())
    if (field->has_own_value() && !field->is_directory()) shown.push_back(field->path);
  for (const Field* field : mapping->task_fields())
    if (field->has_own_value() && !field->is_directory() && !field->hidden) shown.push_back("tasks/one/" + field->path);
  EXPECT_THAT(looked_at, testing::UnorderedElementsAreArray(shown));
}

// --- what the driver writes into those that nobody writes
// -------------------------------------------------------------

std::string shown_in(const StatusDocument& document, const std::string& path) {
  return node_text(document, node_at(document, path));
}

TEST(SeedFieldsTest, StampsSayWhoChangedATaskAndWhen) {
  ChainWriter writer;
  writer.write({"tasks/one/readiness_check/status", "PASSED", Kind::set, "MANAGER"});
  const StatusDocument& document = writer.document();
  EXPECT_EQ(shown_in(document, "tasks/one/readiness_check/g_checked"), "3\n");
  EXPECT_EQ(shown_in(document, "tasks/one/g_last_update"), "3\n");
  EXPECT_EQ(shown_in(document, "tasks/one/last_updated_by_persona_id"), "TESTER\n");
  EXPECT_EQ(shown_in(document, "tasks/one/last_updated_by_archetype"), "MANAGER\n");
  EXPECT_EQ(shown_in(document, "tasks/one/signature_hash"),
            signature_hash(*default_mapping(), document.task(0)) + "\n");
  EXPECT_EQ(shown_in(document, "tasks/two/g_last_update"), "1\n") << "no other task was changed";
}

TEST(SeedFieldsTest, ACheckThatIsToldAgainWithSomethingNewIsStampedAgain) {
  ChainWriter writer;
  writer.write({"tasks/one/readiness_check/status", "PASSED"});
  const std::string checked = "tasks/one/readiness_check/g_checked";
  writer.write({"tasks/one/readiness_check/readiness_assessment_id_ref", "first"});
  EXPECT_EQ(shown_in(writer.document(), checked), "3\n") << "the status was not told";
  writer.write(
      {"tasks/one/task.json", R"({"readiness_check":{"status":"PASSED","readiness_assessment_id_ref":"second"}})"});
  EXPECT_EQ(shown_in(writer.document(), checked), "5\n");
  writer.write({"tasks/one/task.json", R"([{"op":"replace","path":"/readiness_check/status","value":"PASSED"},
      {"op":"replace","path":"/readiness_check/readiness_assessment_id_ref","value":"third"}])"});
  EXPECT_EQ(shown_in(writer.document(), checked), "6\n");
  expect_journal_gives_document(writer);
}

TEST(SeedFieldsTest, AnOverrideIsRecordedWithItsStamps) {
  ChainWriter writer(sample_with("/_percent_complete_locked", "true"));
  writer.write({"tasks/one/override", R"({"field":"percent_complete","value":7,"reason":"stuck"})"});
  EXPECT_EQ(shown_in(writer.document(), "tasks/one/percent_complete"), "7\n");
  EXPECT_EQ(shown_in(writer.document(), "tasks/one/execution_log/lock_override_log"),
            R"({"g":3,"persona_id":"TESTER","field":"percent_complete","old_value":0,"new_value":7,"reason":"stuck",)" +
                trace_member + "}\n");
  expect_journal_gives_document(writer);
}

TEST(SeedFieldsTest, TheFirstVersionFollowsNoOther) {
  EXPECT_EQ(shown_in(*begun(sample()).document, "payload_hash_previous"), "");
  ChainWriter writer;
  const std::string first = shown_in(writer.document(), "payload_hash_current");
  writer.write({"tasks/one/percent_complete", "5"});
  EXPECT_EQ(shown_in(writer.document(), "payload_hash_previous"), first);
}

}  // namespace
}  // namespace statusfs
