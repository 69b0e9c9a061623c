// A small status file for tests, and its nodes by path.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/parse.hpp"
#include "mapping/document/patch.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "mapping/tree/node.hpp"
#include "mapping/tree/status_document.hpp"

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

inline StatusDocument document_of(const Value& root) { return StatusDocument(default_mapping(), root); }
inline StatusDocument sample() { return document_of(parse_json(sample_text())); }

/// The sample after a JSON patch (RFC 6902) of the whole file.
inline StatusDocument sample_after(const std::string& json_patch) {
  return document_of(apply_json_patch(parse_json(sample_text()), decode_json_patch(parse_json(json_patch))));
}

/// The sample whose first task has a member of this name and value.
inline StatusDocument sample_with(const std::string& pointer_in_task, const std::string& value) {
  return sample_after(R"([{"op": "add", "path": "/payload/tasks_status/0)" + pointer_in_task + R"(", "value": )" +
                      value + "}]");
}

inline std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

/// The node at a path below the status directory, by lookups; the top where there is none, which fails the test.
inline Node node_at(const StatusDocument& document, std::string_view path) {
  Node node;
  for (const std::string& name : split_path(path)) {
    const auto next = child(document, node, name);
    if (!next) {
      ADD_FAILURE() << path << ": there is no " << name;
      return {};
    }
    node = *next;
  }
  return node;
}

/// Runs the action and expects that it is refused for this cause, with these parts in the sentence.
template <typename Action>
void expect_refused(Cause cause, const std::vector<std::string>& parts, const Action& action) {
  try {
    action();
    ADD_FAILURE() << "nothing was refused";
  } catch (const Rejection& rejection) {
    EXPECT_EQ(rejection.cause(), cause) << rejection.what();
    for (const std::string& part : parts) EXPECT_THAT(rejection.what(), testing::HasSubstr(part));
  }
}

}  // namespace statusfs
