#include "mapping/chain/check.hpp"

#include <algorithm>
#include <optional>

#include "mapping/chain/derived_counts.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

// "125" of "exec_status_125": what stands behind the last underscore.
std::string number_of(std::string_view name) { return std::string(name.substr(name.rfind('_') + 1)); }

// Where the rule is an implication in that mode, and does not hold.
std::optional<Finding> broken_implication(const Rule& rule, RuleMode mode, const Value& task, const Pointer& prefix) {
  if (!rule.implication || rule.mode != mode) return std::nullopt;
  const auto is = [&](const FieldCondition& condition) {
    const Value* value = find(task, condition.field->pointer);
    return value && *value == condition.value;
  };
  if (!is(rule.implication->when) || is(rule.implication->then)) return std::nullopt;
  return Finding{prefix.concat(rule.implication->then.field->pointer).text(),
                 "rule " + rule.name + ": must be " + compact(rule.implication->then.value)};
}

class Check {
 public:
  Check(const StatusDocument& document, const std::string& stem, const Plan* plan)
      : document_(document), mapping_(document.mapping()), stem_(stem), plan_(plan) {}

  std::vector<Finding> run() {
    for (const Field* field : mapping_.file_fields()) check_field(*field, document_.root(), Pointer());
    for (std::size_t position = 0; position < document_.task_count(); ++position) check_task(position);
    check_schema();
    check_plan();
    return std::move(findings_);
  }

 private:
  void add(const Pointer& pointer, std::string message) { findings_.push_back({pointer.text(), std::move(message)}); }

  static bool may_be_absent(const Field& field) {
    return field.nullable || field.absent || (!field.initial && field.stamp == Stamp::none);
  }

  void check_field(const Field& field, const Value& scope, const Pointer& prefix) {
    if (!field.has_own_value() || field.type == FieldType::collection) return;
    const Pointer pointer = prefix.concat(field.pointer);
    const Value* value = find(scope, field.pointer);
    if (!value) {
      if (!may_be_absent(field)) add(pointer, "is missing; it takes " + accepted_by(field));
      return;
    }
    const bool is_unadopted_stamp = value->is_null() && field.stamp != Stamp::none;
    const auto complaint = complaint_about(field, *value);
    if (complaint && !is_unadopted_stamp) add(pointer, *complaint);
    if (field.entry && value->is_array()) check_entries(field, *value, pointer);
    if (field.derived) check_derived(field, *value, pointer);
    if (field.names_plan) check_number(*value, pointer);
  }

  void check_entries(const Field& field, const Value& list, const Pointer& pointer) {
    for (std::size_t position = 0; position < list.size(); ++position)
      for (const EntryMember& member : field.entry->members)
        check_member(member, list.element(position).find(member.key), pointer.child(position).child(member.key));
  }

  void check_member(const EntryMember& member, const Value* value, const Pointer& pointer) {
    if (!value) {
      if (member.required) add(pointer, "is missing; every entry has one");
      return;
    }
    if (const auto complaint = complaint_about(member, *value)) add(pointer, *complaint);
    // In a version the task was there when the entry was made, and may have been removed since.
    const bool is_dangling = member.references_tasks && value->is_string() && !document_.find_task(value->as_string());
    if (is_dangling && !is_version()) add(pointer, "names " + compact(*value) + ", and there is no such task");
  }

  // As statusfs makes them. Found out once, and only where it matters: everything is hashed for it.
  bool is_version() {
    if (!is_version_) is_version_ = has_any_hash(document_) && verify_hashes(document_, 1).empty();
    return *is_version_;
  }

  void check_derived(const Field& field, const Value& value, const Pointer& pointer) {
    const Value expected(derived_value(document_, field));
    if (!(value == expected)) add(pointer, "is " + compact(value) + ", but the tasks give " + compact(expected));
  }

  void check_number(const Value& value, const Pointer& pointer) {
    if (value.is_string() && number_of(value.as_string()) != number_of(stem_))
      add(pointer,
          "is " + compact(value) + ", which does not bear the number " + number_of(stem_) + " of the file's name");
  }

  void check_task(std::size_t position) {
    const Pointer prefix = mapping_.collection->pointer.child(position);
    const Value& task = document_.task(position);
    const Pointer id({mapping_.collection_id});  // a document is only made of tasks that have one, of any text
    for (const Field* field : mapping_.task_fields())
      if (!(field->pointer == id)) check_field(*field, task, prefix);
    for (const Rule& rule : mapping_.rules)
      if (auto finding = broken_implication(rule, RuleMode::enforce, task, prefix))
        findings_.push_back(*std::move(finding));
    if (plan_ && !plan_->find(document_.task_id(position)))
      add(prefix, "plan " + plan_->id() + " has no task " + compact(Value(document_.task_id(position))));
  }

  void check_plan() {
    const Field* field = field_initialised_by(mapping_, "{plan_id}");
    const Value* value = field && plan_ ? document_.value_of(*field) : nullptr;
    if (value && !(*value == Value(plan_->id())))
      add(field->pointer, "is " + compact(*value) + ", but the plan beside the file is " + plan_->id());
  }

  void check_schema() {
    const Field* field = field_initialised_by(mapping_, "{schema}");
    const Value* value = field ? document_.value_of(*field) : nullptr;
    if (value && !(*value == Value(mapping_.schema)))
      add(field->pointer, "is " + compact(*value) + "; this mapping knows " + mapping_.schema);
  }

  const StatusDocument& document_;
  const Mapping& mapping_;
  const std::string& stem_;
  const Plan* plan_;
  std::optional<bool> is_version_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_document(const StatusDocument& document, const std::string& stem, const Plan* plan) {
  return Check(document, stem, plan).run();
}

std::vector<Finding> warnings_about(const StatusDocument& document) {
  std::vector<Finding> warnings;
  for (std::size_t position = 0; position < document.task_count(); ++position) {
    const Pointer prefix = document.mapping().collection->pointer.child(position);
    for (const Rule& rule : document.mapping().rules)
      if (auto finding = broken_implication(rule, RuleMode::warn, document.task(position), prefix))
        warnings.push_back(*std::move(finding));
  }
  return warnings;
}

}  // namespace statusfs
