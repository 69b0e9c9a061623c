#include "mapping/tree/node.hpp"

#include <algorithm>

#include "mapping/tree/board.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

using Rows = std::vector<std::unique_ptr<Field>>;

// The rows of a directory and the JSON objects ("containers") whose other members it shows besides. At the top these
// are the root and the payload, because rows of both stand there.
struct Directory {
  const Rows* rows = nullptr;  // nullptr for values that the mapping does not know
  std::string task;
  std::vector<Pointer> containers;
};

void add_container(std::vector<Pointer>& containers, const Pointer& pointer) {
  if (std::find(containers.begin(), containers.end(), pointer) == containers.end()) containers.push_back(pointer);
}

Directory of_rows(const Rows& rows, const Pointer& own, std::string task) {
  Directory directory{&rows, std::move(task), {own}};
  for (const auto& row : rows)
    if (row->has_own_value()) add_container(directory.containers, row->pointer.parent());
  return directory;
}

Directory directory_of(const Mapping& mapping, const Node& node) {
  switch (node.kind) {
    case Node::Kind::top:
      return of_rows(mapping.tree, Pointer(), {});
    case Node::Kind::task:
      return of_rows(mapping.collection->children, Pointer(), node.task);
    case Node::Kind::field:
      return of_rows(node.field->children, node.field->pointer, node.task);
    case Node::Kind::unknown:
      return {nullptr, node.task, {node.pointer}};
  }
  return {};
}

bool is_claimed(const Directory& directory, const Pointer& pointer) {
  return directory.rows && std::any_of(directory.rows->begin(), directory.rows->end(), [&](const auto& row) {
           return row->has_own_value() && row->pointer.starts_with(pointer);
         });
}

bool is_row_name(const Directory& directory, std::string_view name) {
  return directory.rows && std::any_of(directory.rows->begin(), directory.rows->end(),
                                       [&](const auto& row) { return row->name == name && !row->hidden; });
}

// A key's name is taken when a row bears it, or a key of a container that is shown before its own; each of them moves
// it one encoded byte further.
std::string name_of_key(const Value& scope, const Directory& directory, std::size_t container, std::string_view key) {
  std::size_t takers = is_row_name(directory, encode_name(key));
  for (std::size_t earlier = 0; earlier < container; ++earlier) {
    const Value* object = find(scope, directory.containers[earlier]);
    takers += object && object->find(key) && !is_claimed(directory, directory.containers[earlier].child(key));
  }
  return encode_name(key, takers);
}

Node unknown_node(const Directory& directory, Pointer pointer) {
  return {Node::Kind::unknown, nullptr, directory.task, std::move(pointer)};
}

std::vector<NamedNode> unknown_children(const Value& scope, const Directory& directory) {
  std::vector<NamedNode> result;
  for (std::size_t container = 0; container < directory.containers.size(); ++container) {
    const Value* object = find(scope, directory.containers[container]);
    if (!object || !object->is_object()) continue;
    for (const Member& member : object->members()) {
      Pointer pointer = directory.containers[container].child(member.name());
      if (member.name().empty() || is_claimed(directory, pointer)) continue;
      result.push_back({name_of_key(scope, directory, container, member.name()), unknown_node(directory, pointer)});
    }
  }
  return result;
}

std::optional<Node> unknown_child(const Value& scope, const Directory& directory, std::string_view name) {
  if (is_cut_name(name)) {  // a cut name cannot be decoded, so every key is tried
    for (NamedNode& candidate : unknown_children(scope, directory))
      if (candidate.name == name) return std::move(candidate.node);
    return std::nullopt;
  }
  const auto key = decode_name(name);
  if (!key || key->empty()) return std::nullopt;
  for (std::size_t container = 0; container < directory.containers.size(); ++container) {
    const Value* object = find(scope, directory.containers[container]);
    Pointer pointer = directory.containers[container].child(*key);
    if (!object || !object->find(*key) || is_claimed(directory, pointer)) continue;
    if (name_of_key(scope, directory, container, *key) == name) return unknown_node(directory, std::move(pointer));
  }
  return std::nullopt;
}

Node task_node(std::string_view id) { return {Node::Kind::task, nullptr, std::string(id), {}}; }

std::optional<Node> task_child(const StatusDocument& document, std::string_view name) {
  if (is_cut_name(name)) {
    for (std::size_t position = 0; position < document.task_count(); ++position)
      if (encode_name(document.task_id(position)) == name) return task_node(document.task_id(position));
  }
  const auto id = decode_name(name);
  if (!id || !document.find_task(*id) || encode_name(*id) != name) return std::nullopt;
  return task_node(*id);
}

bool is_collection(const Node& node) {
  return node.kind == Node::Kind::field && node.field->type == FieldType::collection;
}

Node row_node(const Directory& directory, const Field& row) { return {Node::Kind::field, &row, directory.task, {}}; }

}  // namespace

