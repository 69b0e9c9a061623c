// Reads the rules between fields of a task.
#pragma once

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// Precondition: the mapping's tree is checked.
std::vector<Rule> load_rules(const YamlNode& list, const Mapping& mapping);

}  // namespace statusfs
