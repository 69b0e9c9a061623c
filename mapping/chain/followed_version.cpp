#include "mapping/chain/followed_version.hpp"

#include <set>

#include "mapping/document/difference.hpp"
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

class Changes {
 public:
  Changes(const StatusDocument& before, const StatusDocument& after)
      : before_(before), after_(after), mapping_(after.mapping()), collection_(mapping_.collection->pointer) {}

  void add(const PatchOperation& operation) {
    const auto& tokens = operation.path.tokens();
    const std::size_t depth = collection_.tokens().size();
    if (!operation.path.starts_with(collection_)) {
      is_listed_anew_ = is_listed_anew_ || collection_.starts_with(operation.path);
      return add_place({}, changed_place(operation.path));
    }
    const Pointer inside = tokens.size() > depth ? operation.path.behind(depth + 1) : Pointer();
    is_listed_anew_ = is_listed_anew_ || inside.is_root() || inside == Pointer({mapping_.collection_id});
    if (!inside.is_root()) touched_.merge(ids_at(before_, after_, tokens[depth]));
  }

  // A task that was moved in the list is still the same one: tasks are compared with what they were, by their ids.
  void take(Version& version) {
    if (is_listed_anew_) {
      for (std::size_t position = 0; position < after_.task_count(); ++position)
        add_task(std::string(after_.task_id(position)));
      add_missing_tasks(before_, after_, changes_);
      add_missing_tasks(after_, before_, changes_);
    } else {
      for (const std::string& id : touched_) add_task(id);
    }
    version.changes = std::move(changes_);
    version.tasks_listed_anew = is_listed_anew_;
  }

 private:
  void add_task(const std::string& id) {
    const auto before = before_.find_task(id), after = after_.find_task(id);
    if (!before || !after) return;
    for (const PatchOperation& operation : json_difference(before_.task(*before), after_.task(*after)))
      add_place(id, changed_place(operation.path));
  }

  // An object that came, went, or gave its place to something else did so with the fields in it.
  void add_place(const std::string& task, const Pointer& place) {
    const bool in_task = !task.empty();
    if (!collection_.starts_with(place) || in_task)
      changes_.push_back(changed_value(task, mapping_.at_or_around(place, in_task), place));
    for (const Field* field : in_task ? mapping_.task_fields() : mapping_.file_fields()) {
      const bool is_inside = field->pointer.starts_with(place) && !(field->pointer == place);
      if (is_inside && field->has_own_value() && differs(task, field->pointer)) changes_.push_back({task, field});
    }
  }

  bool differs(const std::string& task, const Pointer& pointer) const {
    const Value* before = find(*before_.scope(task), pointer);
    const Value* after = find(*after_.scope(task), pointer);
    return before && after ? !(*before == *after) : before != after;
  }

  const StatusDocument& before_;
  const StatusDocument& after_;
  const Mapping& mapping_;
  const Pointer& collection_;
  std::set<std::string> touched_;
  std::vector<ChangedValue> changes_;
  bool is_listed_anew_ = false;
};

Version version_with(const std::vector<PatchOperation>& operations, const StatusDocument& before,
                     std::shared_ptr<const StatusDocument> after, std::string record, ChainHead head) {
  Changes changes(before, *after);
  for (const PatchOperation& operation : operations) changes.add(operation);
  Version version;
  changes.take(version);
  version.document = std::move(after);
  version.record = std::move(record);
  version.head = std::move(head);
  return version;
}

}  // namespace

Version followed_version(const StatusDocument& before, std::shared_ptr<const StatusDocument> after, std::string record,
                         ChainHead head) {
  const std::vector<PatchOperation> operations = patch_of(record);
  return version_with(operations, before, std::move(after), std::move(record), std::move(head));
}

Version version_of_several(const StatusDocument& before, std::shared_ptr<const StatusDocument> after,
                           std::string record, ChainHead head) {
  const std::vector<PatchOperation> operations = json_difference(before.root(), after->root());
  return version_with(operations, before, std::move(after), std::move(record), std::move(head));
}

}  // namespace statusfs
