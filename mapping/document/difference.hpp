// The JSON patch (RFC 6902) that leads from one value to another.
#pragma once

#include <vector>

#include "mapping/document/json_patch.hpp"

namespace statusfs {

/// Member by member and element by element; an array that grew or shrank does so at its end. Applied to `before` it
/// gives a value that equals `after`, with the members of `before` in their old order and new ones behind them.
std::vector<PatchOperation> json_difference(const Value& before, const Value& after);

}  // namespace statusfs
