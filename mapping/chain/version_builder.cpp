#include "mapping/chain/version_builder.hpp"

#include <algorithm>
#include <map>

#include "mapping/document/difference.hpp"
#include "mapping/document/member_positions.hpp"
#include "mapping/rules/log_entry.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

// The outermost part of the pointer that `before` does not have, or has as something in which nothing can stand: what
// an `add`, or a `replace` of it, must bring.
Pointer first_missing(const Value& before, const Pointer& pointer) {
  Pointer at;
  const Value* value = &before;
  for (const std::string& token : pointer.tokens()) {
    at = at.child(token);
    value = value->find(token);
    if (!value || !value->is_object()) break;
  }
  return at;
}

Value with_appended_entries(const Value* list, const Field& log, const FieldChange& change, const WriteStamps& stamps) {
  std::vector<Value> entries;
  for (const Value& entry : change.appended) entries.push_back(stamped_entry(log, entry, stamps));
  return (list && list->is_array() ? *list : Value::array()).with_all_appended(std::move(entries));
}

std::map<std::string, std::vector<const FieldChange*>> by_task(const ChangeSet& changes) {
  std::map<std::string, std::vector<const FieldChange*>> result;
  for (const FieldChange& change : changes.fields)
    if (change.in_task()) result[change.task].push_back(&change);
  return result;
}

Pointer trigger_of(const Field& field) { return field.pointer.parent().child(field.stamp_with->trigger); }

bool is_told(const std::vector<const FieldChange*>& changes, const Pointer& pointer) {
  return std::ranges::any_of(changes, [&](const FieldChange* change) { return change->pointer == pointer; });
}

}  // namespace

VersionBuilder::VersionBuilder(const StatusDocument& document, const MutationStamp& stamp, IncrementalDigest& digest,
                               DerivedCounts& counts)
    : document_(document), stamp_(stamp), digest_(digest), counts_(counts) {}

void VersionBuilder::set_value(const Field* field, const Pointer& pointer, std::optional<Value> value) {
  const Value* before = find(document_.root(), pointer);
  // An equal value that is written otherwise (1.0 for 1) must not slip in: a replay would not have it.
  if (before && value && *before == *value) return;
  if (!before && !value) return;
  changes_.push_back(changed_value({}, field, pointer));
  if (!value) {
    patch_.remove({}, pointer);
    return document_.set_value(pointer, std::nullopt);
  }
  if (before) {
    patch_.replace({}, pointer, *value);
    return document_.set_value(pointer, std::move(value));
  }
  const Pointer brought = first_missing(document_.root(), pointer);
  const bool is_there = find(document_.root(), brought) != nullptr;
  document_.set_value(pointer, std::move(value));
  const Value& whole = *find(document_.root(), brought);
  return is_there ? patch_.replace({}, brought, whole) : patch_.add({}, brought, whole);
}

void VersionBuilder::append_to_log(const FieldChange& change) {
  const Value* list = find(document_.root(), change.pointer);
  Value after = with_appended_entries(list, *change.field, change, {stamp_.g, stamp_.author});
  if (!list || !list->is_array()) return set_value(change.field, change.pointer, std::move(after));
  for (std::size_t position = list->size(); position < after.size(); ++position)
    patch_.append({}, change.pointer, after.element(position));
  changes_.push_back({{}, change.field});
  document_.set_value(change.pointer, std::move(after));
}

void VersionBuilder::apply_to_file(const FieldChange& change) {
  if (change.is_append()) return append_to_log(change);
  const Field* field = change.field ? change.field : document_.mapping().at_or_around(change.pointer, false);
  set_value(field, change.pointer, change.after);
}

Value VersionBuilder::stamped_task(Value task) const {
  const Mapping& mapping = document_.mapping();
  for (const Field* field : mapping.task_fields())
    if (auto value = stamp_value(field->stamp)) task = with_value_at(std::move(task), field->pointer, std::move(value));
  Value signature(signature_hash(mapping, task));
  return with_value_at(std::move(task), mapping.stamped(Stamp::signature_hash, true)->pointer, std::move(signature));
}

