// In what one value differs from another: the JSON patch (RFC 6902) that leads to it, and the plain case of more
// elements.
#pragma once

#include <vector>

#include "mapping/document/json_patch.hpp"

namespace statusfs {

/// Member by member and element by element; an array that grew or shrank does so at its end. Applied to `before` it
/// gives a value that equals `after`, with the members of `before` in their old order and new ones behind them.
std::vector<PatchOperation> json_difference(const Value& before, const Value& after);

/// Whether `after` is the array `before` with more elements behind it: those that were there are the very same nodes.
/// Cost: O(size), without looking inside. May be false where only is_same_node() is.
bool is_extension(const Value& before, const Value& after) noexcept;

}  // namespace statusfs
