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
  throw Rejection(Cause::access_denied, author.persona + " is " + author.archetype + " and may not " + what +
                                            "; allowed for: " + (names.empty() ? "nobody" : names));
}

const std::string& authority(const Mapping& mapping) { return mapping.archetypes.front(); }

// A plan may name who works on a task; the authority over locks is above that.
void require_plan_authorization(const StatusDocument& document, const std::string& task, const Judge& judge) {
  if (!judge.plan || task.empty() || judge.author.archetype == authority(document.mapping())) return;
  const PlannedTask* planned = judge.plan->find(task);
  if (!planned || planned->authorized_archetypes.empty()) return;
  if (!contains(planned->authorized_archetypes, judge.author.archetype))
    deny(judge.author, "write task " + task + ", for which the plan names its writers", planned->authorized_archetypes);
}

void require_removal(const StatusDocument& document, const std::string& task, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  if (contains(mapping.removers, judge.author.archetype)) return;
  const bool may_remove_unplanned = contains(mapping.unplanned_removers, judge.author.archetype);
  if (may_remove_unplanned && judge.plan && !judge.plan->find(task)) return;
  if (may_remove_unplanned)
    deny(judge.author, "remove task " + task + " unless a plan exists and does not have it", mapping.removers);
  deny(judge.author, "remove task " + task, mapping.removers);
}

}  // namespace

void require_access_to_field(const StatusDocument& document, const Field& field, const std::string& task,
                             const Judge& judge) {
  if (field.access == Access::read_only || field.access == Access::patch) return;  // not a matter of who is writing
  if (!field.may_be_written_by(judge.author.archetype)) deny(judge.author, "write " + field.name, field.writers);
  require_plan_authorization(document, task, judge);
}

void require_access(const StatusDocument& document, const ChangeSet& changes, const Judge& judge) {
  const Mapping& mapping = document.mapping();
  for (const FieldChange& change : changes.fields) {
    if (change.field)
      require_access_to_field(document, *change.field, change.task, judge);
    else if (mapping.locks.is_lock(change.pointer.last()) && judge.author.archetype != authority(mapping))
      deny(judge.author, "change the lock " + change.pointer.last(), {authority(mapping)});
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
