// Reads the rules between fields of a task.
#pragma once

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// Precondition: the mapping's tree is checked.
std::vector<Rule> load_rules(const YamlNode& list, const Mapping& mapping);

/// Which files of a task take overrides of locks, and where those are recorded.
std::vector<LockOverride> load_overrides(const LoadContext& context);

}  // namespace statusfs