void VersionBuilder::apply_to_task(const std::string& id, const std::vector<const FieldChange*>& changes) {
  const Mapping& mapping = document_.mapping();
  const std::size_t position = *document_.find_task(id);
  const Value before = document_.task(position);
  Value after = before;
  for (const FieldChange* change : changes) {
    std::optional<Value> value = change->after;
    if (change->is_append())
      value = with_appended_entries(find(after, change->pointer), *change->field, *change, {stamp_.g, stamp_.author});
    after = with_value_at(std::move(after), change->pointer, std::move(value));
  }
  for (const Field* field : mapping.task_fields())
    if (field->stamp_with && is_told(changes, trigger_of(*field)))
      after = with_value_at(std::move(after), field->pointer, stamp_value(field->stamp_with->stamp));
  after = stamped_task(std::move(after));
  record_members({id, before, after, mapping.collection->pointer.child(position).text()}, before, after, Pointer());
  digest_.task_changed(position, before, after);
  counts_.task_changed(&before, &after);
  document_.set_task(position, std::move(after));
}

// A changed task is recorded by its changed members, down to the fields of the mapping; lists that only grew by their
// new ends.
void VersionBuilder::record_members(const TaskChange& task, const Value& before, const Value& after,
                                    const Pointer& at) {
  const MemberPositions old_members(before), new_members(after);
  for (const Member& member : after.members()) {
    const Value* old_value = old_members.find(member.name());
    if (!old_value || !old_value->is_same_node(member.value)) record_member(task, old_value, member, at);
  }
  for (const Member& member : before.members()) {
    if (new_members.find(member.name())) continue;
    const Pointer pointer = at.child(member.name());
    record_value(task, document_.mapping().at_or_around(pointer, true), pointer);
  }
}

void VersionBuilder::record_member(const TaskChange& task, const Value* before, const Member& after,
                                   const Pointer& at) {
  const Mapping& mapping = document_.mapping();
  const Field* field = mapping.at(at, after.name(), true);
  const Pointer unknown = field ? Pointer() : at.child(after.name());
  const Pointer& pointer = field ? field->pointer : unknown;
  if (field && field->type == FieldType::group && before && before->is_object() && after.value.is_object())
    return record_members(task, *before, after.value, pointer);
  if (!field) field = mapping.at_or_around(at, true);
  if (!before || !is_extension(*before, after.value)) return record_value(task, field, pointer);
  for (std::size_t position = before->size(); position < after.value.size(); ++position)
    patch_.append(task.pointer, pointer, after.value.element(position));
  changes_.push_back(changed_value(task.id, field, pointer));
}

void VersionBuilder::record_value(const TaskChange& task, const Field* field, const Pointer& pointer) {
  const Value* old_value = find(task.before, pointer);
  const Value* new_value = find(task.after, pointer);
  if (old_value && new_value && *old_value == *new_value) return;
  if (!old_value && !new_value) return;
  changes_.push_back(changed_value(task.id, field, pointer));
  if (!new_value) return patch_.remove(task.pointer, pointer);
  if (old_value) return patch_.replace(task.pointer, pointer, *new_value);
  patch_.add(task.pointer, pointer, *new_value);
}

Value VersionBuilder::with_stamped_entries(Value task) const {
  for (const Field* field : document_.mapping().task_fields()) {
    const Value* list = field->entry ? find(task, field->pointer) : nullptr;
    if (!list || !list->is_array()) continue;
    std::vector<Value> entries;
    for (std::size_t position = 0; position < list->size(); ++position)
      entries.push_back(stamped_entry(*field, list->element(position), {stamp_.g, stamp_.author}));
    task = with_value_at(task, field->pointer, Value::array(std::move(entries)));
  }
  return task;
}

