// A status file's JSON together with the mapping that gives it meaning, and its tasks found by id.
//
// Thread safety: immutable, like the Value inside; copies are cheap and share everything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mapping/document/value.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

class TaskIndex;

class StatusDocument {
 public:
  /// Throws Rejection(invalid), naming the JSON pointer, where `root` cannot be shown as a tree: no object, a payload
  /// that is none, an entity_type that is not the mapping's, tasks that are no array of objects, a task without an id,
  /// two tasks with one id. A missing header is accepted (older writers left none).
  StatusDocument(std::shared_ptr<const Mapping> mapping, Value root);

  const Mapping& mapping() const noexcept { return *mapping_; }
  const std::shared_ptr<const Mapping>& shared_mapping() const noexcept { return mapping_; }
  const Value& root() const noexcept { return root_; }

  /// The array of tasks; null where the file has none.
  const Value& tasks() const noexcept { return tasks_; }
  std::size_t task_count() const noexcept { return tasks_.size(); }
  const Value& task(std::size_t position) const noexcept { return tasks_.element(position); }
  std::string_view task_id(std::size_t position) const noexcept;
  std::optional<std::size_t> find_task(std::string_view id) const;
  /// Where the pointers of a scope begin: the task of this id, or the root where it is empty. nullptr where the task is
  /// gone.
  const Value* scope(std::string_view id) const;

  /// The value of a field: of the file's scope, or of the given task. nullptr where the key is absent.
  const Value* value_of(const Field& field) const noexcept { return find(root_, field.pointer); }
  const Value* value_of(const Field& field, std::size_t task_position) const noexcept {
    return find(task(task_position), field.pointer);
  }

  /// The same document with another value at a field; objects on the way that are absent
  /// are made, and an absent value removes the member.
  StatusDocument with_field(const Field& field, std::optional<Value> value) const;
  /// The same by pointer into the file, which must not lead into the tasks.
  StatusDocument with_value(const Pointer& pointer, std::optional<Value> value) const;
  /// The same, of this very document; objects that no other document shares are changed in place.
  void set_value(const Pointer& pointer, std::optional<Value> value);
  /// Precondition: the new task has the old one's id.
  StatusDocument with_task(std::size_t position, Value task) const;
  void set_task(std::size_t position, Value task);
  StatusDocument with_added_task(Value task) const;  ///< precondition: its id is new
  StatusDocument without_task(std::size_t position) const { return without_tasks({&position, 1}); }
  /// Precondition: the positions ascend.
  StatusDocument without_tasks(std::span<const std::size_t> positions) const;
  /// The document with another root, in which every task stands at its place but those at `changed`, which keep their
  /// ids, and one that may have been appended. Checks those, and all else that the constructor checks. Throws
  /// Rejection.
  StatusDocument with_changed_root(Value root, std::span<const std::size_t> changed, bool is_one_appended) const;

 private:
  StatusDocument(std::shared_ptr<const Mapping> mapping, Value root, Value tasks,
                 std::shared_ptr<const TaskIndex> index);
  StatusDocument with_tasks(Value tasks, std::shared_ptr<const TaskIndex> index) const;

  std::shared_ptr<const Mapping> mapping_;
  Value root_;
  Value tasks_;
  std::shared_ptr<const TaskIndex> index_;
};

/// `container` with `value` at the pointer; absent objects on the way are made, an absent value removes the member.
/// Of a container that is moved here, objects that nobody else holds are changed in place.
Value with_value_at(Value container, const Pointer& pointer, std::optional<Value> value, std::size_t depth = 0);

}  // namespace statusfs
