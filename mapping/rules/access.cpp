#include "mapping/rules/access.hpp"

#include <algorithm>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

[[noreturn]] void deny(const Author& author, const std::string& what, const std::vector<std::string>& allowed) {
  std::string names;
  for (const std::string& archetype : allowed) names += (names.empty() ? "" : ", ") + archetype;
  throw Rejection(Cause::access_denied,
                  author.persona + " is " + author.archetype + " and may not " + what +
                      "; allowed for: " + (names.empty() ? "nobody" : names),
                  "access");
}

// A plan may name who works on a task; the authority over locks is above that.
void require_plan_authorization(const StatusDocument& document, const std::string& task, const Judge& judge) {
  if (!judge.plan || task.empty() || judge.author.archetype == document.mapping().authority()) return;
  const PlannedTask* planned = judge.plan->find(task);
  if (!planned || planned->authorized_archetypes.empty()) return;
  if (contains(planned->authorized_archetypes, judge.author.archetype)) return;
  std::vector<std::string> allowed{document.mapping().authority()};
  allowed.insert(allowed.end(), planned->authorized_archetypes.begin(), planned->authorized_archetypes.end());
  deny(judge.author, "write task " + task + ", for which the plan names its writers", allowed);
}

void require_removal(const StatusDocument& document, const std::string& task, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  if (contains(mapping.removers, judge.author.archetype)) return require_plan_authorization(document, task, judge);
  const bool may_remove_unplanned = contains(mapping.unplanned_removers, judge.author.archetype);
  if (may_remove_unplanned && judge.plan && !judge.plan->find(task)) return;
  if (may_remove_unplanned)
    deny(judge.author, "remove task " + task + " unless a plan exists and does not have it", mapping.removers);
  deny(judge.author, "remove task " + task, mapping.removers);
}

}  // namespace

void require_authority(const StatusDocument& document, const std::string& what, const Judge& judge) {
  const std::string& only = document.mapping().authority();
  if (judge.author.archetype != only) deny(judge.author, what, {only});
}

void require_access_to_field(const StatusDocument& document, const Field& field, const std::string& task,
                             const Judge& judge) {
  if (field.access == Access::read_only || field.access == Access::patch) return;  // not a matter of who is writing
  if (!field.may_be_written_by(judge.author.archetype)) deny(judge.author, "write " + field.name, field.writers);
  require_plan_authorization(document, task, judge);
}

namespace {

// Whether what a pointer names is given another value, or taken away.
enum class Deed { write, removal };

void require_access_to_pointer(const StatusDocument& document, const std::string& task, const Pointer& pointer,
                               Deed deed, const Judge& judge);

// The rest of a pointer that leads into the list of tasks: a position, and what lies below it.
void require_access_to_task_list(const StatusDocument& document, const Pointer& below, Deed deed, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  const std::optional<std::size_t> position = below.is_root() ? std::nullopt : array_index(below.tokens().front());
  const bool is_there = position && *position < document.task_count();
  const bool is_whole_task = is_there && below.tokens().size() == 1;
  if (is_whole_task && deed == Deed::removal)
    return require_removal(document, std::string(document.task_id(*position)), judge);
  if (!is_there || is_whole_task) {
    if (!contains(mapping.creators, judge.author.archetype)) deny(judge.author, "add tasks", mapping.creators);
    return;
  }
  require_access_to_pointer(document, std::string(document.task_id(*position)), below.behind(1), deed, judge);
}

void require_access_to_pointer(const StatusDocument& document, const std::string& task, const Pointer& pointer,
                               Deed deed, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  Pointer at;
  for (const std::string& token : pointer.tokens()) {
    at = at.child(token);
    const Field* field = mapping.at(at, !task.empty());
    if (field && field->type == FieldType::collection)
      return require_access_to_task_list(document, pointer.behind(at.tokens().size()), deed, judge);
    if (field && !field->is_directory()) return require_access_to_field(document, *field, task, judge);
  }
  if (!pointer.is_root() && mapping.locks.is_lock(pointer.last()))
    require_authority(document, "change the lock " + pointer.last(), judge);
}

}  // namespace

void require_access_to_operation(const StatusDocument& document, const std::string& task,
                                 const PatchOperation& operation, const Judge& judge) {
  const bool is_removal = operation.kind == PatchOperation::Kind::remove;
  require_access_to_pointer(document, task, operation.path, is_removal ? Deed::removal : Deed::write, judge);
  if (operation.kind == PatchOperation::Kind::move)
    require_access_to_pointer(document, task, operation.from, Deed::removal, judge);
}

void require_access(const StatusDocument& document, const ChangeSet& changes, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  for (const FieldChange& change : changes.fields) {
    if (change.field)
      require_access_to_field(document, *change.field, change.task, judge);
    else if (mapping.locks.is_lock(change.pointer.last()))
      require_authority(document, "change the lock " + change.pointer.last(), judge);
  }
  const bool adds_tasks = !changes.added_tasks.empty() || !changes.restored_tasks.empty();
  if (adds_tasks && !contains(mapping.creators, judge.author.archetype))
    deny(judge.author, "add tasks", mapping.creators);
  for (const std::string& task : changes.removed_tasks) require_removal(document, task, judge);
}

void require_some_access(const Mapping& mapping, const Author& author) {
  const auto writes = [&](const std::string& archetype) {
    const auto may_write = [&](const Field* field) { return field->may_be_written_by(archetype); };
    return contains(mapping.creators, archetype) || contains(mapping.removers, archetype) ||
           contains(mapping.unplanned_removers, archetype) || std::ranges::any_of(mapping.file_fields(), may_write) ||
           std::ranges::any_of(mapping.task_fields(), may_write);
  };
  if (writes(author.archetype)) return;
  std::vector<std::string> allowed;
  std::ranges::copy_if(mapping.archetypes, std::back_inserter(allowed), writes);
  deny(author, "write anything", allowed);
}

}  // namespace statusfs
