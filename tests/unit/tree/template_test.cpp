#include "mapping/tree/template.hpp"

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

TEST(TemplateTest, ANewTaskHasEveryField) {
  const auto mapping = default_mapping();
  const Value task = initial_task(*mapping, {"", "", "new_task", 9});
  Value expected = parse_json(sample_task_text("new_task"));
  EXPECT_EQ(compact(task), compact(expected.with_member("g_last_update", Value(std::int64_t{9}))));
}

TEST(TemplateTest, ANewFileIsAStatusDocument) {
  const auto mapping = default_mapping();
  const Value root = initial_document(*mapping, {"exec_status_9", "exec_plan_9", "", 5});
  const StatusDocument document(mapping, root);
  EXPECT_EQ(compact(root),
            R"({"os_file_header":{"file_id":"exec_status_9","entity_type":"EXECUTION_STATUS",)"
            R"("schema_definition_id_ref":"HybridAI_OS_ExecutionStatus_Payload_v1.0","g_file_created":5,)"
            R"("g_file_last_modified":null,"v_file_instance":null},"payload":{"execution_plan_id_ref":"exec_plan_9",)"
            R"("payload_hash_previous":null,"payload_hash_current":null,"g_last_update":null,)"
            R"("last_mutation_trace_id":null,"partition_status":"CONSISTENT","overall_status_summary":)"
            R"({"overall_completion_percentage":0,"active_blockers_summary":[]},"key_achievements_log":[],)"
            R"("tasks_status":[],"_tasks_status_list_immutable":false}})");
}

TEST(TemplateTest, AMissingHeaderIsCompletedInFront) {
  const Value root = parse_json(R"({"note": 1, "payload": {}})");
  const Value completed = with_completed_header(*default_mapping(), root, {"exec_status_9", "exec_plan_9", "", 5});
  ASSERT_EQ(completed.size(), 3u);
  EXPECT_EQ(completed.members()[0].name(), "os_file_header");
  EXPECT_EQ(completed.members()[1].name(), "note");
  EXPECT_EQ(find(completed, Pointer::parse("/os_file_header/file_id"))->as_string(), "exec_status_9");
}

TEST(TemplateTest, WhatAHeaderHasIsKept) {
  const Value root = parse_json(R"({"payload": {}, "os_file_header": {"g_file_created": 3, "file_id": "x"}})");
  const Value completed = with_completed_header(*default_mapping(), root, {"exec_status_9", "exec_plan_9", "", 5});
  const Value& header = *completed.find("os_file_header");
  EXPECT_EQ(completed.members()[0].name(), "payload");
  EXPECT_EQ(header.find("file_id")->as_string(), "x");
  EXPECT_EQ(header.find("g_file_created")->as_integer(), 3);
  EXPECT_EQ(header.find("entity_type")->as_string(), "EXECUTION_STATUS");
}

TEST(TemplateTest, FieldsAreFoundByTheirPlaceholder) {
  EXPECT_EQ(field_initialised_by(*default_mapping(), "{schema}")->name, "schema_definition_id_ref");
  EXPECT_EQ(field_initialised_by(*default_mapping(), "{entity_type}")->name, "entity_type");
  EXPECT_EQ(field_initialised_by(*default_mapping(), "{nothing}"), nullptr);
}

}  // namespace
}  // namespace statusfs
