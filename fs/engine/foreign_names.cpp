#include "fs/engine/foreign_names.hpp"

#include <optional>
#include <string>

#include "fs/identity/persona.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// The text that the field got in this task; nothing where it is as it was.
std::optional<std::string> new_text(const Field* field, const Value& task, const Value* task_before) {
  const Value* now = field ? find(task, field->pointer) : nullptr;
  if (!now || !now->is_string()) return std::nullopt;
  const Value* then = task_before ? find(*task_before, field->pointer) : nullptr;
  return then && *then == *now ? std::nullopt : std::optional(std::string(now->as_string()));
}

[[noreturn]] void refuse(const StatusDocument& document, std::size_t position, const Field& field,
                         const std::string& name, const std::string& why) {
  const Pointer pointer = document.mapping().collection->pointer.child(position).concat(field.pointer);
  throw Rejection(Cause::not_permitted, pointer.text() + ": \"" + name + "\" " + why);
}

}  // namespace

void require_own_names(const StatusDocument& before, const StatusDocument& after, const Author& author) {
  const Mapping& mapping = after.mapping();
  const Field* persona = mapping.stamped(Stamp::persona, true);
  const Field* archetype = mapping.stamped(Stamp::archetype, true);
  for (std::size_t position = 0; position < after.task_count(); ++position) {
    const Value& task = after.task(position);
    const auto known = before.find_task(after.task_id(position));
    const Value* task_before = known ? &before.task(*known) : nullptr;
    if (task_before && task_before->is_same_node(task)) continue;
    const auto name = new_text(persona, task, task_before);
    if (name && is_reserved_persona(*name) && *name != author.persona)
      refuse(after, position, *persona, *name, "is what statusfs itself signs as");
    const auto role = new_text(archetype, task, task_before);
    if (role && *role != author.archetype && author.archetype != mapping.authority())
      refuse(after, position, *archetype, *role, "is not the archetype of its owner, " + author.archetype);
  }
}

}  // namespace statusfs
