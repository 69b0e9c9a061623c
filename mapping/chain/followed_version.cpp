#include "mapping/chain/followed_version.hpp"

#include <set>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// The ids of the tasks that stand at a place of the list, before or after.
std::set<std::string> ids_at(const StatusDocument& before, const StatusDocument& after, std::string_view token) {
  std::set<std::string> ids;
  const auto position = array_index(token);
  for (const StatusDocument* document : {&before, &after})
    if (position && *position < document->task_count()) ids.emplace(document->task_id(*position));
  return ids;
}

void add_missing_tasks(const StatusDocument& of, const StatusDocument& in, std::vector<ChangedValue>& changes) {
  for (std::size_t position = 0; position < of.task_count(); ++position)
    if (!in.find_task(of.task_id(position))) changes.push_back({std::string(of.task_id(position)), nullptr, true});
}

// The list whose element is added, else the value itself.
Pointer changed_place(const Pointer& path) { return path.last() == "-" ? path.parent() : path; }

std::vector<PatchOperation> patch_of(std::string_view record) {
  try {
    return decode_json_patch(decode_record(record).patch);
  } catch (const Rejection& rejection) {
    throw RecordError(rejection.what());
  }
}

}  // namespace

Version followed_version(const StatusDocument& before, std::shared_ptr<const StatusDocument> after, std::string record,
                         ChainHead head) {
  const Mapping& mapping = before.mapping();
  const Pointer& collection = mapping.collection->pointer;
  const std::size_t depth = collection.tokens().size();
  Version version;
  for (const PatchOperation& operation : patch_of(record)) {
    const auto& tokens = operation.path.tokens();
    if (tokens.size() > depth + 1 && operation.path.starts_with(collection)) {
      const Pointer inside = changed_place(operation.path.behind(depth + 1));
      const Field* field = mapping.at_or_around(inside, true);
      for (const std::string& id : ids_at(before, *after, tokens[depth]))
        version.changes.push_back(changed_value(id, field, inside));
    } else if (tokens.size() <= depth + 1 &&
               (operation.path.starts_with(collection) || collection.starts_with(operation.path))) {
      version.tasks_listed_anew = true;
    } else {
      const Pointer place = changed_place(operation.path);
      version.changes.push_back(changed_value({}, mapping.at_or_around(place, false), place));
    }
  }
  if (version.tasks_listed_anew) {
    add_missing_tasks(before, *after, version.changes);
    add_missing_tasks(*after, before, version.changes);
  }
  version.document = std::move(after);
  version.record = std::move(record);
  version.head = std::move(head);
  return version;
}

}  // namespace statusfs
