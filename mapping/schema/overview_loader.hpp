// Loads `overview`: what the pages of the tree show.
#pragma once

#include <optional>

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// `node` is nullptr where the mapping has none; then no row may be a page. Precondition: the mapping is indexed.
std::optional<Overview> load_overview(const YamlNode* node, const LoadContext& context);

}  // namespace statusfs
