// Reads which files of a task take overrides of locks.
#pragma once

#include "mapping/schema/load_context.hpp"

namespace statusfs {

/// Each with the log that records them. Precondition: the mapping's tree is checked.
std::vector<LockOverride> load_overrides(const LoadContext& context);

}  // namespace statusfs
