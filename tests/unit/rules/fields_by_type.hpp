// Fields of the default mapping by what they stand for in tests of values.
#pragma once

#include <map>
#include <string>

#include "mapping/schema/mapping_loader.hpp"

namespace statusfs {

inline const std::string some_hash = "sha256:" + std::string(64, 'a');

/// A field of each type, nullable and not, by the name that is given it here.
inline const Field& field_of_type(const std::string& name) {
  static const auto mapping = default_mapping();
  static const std::map<std::string, const Field*> fields{
      {"string", mapping->top("execution_plan_id_ref")},
      {"nullable string", mapping->top("summary")->child("execution_status")},
      {"text", mapping->collection->child("execution_log")->child("failure_details")},
      {"percent", mapping->collection->child("percent_complete")},
      {"count", mapping->top("g_last_update")},
      {"nullable count", mapping->collection->child("readiness_check")->child("g_checked")},
      {"boolean", mapping->top("_tasks_status_list_immutable")},
      {"enum", mapping->collection->child("status")},
      {"hash", mapping->top("payload_hash_current")},
      {"list", mapping->top("summary")->child("active_blockers_summary")},
      {"log", mapping->top("achievements")},
      {"document", mapping->collection->child("latest_test_status")}};
  return *fields.at(name);
}

}  // namespace statusfs
