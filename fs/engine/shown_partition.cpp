#include "fs/engine/shown_partition.hpp"

#include "fs/engine/partition_state.hpp"

namespace statusfs {

std::shared_ptr<const FileState> with_partition(const std::shared_ptr<const FileState>& state, std::string_view value) {
  const Field* field = state->document ? partition_field(state->document->mapping()) : nullptr;
  if (!field) return state;
  auto shown = std::make_shared<FileState>(*state);
  shown->stored_document = state->document;
  shown->document = std::make_shared<const StatusDocument>(state->document->with_field(*field, Value(value)));
  return shown;
}

}  // namespace statusfs
