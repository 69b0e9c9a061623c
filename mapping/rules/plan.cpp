#include "mapping/rules/plan.hpp"

#include "mapping/document/pointer.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// The plan's own schema is not part of the mapping: these are the only members of it that statusfs reads.
const Pointer& payload_pointer() {
  static const Pointer pointer = Pointer::parse("/payload");
  return pointer;
}

[[noreturn]] void refuse(const Pointer& pointer, const Value* value, const std::string& wanted) {
  throw Rejection(Cause::invalid,
                  pointer.text() + (value ? " is " + compact(*value) : " is missing") + "; it must be " + wanted);
}

std::string required_string(const Value& object, const std::string& key, const Pointer& at) {
  const Value* value = object.find(key);
  if (!value || !value->is_string() || value->as_string().empty())
    refuse(at.child(key), value, "a string that is not empty");
  return std::string(value->as_string());
}

std::optional<std::string> optional_string(const Value& object, const std::string& key, const Pointer& at) {
  const Value* value = object.find(key);
  if (!value || value->is_null()) return std::nullopt;
  if (!value->is_string()) refuse(at.child(key), value, "a string or null");
  if (value->as_string().empty()) return std::nullopt;
  return std::string(value->as_string());
}

std::vector<std::string> string_list(const Value& object, const std::string& key, const Pointer& at) {
  std::vector<std::string> result;
  const Value* list = object.find(key);
  if (!list || list->is_null()) return result;
  if (!list->is_array()) refuse(at.child(key), list, "an array of strings");
  for (std::size_t position = 0; position < list->size(); ++position) {
    const Value& element = list->element(position);
    if (!element.is_string()) refuse(at.child(key).child(position), &element, "a string");
    result.emplace_back(element.as_string());
  }
  return result;
}

std::optional<std::int64_t> optional_count(const Value& object, const std::string& key, const Pointer& at) {
  const Value* value = object.find(key);
  if (!value || value->is_null()) return std::nullopt;
  if (!value->is_integer() || value->as_integer() < 0) refuse(at.child(key), value, "an integer that is not negative");
  return value->as_integer();
}

PlannedTask read_task(const Value& task, const Pointer& at) {
  if (!task.is_object()) refuse(at, &task, "an object with a task_id");
  return {required_string(task, "task_id", at), string_list(task, "authorized_agent_archetypes", at),
          optional_count(task, "max_retries", at), string_list(task, "dependencies", at)};
}

}  // namespace

Plan::Plan(const Value& root) {
  const Pointer& at = payload_pointer();
  const Value* payload = statusfs::find(root, at);
  if (!payload || !payload->is_object()) refuse(at, payload, "an object with execution_plan_id and tasks");
  id_ = required_string(*payload, "execution_plan_id", at);
  final_execution_status_ = optional_string(*payload, "final_execution_status", at);
  final_validation_status_ = optional_string(*payload, "final_validation_status", at);
  const Value* tasks = payload->find("tasks");
  if (!tasks || !tasks->is_array()) refuse(at.child("tasks"), tasks, "an array of tasks");
  for (std::size_t position = 0; position < tasks->size(); ++position) {
    const Pointer pointer = at.child("tasks").child(position);
    tasks_.push_back(read_task(tasks->element(position), pointer));
    if (!positions_.emplace(tasks_.back().id, position).second)
      refuse(pointer.child("task_id"), tasks->element(position).find("task_id"), "an id that no other task has");
  }
}

const PlannedTask* Plan::find(std::string_view task_id) const {
  const auto found = positions_.find(std::string(task_id));
  return found == positions_.end() ? nullptr : &tasks_[found->second];
}

}  // namespace statusfs
