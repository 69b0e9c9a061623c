// Reads the rows of the tree.
#pragma once

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// Reads `rows`, a map of rows, and all below them into the mapping's tree; each row is checked by itself, what
/// concerns several rows is left to check_mapping. Precondition: enumerations and archetypes are there.
void load_tree(const YamlNode& rows, LoadContext& context);

}  // namespace statusfs
