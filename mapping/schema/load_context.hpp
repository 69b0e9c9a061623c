// What the parts of the loader share while one mapping is read.
#pragma once

#include <unordered_map>

#include "mapping/schema/mapping.hpp"
#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {

struct LoadContext {
  Mapping& mapping;
  std::unordered_map<const Field*, const YamlNode*> rows;  ///< where each field was read, for messages

  const YamlNode& row_of(const Field& field) const { return *rows.at(&field); }
};

/// A list of archetypes that the mapping has.
std::vector<std::string> read_archetypes(const YamlNode& list, const Mapping& mapping);

Pointer read_pointer(const YamlNode& node);

/// The field at a path below a task's directory; fails at `node` where there is none.
const Field& task_field(const YamlNode& node, const std::string& path, const Mapping& mapping);
/// The log with an entry at the path that `node` holds.
const Field& task_log(const YamlNode& node, const Mapping& mapping);

Stamp read_stamp(const YamlNode& node);
/// A stamp that says who wrote what, when and why; those of the whole file are refused.
Stamp read_stamp_of_a_write(const YamlNode& node);
FieldType type_of(Stamp stamp);
std::string_view name_of(Stamp stamp);
FieldType read_type(const YamlNode& node);

}  // namespace statusfs