// A new task's fields count as written where they are not what every new task begins with. One that comes back has its
// stamps already.
Value VersionBuilder::with_stamps_of_written(Value task, const std::string& id) const {
  const Mapping& mapping = document_.mapping();
  const Value beginning = initial_task(mapping, {{}, {}, id, stamp_.g});
  for (const Field* field : mapping.task_fields()) {
    if (!field->stamp_with) continue;
    const auto is_written = [&](const Pointer& pointer) {
      const Value* value = find(task, pointer);
      const Value* initial = find(beginning, pointer);
      return value && !(initial && *initial == *value);
    };
    if (is_written(trigger_of(*field)) && !is_written(field->pointer))
      task = with_value_at(task, field->pointer, stamp_value(field->stamp_with->stamp));
  }
  return task;
}

void VersionBuilder::add_task(const Value& task) {
  const Mapping& mapping = document_.mapping();
  const std::string id(task.find(mapping.collection_id)->as_string());
  const Value stamped = stamped_task(with_stamps_of_written(task, id));
  const bool has_list = document_.tasks().is_array();
  document_ = document_.with_added_task(stamped);
  const Pointer& tasks = mapping.collection->pointer;
  if (has_list)
    patch_.append({}, tasks, stamped);
  else
    patch_.add({}, tasks, document_.tasks());
  digest_.task_added(stamped);
  counts_.task_changed(nullptr, &stamped);
  changes_.push_back({id, nullptr, true});
}

void VersionBuilder::remove_tasks(const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  std::vector<std::size_t> positions;
  positions.reserve(ids.size());
  for (const std::string& id : ids) positions.push_back(*document_.find_task(id));
  std::ranges::sort(positions);
  // From the last to the first, so that each stands where it stood before any of them was removed.
  for (auto next = positions.rbegin(); next != positions.rend(); ++next) {
    const std::size_t position = *next;
    const Value& task = document_.task(position);
    patch_.remove({}, document_.mapping().collection->pointer.child(position));
    counts_.task_changed(&task, nullptr);
    changes_.push_back({std::string(document_.task_id(position)), nullptr, true});
  }
  digest_.tasks_removed(positions, document_);
  document_ = document_.without_tasks(positions);
}

void VersionBuilder::stamp_what_was_told(const ChangeSet& changes) {
  std::vector<const FieldChange*> told;
  for (const FieldChange& change : changes.fields)
    if (!change.in_task()) told.push_back(&change);
  for (const Field* field : document_.mapping().file_fields())
    if (field->stamp_with && is_told(told, trigger_of(*field))) set(*field, stamp_value(field->stamp_with->stamp));
}

void VersionBuilder::apply(const ChangeSet& changes) {
  for (const FieldChange& change : changes.fields)
    if (!change.in_task()) apply_to_file(change);
  stamp_what_was_told(changes);
  for (const auto& [id, task_changes] : by_task(changes)) apply_to_task(id, task_changes);
  remove_tasks(changes.removed_tasks);
  for (const Value& task : changes.restored_tasks) add_task(task);
  for (const Value& task : changes.added_tasks) add_task(with_stamped_entries(task));
}

void VersionBuilder::set_derived_values() {
  for (const auto& [field, value] : counts_.values(document_.task_count())) set(*field, Value(value));
}

void VersionBuilder::stamp_file(std::uint64_t version, const std::optional<std::string>& payload_hash_previous) {
  for (const Field* field : document_.mapping().file_fields()) {
    if (field->stamp == Stamp::version)
      set(*field, Value(static_cast<std::int64_t>(version)));
    else if (field->stamp == Stamp::payload_hash_previous)
      set(*field, payload_hash_previous ? Value(*payload_hash_previous) : Value());
    else if (auto value = stamp_value(field->stamp))
      set(*field, std::move(value));
  }
}

std::string VersionBuilder::set_payload_hash() {
  std::string hash = digest_.payload_hash(document_);
  set(*document_.mapping().stamped(Stamp::payload_hash_current, false), Value(hash));
  return hash;
}

}  // namespace statusfs
