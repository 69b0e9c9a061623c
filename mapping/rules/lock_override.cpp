#include "mapping/rules/lock_override.hpp"

#include <algorithm>
#include <array>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/field_text.hpp"
#include "mapping/rules/valid_changes.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

// The request's own members; the entry in the log has those of its row besides.
constexpr std::string_view field_member = "field";
constexpr std::string_view value_member = "value";
constexpr std::string_view reason_member = "reason";

[[noreturn]] void refuse(const std::string& what) {
  throw Rejection(Cause::invalid,
                  what + R"(; an override is {"field": a path below the task, "value": ..., "reason": why})");
}

void require_known_members(const Value& request) {
  constexpr std::array known{field_member, value_member, reason_member};
  if (!request.is_object()) refuse(shown(request) + " is no JSON object");
  for (const Member& member : request.members())
    if (std::ranges::find(known, member.name()) == known.end())
      refuse("the member " + std::string(member.name()) + " is not known");
}

std::string text_member(const Value& request, std::string_view name) {
  const Value* value = request.find(name);
  const bool is_line = value && value->is_string() && value->as_string().find('\n') == std::string_view::npos &&
                       value->as_string().find_first_not_of(" \t") != std::string_view::npos;
  if (!is_line) refuse("the member " + std::string(name) + " must be one line of text that is not empty");
  return std::string(value->as_string());
}

}  // namespace

void require_valid_reason(const LockOverrideRequest& request) {
  const Value reason(request.reason);
  for (const EntryMember& member : request.record.field->entry->members) {
    if (member.key != reason_member) continue;
    if (const auto complaint = complaint_about(member, reason)) throw Rejection(Cause::invalid, *complaint);
  }
  require_small_enough(reason);
}

bool is_override_node(const StatusDocument& document, const Node& node) {
  return node.kind == Node::Kind::field && document.mapping().override_log_of(*node.field) != nullptr;
}

LockOverrideRequest read_override(const StatusDocument& document, const Node& node, const std::string& text) {
  const Value request = document_of_text(text);
  require_known_members(request);
  const std::string path = text_member(request, field_member);
  const std::string reason = text_member(request, reason_member);
  const Value* value = request.find(value_member);
  if (!value) refuse("the member value is missing");
  const Field* field = document.mapping().task_field(path);
  if (!field) refuse("no field of a task lies at " + compact(Value(path)));
  const Field* log = document.mapping().override_log_of(*node.field);
  LockOverrideRequest result{reason, change_at(document, node.task, field, field->pointer),
                             change_at(document, node.task, log, log->pointer)};
  result.change.after = *value;
  result.record.appended.push_back(
      Value::object({Member(field_member, Value(path)), Member("old_value", result.change.before.value_or(Value())),
                     Member("new_value", *value), Member(reason_member, Value(reason))}));
  return result;
}

}  // namespace statusfs
