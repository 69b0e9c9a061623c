// A place in a status file whose history is asked for, by its path in the tree or by a JSON pointer.
#pragma once

#include <string>
#include <string_view>

#include "mapping/chain/history_changes.hpp"
#include "mapping/document/pointer.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

struct HistoryTarget {
  std::string task;  ///< id; empty in the file's scope
  Pointer pointer;   ///< from the scope
};
/// Reads a path in the tree (`tasks/t1/status`) or a JSON pointer into the document (`/payload/...`). Throws
/// Rejection(not_found) for what is in neither.
HistoryTarget history_target(const Mapping& mapping, const Value& root, std::string_view path);
/// Whether the change touches the target: the value itself, something in it, or something around it.
bool touches(const Mapping& mapping, const HistoryChange& change, const HistoryTarget& target);

/// The target's value in a document; nullptr where there is none.
const Value* value_at(const Mapping& mapping, const Value& root, const HistoryTarget& target);

}  // namespace statusfs
