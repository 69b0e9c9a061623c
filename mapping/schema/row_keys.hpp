// Which keys a row of each type may have.
#pragma once

#include "mapping/schema/mapping.hpp"
#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {

/// Fails at a key that is unknown, or that does not go with the row's type.
void check_row_keys(const YamlNode& row, FieldType type);

}  // namespace statusfs
