// The files and directories that a status document is shown as.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/document/pointer.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// One file or directory of the tree of a status file. It names a place, not a value: the same node may exist in one
/// version of the document and not in another.
struct Node {
  enum class Kind {
    top,      ///< the directory of the status file itself
    field,    ///< a row of the mapping: file, group or collection
    task,     ///< the directory of one task
    unknown,  ///< a JSON value that the mapping does not know
  };
  Kind kind = Kind::top;
  const Field* field = nullptr;  ///< of Kind::field; owned by the mapping
  std::string task;              ///< id of the task that it is or lies in; empty outside of the tasks
  Pointer pointer;               ///< of Kind::unknown: from the file's root, or from the task

  bool in_task() const noexcept { return !task.empty(); }
  friend bool operator==(const Node&, const Node&) = default;
};

struct NamedNode {
  std::string name;
  Node node;
};

/// The value that stands at the node now; nullptr when there is none (an absent key, a task that is gone).
const Value* value_at(const StatusDocument& document, const Node& node);

/// Whether the node is there: rows of the mapping always are, as far as their task is.
bool exists(const StatusDocument& document, const Node& node);
bool is_directory(const StatusDocument& document, const Node& node);

/// Precondition: the node is a directory that exists.
/// A board's own directories are no nodes: see board.hpp.
std::optional<Node> child(const StatusDocument& document, const Node& directory, std::string_view name);
std::vector<NamedNode> children(const StatusDocument& document, const Node& directory);

/// The part of the tree's path below `directory` for a node, for people: "tasks/t1/readiness_check/status".
std::string path_of(const StatusDocument& document, const Node& node);

/// The JSON pointer of the node into the whole file; of a task that is gone it ends at the collection.
Pointer file_pointer(const StatusDocument& document, const Node& node);

}  // namespace statusfs
