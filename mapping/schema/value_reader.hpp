// From a YAML node to the Value that it stands for.
#pragma once

#include "mapping/schema/mapping.hpp"
#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {

/// What an integer in a field can be at most, and, negated, at least: 2^53 - 1, what every JSON reader keeps exactly.
inline constexpr std::int64_t largest_integer = (std::int64_t{1} << 53) - 1;

/// What a value must be like.
struct ValueShape {
  FieldType type = FieldType::string;
  bool nullable = false;
  bool or_document = false;
  const Enumeration* enumeration = nullptr;
  std::int64_t minimum = -largest_integer;
  std::int64_t maximum = largest_integer;
};

ValueShape shape_of(const Field& field);

/// Fails where the node is no value of this shape.
Value read_value(const YamlNode& node, const ValueShape& shape);

/// Any value: plain scalars by their looks, quoted ones as strings.
Value read_any_value(const YamlNode& node);

}  // namespace statusfs
