// The text of a small status file for tests.
#pragma once

#include <string>

namespace statusfs {

inline std::string sample_task_text(const std::string& id) {
  return R"({"task_id_ref": ")" + id + R"(", "status": "PENDING", "percent_complete": 0, "g_last_update": 1,
    "last_updated_by_persona_id": null, "last_updated_by_archetype": null, "signature_hash": null,
    "readiness_check": {"status": "NOT_CHECKED", "g_checked": null, "idempotency_key": null,
                        "readiness_assessment_id_ref": null},
    "execution_log": {"failure_details": null, "retry_attempts_log": [], "lock_override_log": []},
    "latest_test_status": null})";
}

/// Three tasks, "one", "two" and "three", all PENDING; no hashes; plan and file bear the number 7.
inline std::string sample_text() {
  return R"({"os_file_header": {"file_id": "exec_status_7", "entity_type": "EXECUTION_STATUS",
    "schema_definition_id_ref": "HybridAI_OS_ExecutionStatus_Payload_v1.0", "g_file_created": 1,
    "g_file_last_modified": 1, "v_file_instance": 1},
    "payload": {"execution_plan_id_ref": "exec_plan_7", "payload_hash_previous": null, "payload_hash_current": null,
    "g_last_update": 1, "last_mutation_trace_id": null, "partition_status": "CONSISTENT",
    "overall_status_summary": {"overall_completion_percentage": 0, "active_blockers_summary": []},
    "key_achievements_log": [],
    "tasks_status": [)" +
         sample_task_text("one") + "," + sample_task_text("two") + "," + sample_task_text("three") +
         R"(], "_tasks_status_list_immutable": false}})";
}

}  // namespace statusfs
