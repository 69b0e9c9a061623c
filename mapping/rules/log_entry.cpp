#include "mapping/rules/log_entry.hpp"

#include <algorithm>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

bool is_filled_in(const EntryMember& member) { return member.stamp != Stamp::none || member.always; }

void require_valid_member(const TaskExists& task_exists, const EntryMember& member, const Value* value) {
  if (is_filled_in(member)) return;
  if (!value && member.required)
    throw Rejection(Cause::invalid, "the entry lacks " + member.key + ", " +
                                        (member.takes_any ? "any value" : "a " + std::string(name_of(member.type))));
  if (!value) return;
  if (const auto complaint = complaint_about(member, *value)) throw Rejection(Cause::invalid, *complaint);
  if (member.references_tasks && value->is_string() && !task_exists(value->as_string()))
    throw Rejection(Cause::invalid, member.key + " names " + compact(*value) + ", and there is no such task");
}

std::optional<Value> stored_member(const EntryMember& member, const Value* given, const WriteStamps& stamps) {
  if (member.always) return *member.always;
  if (auto stamped = value_of_stamp(member.stamp, stamps)) return stamped;
  if (given) return *given;
  return member.initial;
}

}  // namespace

void require_valid_entry(const TaskExists& task_exists, const Field& log, const Value& entry) {
  if (!entry.is_object())
    throw Rejection(Cause::invalid, shown(entry) + " is not accepted in " + log.name + "; it takes JSON objects");
  require_exact_integers(entry);
  for (const EntryMember& member : log.entry->members)
    require_valid_member(task_exists, member, entry.find(member.key));
}

Value stamped_entry(const Field& log, const Value& entry, const WriteStamps& stamps) {
  std::vector<Member> members;
  for (const EntryMember& member : log.entry->members)
    if (auto value = stored_member(member, entry.find(member.key), stamps)) members.emplace_back(member.key, *value);
  for (const Member& given : entry.members()) {
    const bool is_known = std::ranges::any_of(log.entry->members, [&](const auto& m) { return m.key == given.name(); });
    if (!is_known) members.push_back(given);
  }
  return Value::object(std::move(members));
}

}  // namespace statusfs
