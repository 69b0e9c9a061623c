// What fuzz targets share: a property that must hold for every input, and the sample that they write to.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mapping/document/parse.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs::fuzz {

/// Ends the process where the property does not hold, so that libFuzzer keeps the input.
inline void require(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

/// Two tasks, "one" and "two", both ACTIVE, so that most writes are allowed; no hashes.
inline StatusDocument sample_document() {
  const auto task = [](const std::string& id) {
    return R"({"task_id_ref": ")" + id + R"(", "status": "ACTIVE", "percent_complete": 5, "g_last_update": 1,
      "last_updated_by_persona_id": null, "last_updated_by_archetype": null, "signature_hash": null,
      "readiness_check": {"status": "PASSED", "g_checked": null, "idempotency_key": null,
                          "readiness_assessment_id_ref": null},
      "execution_log": {"failure_details": null, "retry_attempts_log": [], "lock_override_log": []},
      "latest_test_status": null, "of_ours": [1.50, {"x": null}]})";
  };
  return {default_mapping(),
          parse_json(R"({"os_file_header": {"file_id": "exec_status_7", "entity_type": "EXECUTION_STATUS",
    "schema_definition_id_ref": "HybridAI_OS_ExecutionStatus_Payload_v1.0", "g_file_created": 1,
    "g_file_last_modified": 1, "v_file_instance": 1},
    "payload": {"execution_plan_id_ref": "exec_plan_7", "payload_hash_previous": null, "payload_hash_current": null,
    "g_last_update": 1, "last_mutation_trace_id": null, "partition_status": "CONSISTENT",
    "overall_status_summary": {"overall_completion_percentage": 0, "active_blockers_summary": ["one waits"]},
    "key_achievements_log": [],
    "tasks_status": [)" +
                     task("one") + "," + task("two") + R"(], "_tasks_status_list_immutable": false}})")};
}

/// The part of the text before the first such byte, which is taken away with it; all of it where there is none.
inline std::string_view take_until(std::string_view& text, char byte) {
  const std::size_t end = std::min(text.find(byte), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace statusfs::fuzz

/// Checks the target's properties for one input; defined by each target, called by libFuzzer and by replay.cpp.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size);

#define STATUSFS_FUZZ_TARGET(function)                                                  \
  extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) { \
    function(std::string_view(reinterpret_cast<const char*>(bytes), size));             \
    return 0;                                                                           \
  }
