#include "mapping/tree/task_lookup.hpp"

#include <cstddef>

#include "mapping/document/pointer.hpp"

namespace statusfs {

const Value& tasks_in(const Mapping& mapping, const Value& root) {
  static const Value none = Value::array({});
  const Value* tasks = find(root, mapping.collection->pointer);
  return tasks && tasks->is_array() ? *tasks : none;
}

std::string id_of_task(const Mapping& mapping, const Value* task) {
  const Value* id = task ? task->find(mapping.collection_id) : nullptr;
  return id && id->is_string() ? std::string(id->as_string()) : std::string();
}

const Value* task_in(const Mapping& mapping, const Value& root, std::string_view id) {
  const Value& tasks = tasks_in(mapping, root);
  for (std::size_t position = 0; position < tasks.size(); ++position)
    if (id_of_task(mapping, &tasks.element(position)) == id) return &tasks.element(position);
  return nullptr;
}

}  // namespace statusfs
