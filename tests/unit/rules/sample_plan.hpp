// A plan for the tasks of the sample document.
#pragma once

#include <string>

#include "mapping/document/parse.hpp"
#include "mapping/rules/plan.hpp"

namespace statusfs {

/// `first_task` are more members of its first task, each behind a comma; `members` more of its own, each before one.
inline Plan plan_with(const std::string& first_task, const std::string& members = "") {
  return Plan(parse_json(R"({"payload":{"execution_plan_id":"exec_plan_7",)" + members +
                         R"("tasks":[{"task_id":"one")" + first_task +
                         R"(},{"task_id":"two"},{"task_id":"three"}]}})"));
}

}  // namespace statusfs
