#include "fs/engine/file_state.hpp"

#include <algorithm>

namespace statusfs {
namespace {

std::int64_t integer_at(const Value& scope, const Field& field) {
  const Value* value = find(scope, field.pointer);
  return value && value->is_integer() ? value->as_integer() : 0;
}

}  // namespace

// What a disk, or want of memory or descriptors, hinders for now is no property of the file.
Rejection unusable(const std::string& name, const FileState& state) {
  return {state.may_pass ? Cause::io_failure : Cause::read_only, name + " is unusable: " + state.error};
}

Rejection closed(const std::string& name, const FileState& state) {
  return {Cause::read_only, name + " is read-only: " + state.read_only};
}

std::int64_t largest_g_in(const StatusDocument& document) {
  std::int64_t largest = 0;
  const Mapping& mapping = document.mapping();
  for (const Field* field : mapping.file_fields())
    if (field->stamp == Stamp::g) largest = std::max(largest, integer_at(document.root(), *field));
  for (const Field* field : mapping.task_fields())
    for (std::size_t position = 0; field->stamp == Stamp::g && position < document.task_count(); ++position)
      largest = std::max(largest, integer_at(document.task(position), *field));
  return largest;
}

std::int64_t largest_g_in(const FileState& state) {
  return state.document ? std::max(state.head.g, largest_g_in(*state.document)) : state.head.g;
}

}  // namespace statusfs
