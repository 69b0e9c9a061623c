#include "mapping/tree/status_document.hpp"

#include <utility>
#include <vector>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {

// Positions of the tasks by id. Adding a task copies only the small map of recent additions; the large one is made
// again when they have become many, or when a task was removed and all positions behind it have moved.
class TaskIndex {
 public:
  using Positions = std::unordered_map<std::string_view, std::size_t>;

  static std::shared_ptr<const TaskIndex> of(const Value& tasks, const std::string& id_key) {
    auto ids = std::make_shared<Ids>();
    ids->positions.reserve(tasks.size());
    for (std::size_t position = 0; position < tasks.size(); ++position)
      ids->add(*tasks.element(position).find(id_key), position);
    return std::make_shared<TaskIndex>(std::move(ids), std::make_shared<Ids>());
  }

  std::shared_ptr<const TaskIndex> with(const Value& id, const Value& tasks, const std::string& id_key) const {
    if (recent_->positions.size() >= maximum_recent) return of(tasks, id_key);
    auto recent = std::make_shared<Ids>(*recent_);
    recent->add(id, tasks.size() - 1);
    return std::make_shared<TaskIndex>(settled_, std::move(recent));
  }

  std::optional<std::size_t> find(std::string_view id) const {
    for (const Ids* ids : {settled_.get(), recent_.get()})
      if (const auto found = ids->positions.find(id); found != ids->positions.end()) return found->second;
    return std::nullopt;
  }

  // The strings that the views in `positions` point to live as long as the values in `values` do.
  struct Ids {
    std::vector<Value> values;
    Positions positions;
    void add(const Value& id, std::size_t position) {
      values.push_back(id);
      positions.emplace(values.back().as_string(), position);
    }
  };

  TaskIndex(std::shared_ptr<const Ids> settled, std::shared_ptr<const Ids> recent)
      : settled_(std::move(settled)), recent_(std::move(recent)) {}

 private:
  static constexpr std::size_t maximum_recent = 256;
  std::shared_ptr<const Ids> settled_;
  std::shared_ptr<const Ids> recent_;
};

namespace {

[[noreturn]] void refuse(const Pointer& pointer, const std::string& what) {
  throw Rejection(Cause::invalid, (pointer.is_root() ? "the document" : pointer.text()) + " " + what);
}

void require_object(const Value* value, const Pointer& pointer, const char* what) {
  if (!value) refuse(pointer, "is missing; " + std::string(what));
  if (!value->is_object()) refuse(pointer, "is no JSON object; " + std::string(what));
}

void check_entity_type(const Mapping& mapping, const Value& root) {
  const Field* field = field_initialised_by(mapping, "{entity_type}");
  const Value* value = field ? find(root, field->pointer) : nullptr;
  if (!value) return;
  if (!value->is_string() || value->as_string() != mapping.entity_type)
    refuse(field->pointer, "is " + compact(*value) + "; a status file has \"" + mapping.entity_type + "\"");
}

void check_containers(const Mapping& mapping, const Value& root) {
  const Pointer payload = mapping.collection->pointer.parent();
  const std::string members = payload.is_root() ? "an object" : "an object with " + payload.text();
  require_object(&root, Pointer(), ("a status file is " + members).c_str());
  require_object(find(root, payload), payload, "it must be an object");
  for (const auto& row : mapping.tree) {
    const Value* value = row->type == FieldType::group ? find(root, row->pointer) : nullptr;
    if (value) require_object(value, row->pointer, "it must be an object");
  }
}

void check_task(const Value& task, const Pointer& pointer, const std::string& id_key) {
  if (!task.is_object()) refuse(pointer, "is no JSON object; every task must be one");
  const Value* id = task.find(id_key);
  if (!id) refuse(pointer, "has no " + id_key + "; every task must have one");
  if (!id->is_string() || id->as_string().empty())
    refuse(pointer.child(id_key), "is " + compact(*id) + "; it must be a string that is not empty");
}

Value checked_tasks(const Mapping& mapping, const Value& root) {
  const Pointer& pointer = mapping.collection->pointer;
  const Value* tasks = find(root, pointer);
  if (!tasks) return Value();
  if (!tasks->is_array()) refuse(pointer, "is no JSON array; it must be the array of tasks");
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t position = 0; position < tasks->size(); ++position) {
    const Value& task = tasks->element(position);
    check_task(task, pointer.child(position), mapping.collection_id);
    const std::string_view id = task.find(mapping.collection_id)->as_string();
    const auto [first, is_new] = seen.emplace(id, position);
    if (!is_new)
      refuse(pointer.child(position), "has the id " + compact(Value(id)) + " of task " + std::to_string(first->second) +
                                          "; every task must have its own");
  }
  return *tasks;
}

}  // namespace

