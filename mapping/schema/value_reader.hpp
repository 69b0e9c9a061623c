// From a YAML node to the Value that it stands for.
#pragma once

#include "mapping/schema/mapping.hpp"
#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {

/// What a value must be like.
struct ValueShape {
  FieldType type = FieldType::string;
  bool nullable = false;
  bool or_document = false;
  const Enumeration* enumeration = nullptr;
  std::int64_t minimum = -largest_exact_integer;
  std::int64_t maximum = largest_exact_integer;
};

ValueShape shape_of(const Field& field);

/// Fails where the node is no value of this shape.
Value read_value(const YamlNode& node, const ValueShape& shape);

/// Any value: plain scalars by their looks (numbers as JSON writes them), quoted ones as strings. Fails for an integer
/// beyond largest_exact_integer and a number beyond a double's range.
Value read_any_value(const YamlNode& node);

}  // namespace statusfs
