// The execution plan that a status file tracks, as far as its rules depend on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mapping/document/value.hpp"

namespace statusfs {

struct PlannedTask {
  std::string id;
  std::vector<std::string> authorized_archetypes;  ///< empty: whoever may write the field
  std::optional<std::int64_t> max_retries;
  std::vector<std::string> dependencies;  ///< ids of tasks that must be finished first
};

class Plan {
 public:
  /// Reads an exec_plan document: payload.execution_plan_id, payload.tasks[] with task_id and, optionally,
  /// authorized_agent_archetypes, max_retries and dependencies; payload.final_execution_status and
  /// final_validation_status. Throws Rejection(invalid) naming the JSON pointer of what is missing or of another type.
  explicit Plan(const Value& root);

  const std::string& id() const noexcept { return id_; }
  const std::vector<PlannedTask>& tasks() const noexcept { return tasks_; }
  const PlannedTask* find(std::string_view task_id) const;
  const std::optional<std::string>& final_execution_status() const noexcept { return final_execution_status_; }
  const std::optional<std::string>& final_validation_status() const noexcept { return final_validation_status_; }

 private:
  std::string id_;
  std::vector<PlannedTask> tasks_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::optional<std::string> final_execution_status_;
  std::optional<std::string> final_validation_status_;
};

}  // namespace statusfs