StatusDocument::StatusDocument(std::shared_ptr<const Mapping> mapping, Value root)
    : mapping_(std::move(mapping)), root_(std::move(root)) {
  check_containers(*mapping_, root_);
  check_entity_type(*mapping_, root_);
  tasks_ = checked_tasks(*mapping_, root_);
  index_ = TaskIndex::of(tasks_, mapping_->collection_id);
}

StatusDocument::StatusDocument(std::shared_ptr<const Mapping> mapping, Value root, Value tasks,
                               std::shared_ptr<const TaskIndex> index)
    : mapping_(std::move(mapping)), root_(std::move(root)), tasks_(std::move(tasks)), index_(std::move(index)) {}

std::string_view StatusDocument::task_id(std::size_t position) const noexcept {
  return task(position).find(mapping_->collection_id)->as_string();
}

std::optional<std::size_t> StatusDocument::find_task(std::string_view id) const { return index_->find(id); }

const Value* StatusDocument::scope(std::string_view id) const {
  if (id.empty()) return &root_;
  const auto position = find_task(id);
  return position ? &task(*position) : nullptr;
}

StatusDocument StatusDocument::with_field(const Field& field, std::optional<Value> value) const {
  return with_value(field.pointer, std::move(value));
}

StatusDocument StatusDocument::with_value(const Pointer& pointer, std::optional<Value> value) const {
  return {mapping_, with_value_at(root_, pointer, std::move(value)), tasks_, index_};
}

void StatusDocument::set_value(const Pointer& pointer, std::optional<Value> value) {
  root_ = with_value_at(std::move(root_), pointer, std::move(value));
}

StatusDocument StatusDocument::with_tasks(Value tasks, std::shared_ptr<const TaskIndex> index) const {
  return {mapping_, with_value_at(root_, mapping_->collection->pointer, tasks), tasks, std::move(index)};
}

StatusDocument StatusDocument::with_task(std::size_t position, Value task) const {
  return with_tasks(tasks_.with_element(position, std::move(task)), index_);
}

void StatusDocument::set_task(std::size_t position, Value task) {
  tasks_ = tasks_.with_element(position, std::move(task));
  set_value(mapping_->collection->pointer, tasks_);
}

StatusDocument StatusDocument::with_added_task(Value task) const {
  const Value id = *task.find(mapping_->collection_id);
  Value tasks = (tasks_.is_array() ? tasks_ : Value::array()).with_appended(std::move(task));
  auto index = index_->with(id, tasks, mapping_->collection_id);
  return with_tasks(std::move(tasks), std::move(index));
}

StatusDocument StatusDocument::without_tasks(std::span<const std::size_t> positions) const {
  Value tasks = tasks_.without_elements(positions);
  auto index = TaskIndex::of(tasks, mapping_->collection_id);
  return with_tasks(std::move(tasks), std::move(index));
}

StatusDocument StatusDocument::with_changed_root(Value root, std::span<const std::size_t> changed,
                                                 bool is_one_appended) const {
  const Value* tasks = find(root, mapping_->collection->pointer);
  const std::size_t count = task_count() + (is_one_appended ? 1 : 0);
  const bool is_as_promised = tasks ? tasks->is_array() && tasks->size() == count : count == 0 && tasks_.is_null();
  if (!is_as_promised) return {mapping_, std::move(root)};
  check_containers(*mapping_, root);
  check_entity_type(*mapping_, root);
  const Pointer& pointer = mapping_->collection->pointer;
  for (const std::size_t position : changed)
    if (position < count) check_task(tasks->element(position), pointer.child(position), mapping_->collection_id);
  auto index = index_;
  if (is_one_appended) {
    const Value& task = tasks->element(count - 1);
    check_task(task, pointer.child(count - 1), mapping_->collection_id);
    const Value& id = *task.find(mapping_->collection_id);
    if (find_task(id.as_string()))
      refuse(pointer.child(count - 1), "has the id " + compact(id) + " of another task; every task must have its own");
    index = index_->with(id, *tasks, mapping_->collection_id);
  }
  Value list = tasks ? *tasks : Value();
  return {mapping_, std::move(root), std::move(list), std::move(index)};
}

Value with_value_at(Value container, const Pointer& pointer, std::optional<Value> value, std::size_t depth) {
  if (depth == pointer.tokens().size()) return value ? *std::move(value) : Value();
  Value object = container.is_object() ? std::move(container) : Value::object();
  const std::string& key = pointer.tokens()[depth];
  const bool has_child = object.find(key) != nullptr;
  if (depth + 1 == pointer.tokens().size() && !value) return object.without_member(key);
  if (!has_child && !value) return object;
  Value child = has_child ? object.take_member(key) : Value();
  Value changed = with_value_at(std::move(child), pointer, std::move(value), depth + 1);
  return std::move(object).with_member(key, std::move(changed));
}

}  // namespace statusfs
