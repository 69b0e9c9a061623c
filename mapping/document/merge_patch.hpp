// Changing a value by a JSON merge patch (RFC 7396).
#pragma once

#include "mapping/document/value.hpp"

namespace statusfs {

/// Applies a merge patch. Where a patch member equals the target's member nothing changes, even if it is or holds
/// nulls: a document that was read and is written back unchanged stays as it is.
Value apply_merge_patch(const Value& target, const Value& patch);

}  // namespace statusfs
