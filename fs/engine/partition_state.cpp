#include "fs/engine/partition_state.hpp"

namespace statusfs {

const Field* partition_field(const Mapping& mapping) {
  for (const Field* field : mapping.file_fields())
    if (field->access == Access::read_only && field->enumeration && field->enumeration->contains(partition_partitioned))
      return field;
  return nullptr;
}

bool is_partitioned(const StatusDocument& document) {
  const Field* field = partition_field(document.mapping());
  const Value* state = field ? document.value_of(*field) : nullptr;
  return state && *state == Value(partition_partitioned);
}

}  // namespace statusfs
