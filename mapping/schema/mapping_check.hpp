// Checks what concerns several rows of a mapping.
#pragma once

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// Fails where the rows do not fit together. `root` is where the whole lies. Precondition: the mapping is indexed.
void check_mapping(const YamlNode& root, const LoadContext& context);

}  // namespace statusfs
