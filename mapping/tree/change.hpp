// What a write would change in a document, field by field, before anybody has judged it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/document/pointer.hpp"
#include "mapping/schema/mapping.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// A change of one value.
struct FieldChange {
  std::string task;              ///< id; empty in the file's scope
  const Field* field = nullptr;  ///< nullptr for a value that the mapping does not know (a lock, or somebody else's)
  Pointer pointer;               ///< from the scope
  std::optional<Value> before;   ///< nothing where the key was absent
  std::optional<Value> after;    ///< nothing where the key is removed; what was before where a writer tells it again
  /// Of a log: the entries that come behind those in `before`, as the writer gave them; `after` is then not used.
  std::vector<Value> appended;

  bool in_task() const noexcept { return !task.empty(); }
  bool is_append() const noexcept { return !appended.empty(); }
};

/// A change of what stands at the pointer in the scope of `task`, which does not say yet to what. Precondition: the
/// task exists.
FieldChange change_at(const StatusDocument& document, const std::string& task, const Field* field,
                      const Pointer& pointer);

struct ChangeSet {
  std::vector<FieldChange> fields;
  std::vector<Value> added_tasks;  ///< as the writer gave them
  std::vector<std::string> removed_tasks;
  /// Tasks that come back as they were: the entries of their logs keep the stamps that they got when they were written.
  std::vector<Value> restored_tasks = {};

  bool changes_membership() const noexcept {
    return !added_tasks.empty() || !removed_tasks.empty() || !restored_tasks.empty();
  }
  bool empty() const noexcept { return fields.empty() && !changes_membership(); }
};

/// How to read a member of a scope that was there and is gone.
enum class Removal {
  is_removal,  ///< as RFC 6902's remove
  is_null,     ///< a nullable field becomes null and keeps its place (a merge patch cannot say it otherwise)
};

/// Everything in which `after` differs from the document. Throws Rejection(not_permitted) where tasks were put in
/// another order, and Rejection(invalid) where tasks are not objects with ids of their own.
ChangeSet difference(const StatusDocument& before, const Value& after, Removal removal);

/// The same for one task. Precondition: the task exists.
ChangeSet task_difference(const StatusDocument& before, const std::string& task, const Value& after, Removal removal);

/// The pointer from the file's root.
Pointer file_pointer(const StatusDocument& document, const FieldChange& change);

}  // namespace statusfs
