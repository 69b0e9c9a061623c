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

const std::string& authority(const Mapping& mapping) { return mapping.archetypes.front(); }

// A plan may name who works on a task; the authority over locks is above that.
void require_plan_authorization(const StatusDocument& document, const std::string& task, const Judge& judge) {
  if (!judge.plan || task.empty() || judge.author.archetype == authority(document.mapping())) return;
  const PlannedTask* planned = judge.plan->find(task);
  if (!planned || planned->authorized_archetypes.empty()) return;
  if (contains(planned->authorized_archetypes, judge.author.archetype)) return;
  std::vector<std::string> allowed{authority(document.mapping())};
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
  const std::string& only = authority(document.mapping());
  if (judge.author.archetype != only) deny(judge.author, what, {only});
}

void require_access_to_field(const StatusDocument& document, const Field& field, const std::string& task,
                             const Judge& judge) {
  if (field.access == Access::read_only || field.access == Access::patch) return;  // not a matter of who is writing
  if (!field.may_be_written_by(judge.author.archetype)) deny(judge.author, "write " + field.name, field.writers);
  require_plan_authorization(document, task, judge);
}

namespace {

// The rest of a pointer that leads into the list of tasks: a position, and what lies below it.
void require_access_to_task_list(const StatusDocument& document, const std::vector<std::string>& below,
                                 const Judge& judge) {
  const Mapping& mapping = document.mapping();
  const bool is_position = !below.empty() && below[0].size() < 10 && !below[0].empty() &&
                           below[0].find_first_not_of("0123456789") == std::string::npos;
  const std::size_t position = is_position ? std::stoul(below[0]) : document.task_count();
  if (below.size() < 2 || position >= document.task_count()) {
    if (!contains(mapping.creators, judge.author.archetype)) deny(judge.author, "add tasks", mapping.creators);
    return;
  }
  Pointer pointer;
  for (std::size_t token = 1; token < below.size(); ++token) pointer = pointer.child(below[token]);
  require_access_to_pointer(document, std::string(document.task_id(position)), pointer, judge);
}

}  // namespace

// What a JSON patch names is judged by its pointers where its outcome must not be asked for.
void require_access_to_pointer(const StatusDocument& document, std::string task, const Pointer& pointer,
                               const Judge& judge) {
  const Mapping& mapping = document.mapping();
  Pointer at;
  for (const std::string& token : pointer.tokens()) {
    at = at.child(token);
    const Field* field = mapping.at(at, !task.empty());
    if (field && field->type == FieldType::collection) {
      const std::vector<std::string> below(pointer.tokens().begin() + static_cast<std::ptrdiff_t>(at.tokens().size()),
                                           pointer.tokens().end());
      return require_access_to_task_list(document, below, judge);
    }
    if (field && !field->is_directory()) return require_access_to_field(document, *field, task, judge);
  }
  if (!pointer.is_root() && mapping.locks.is_lock(pointer.last()))
    require_authority(document, "change the lock " + pointer.last(), judge);
}

void require_access(const StatusDocument& document, const ChangeSet& changes, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  for (const FieldChange& change : changes.fields) {
    if (change.field)
      require_access_to_field(document, *change.field, change.task, judge);
    else if (mapping.locks.is_lock(change.pointer.last()))
      require_authority(document, "change the lock " + change.pointer.last(), judge);
  }
  if (!changes.added_tasks.empty() && !contains(mapping.creators, judge.author.archetype))
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