const Value* value_at(const StatusDocument& document, const Node& node) {
  const Value* scope = document.scope(node.task);
  if (!scope) return nullptr;
  switch (node.kind) {
    case Node::Kind::top:
    case Node::Kind::task:
      return scope;
    case Node::Kind::field:
      return find(*scope, node.field->pointer);
    case Node::Kind::unknown:
      return find(*scope, node.pointer);
  }
  return nullptr;
}

bool exists(const StatusDocument& document, const Node& node) {
  if (node.kind == Node::Kind::unknown) return value_at(document, node) != nullptr;
  return !node.in_task() || document.find_task(node.task).has_value();
}

bool is_directory(const StatusDocument& document, const Node& node) {
  switch (node.kind) {
    case Node::Kind::top:
    case Node::Kind::task:
      return true;
    case Node::Kind::field:
      return node.field->is_directory();
    case Node::Kind::unknown: {
      const Value* value = value_at(document, node);
      return value && value->is_object();
    }
  }
  return false;
}

std::optional<Node> child(const StatusDocument& document, const Node& node, std::string_view name) {
  if (is_collection(node)) return task_child(document, name);
  if (is_board(node)) return std::nullopt;
  const Directory directory = directory_of(document.mapping(), node);
  if (directory.rows) {
    for (const auto& row : *directory.rows)
      if (row->name == name && !row->hidden) return row_node(directory, *row);
  }
  const Value* scope = document.scope(node.task);
  return scope ? unknown_child(*scope, directory, name) : std::nullopt;
}

std::vector<NamedNode> children(const StatusDocument& document, const Node& node) {
  std::vector<NamedNode> result;
  if (is_collection(node)) {
    result.reserve(document.task_count());
    for (std::size_t position = 0; position < document.task_count(); ++position)
      result.push_back({encode_name(document.task_id(position)), task_node(document.task_id(position))});
    return result;
  }
  if (is_board(node)) return result;
  const Directory directory = directory_of(document.mapping(), node);
  if (directory.rows) {
    for (const auto& row : *directory.rows)
      if (!row->hidden) result.push_back({row->name, row_node(directory, *row)});
  }
  if (const Value* scope = document.scope(node.task))
    std::ranges::move(unknown_children(*scope, directory), std::back_inserter(result));
  return result;
}

namespace {

// The innermost group of the mapping that the pointer leads into, or the scope's own directory.
Node directory_around(const Mapping& mapping, const Node& node) {
  const Field* group = mapping.at_or_around(node.pointer, node.in_task());
  if (group && group->is_directory()) return {Node::Kind::field, group, node.task, {}};
  return node.in_task() ? task_node(node.task) : Node{};
}

// Which of the directory's containers shows the value that the pointer leads to, or into.
std::optional<std::size_t> container_of(const Directory& directory, const Pointer& pointer) {
  std::optional<std::size_t> found;
  std::size_t length = 0;
  for (std::size_t container = 0; container < directory.containers.size(); ++container) {
    const Pointer& own = directory.containers[container];
    const bool is_inside = pointer.starts_with(own) && pointer.tokens().size() > own.tokens().size();
    if (!is_inside || (found && own.tokens().size() < length)) continue;
    found = container;
    length = own.tokens().size();
  }
  return found;
}

// Where the value has been, if it is gone. A value that no directory shows, as the element of a list, is in the file
// around it.
std::string unknown_path(const StatusDocument& document, const Node& node) {
  const Node around = directory_around(document.mapping(), node);
  std::string path = around.kind == Node::Kind::field ? around.field->path : std::string();
  const Value* scope = document.scope(node.task);
  Directory directory = directory_of(document.mapping(), around);
  while (const auto container = scope ? container_of(directory, node.pointer) : std::nullopt) {
    const Pointer& object = directory.containers[*container];
    const std::string& key = node.pointer.tokens()[object.tokens().size()];
    path += (path.empty() ? "" : "/") + name_of_key(*scope, directory, *container, key);
    const Pointer next = object.child(key);
    const Value* value = find(*scope, next);
    if (!value) {  // gone, and what was in it
      for (std::size_t depth = next.tokens().size(); depth < node.pointer.tokens().size(); ++depth)
        path += "/" + encode_name(node.pointer.tokens()[depth]);
      break;
    }
    if (!value->is_object()) break;
    directory = directory_of(document.mapping(), unknown_node(directory, next));
  }
  return path;
}

}  // namespace

std::string path_of(const StatusDocument& document, const Node& node) {
  std::string path;
  if (node.in_task()) path = document.mapping().collection->name + "/" + encode_name(node.task);
  std::string below;
  if (node.kind == Node::Kind::field) below = node.field->path;
  if (node.kind == Node::Kind::unknown) below = unknown_path(document, node);
  if (path.empty() || below.empty()) return path + below;
  return path + "/" + below;
}

Pointer file_pointer(const StatusDocument& document, const Node& node) {
  Pointer pointer;
  if (node.in_task()) {
    pointer = document.mapping().collection->pointer;
    const auto position = document.find_task(node.task);
    if (!position) return pointer;
    pointer = pointer.child(*position);
  }
  if (node.kind == Node::Kind::field) return pointer.concat(node.field->pointer);
  return pointer.concat(node.pointer);
}

}  // namespace statusfs
