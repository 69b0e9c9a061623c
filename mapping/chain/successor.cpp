#include "mapping/chain/successor.hpp"

#include <algorithm>
#include <vector>

#include "mapping/chain/check.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

class SuccessorCheck {
 public:
  SuccessorCheck(const VersionBefore& before, const StatusDocument& document)
      : before_(before), document_(document), g_(std::max(before.g, stamps_of_successor(document).g)) {}

  std::optional<Finding> run() {
    const Mapping& mapping = document_.mapping();
    for (const Field* field : mapping.file_fields()) {
      if (field->stamp == Stamp::g) check_file_stamp(*field);
      check_entries(*field, before_.document.root(), document_.root(), Pointer());
    }
    for (std::size_t position = 0; position < document_.task_count(); ++position) check_task(position);
    return fault_;
  }

 private:
  void add(const Pointer& pointer, std::string message) {
    if (!fault_) fault_ = Finding{pointer.text(), std::move(message)};
  }

  // A program that knows of no counter leaves the numbers as they were.
  void check_file_stamp(const Field& field) {
    const Value* value = document_.value_of(field);
    const Value* known = before_.document.value_of(field);
    if (value && known && *value == *known) return;
    if (!value || !value->is_integer() || value->as_integer() <= before_.g ||
        value->as_integer() >= largest_exact_integer)
      add(field.pointer, (value ? "is " + compact(*value) : std::string("is missing")) +
                             "; a mutation stamps a number that is larger than " + std::to_string(before_.g) +
                             " and not the last of all");
  }

  void check_task(std::size_t position) {
    const Mapping& mapping = document_.mapping();
    const Pointer prefix = mapping.collection->pointer.child(position);
    const Value& task = document_.task(position);
    const auto known = before_.document.find_task(std::string(document_.task_id(position)));
    const Value earlier = known ? before_.document.task(*known) : Value::object({});
    for (const Field* field : mapping.task_fields()) {
      const Value* value = find(task, field->pointer);
      const bool is_g = field->stamp == Stamp::g || (field->stamp_with && field->stamp_with->stamp == Stamp::g);
      if (is_g && value) check_task_stamp(*field, find(earlier, field->pointer), *value, prefix.concat(field->pointer));
      check_entries(*field, earlier, task, prefix);
    }
  }

  // A number never goes, and never back. What was without one may stay so: a chain may begin with a file whose tasks
  // nobody stamped.
  void check_task_stamp(const Field& field, const Value* known, const Value& value, const Pointer& pointer) {
    if (known && *known == value) return check_not_later(value, pointer);
    if (value.is_null() && !field.nullable)
      return add(pointer, "is null; a mutation that adds or changes a task stamps a number");
    if (value.is_integer() && known && known->is_integer() && value.as_integer() < known->as_integer())
      return add(pointer, "is " + compact(value) + ", which is earlier than the " + compact(*known) + " before");
    check_not_later(value, pointer);
  }

  void check_not_later(const Value& value, const Pointer& pointer) {
    if (value.is_integer() && value.as_integer() > g_)
      add(pointer, "is " + compact(value) + ", which is later than the file's " + std::to_string(g_));
  }

  void check_entries(const Field& field, const Value& before, const Value& after, const Pointer& prefix) {
    const Value* list = field.entry ? find(after, field.pointer) : nullptr;
    if (!list || !list->is_array()) return;
    const Value* earlier = find(before, field.pointer);
    const Pointer pointer = prefix.concat(field.pointer);
    for (std::size_t at = earlier && earlier->is_array() ? earlier->size() : 0; at < list->size(); ++at)
      for (const EntryMember& member : field.entry->members) check_member(member, list->element(at), pointer.child(at));
  }

  void check_member(const EntryMember& member, const Value& entry, const Pointer& pointer) {
    if (member.stamp == Stamp::none) return;
    const Value* value = entry.find(member.key);
    if (!value) return add(pointer.child(member.key), "is missing; every entry is stamped with it");
    if (member.stamp == Stamp::g) check_not_later(*value, pointer.child(member.key));
  }

  const VersionBefore& before_;
  const StatusDocument& document_;
  const std::int64_t g_;
  std::optional<Finding> fault_;
};

bool is_among(const std::vector<Finding>& findings, const Finding& finding) {
  return std::ranges::any_of(findings, [&](const Finding& known) {
    return known.pointer == finding.pointer && known.message == finding.message;
  });
}

}  // namespace

bool is_successor(const StatusDocument& document, const ChainHead& head) {
  const Mapping& mapping = document.mapping();
  const Value* version = document.value_of(*mapping.stamped(Stamp::version, false));
  const Value* previous = document.value_of(*mapping.stamped(Stamp::payload_hash_previous, false));
  return version && *version == Value(static_cast<std::int64_t>(head.version + 1)) && previous &&
         *previous == Value(head.payload_hash_current) && verify_hashes(document, 1).empty();
}

SuccessorStamps stamps_of_successor(const StatusDocument& document) {
  SuccessorStamps stamps;
  for (const Field* field : document.mapping().file_fields()) {
    const Value* value = document.value_of(*field);
    if (field->stamp == Stamp::g && value && value->is_integer()) stamps.g = std::max(stamps.g, value->as_integer());
    if (field->stamp == Stamp::trace_id && value && value->is_string()) stamps.trace_id = value->as_string();
  }
  return stamps;
}

std::optional<Finding> fault_of_successor(const VersionBefore& before, const StatusDocument& document,
                                          const std::string& stem, const Plan* plan) {
  const std::vector<Finding> known = check_document(before.document, stem, plan);
  for (const Finding& finding : check_document(document, stem, plan))
    if (!is_among(known, finding)) return finding;
  return SuccessorCheck(before, document).run();
}

}  // namespace statusfs
