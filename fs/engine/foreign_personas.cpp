#include "fs/engine/foreign_personas.hpp"

#include <string>

#include "fs/identity/persona.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

void require_own_personas(const StatusDocument& before, const StatusDocument& after, const Author& author) {
  const Mapping& mapping = after.mapping();
  const Field* field = mapping.stamped(Stamp::persona, true);
  if (!field) return;
  for (std::size_t position = 0; position < after.task_count(); ++position) {
    const Value* now = after.value_of(*field, position);
    if (!now || !now->is_string() || !is_reserved_persona(now->as_string()) || now->as_string() == author.persona)
      continue;
    const auto known = before.find_task(after.task_id(position));
    const Value* then = known ? before.value_of(*field, *known) : nullptr;
    if (then && *then == *now) continue;
    throw Rejection(Cause::not_permitted, mapping.collection->pointer.child(position).concat(field->pointer).text() +
                                              ": \"" + std::string(now->as_string()) +
                                              "\" is what statusfs itself signs as");
  }
}

}  // namespace statusfs
