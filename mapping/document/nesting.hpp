// How deep containers may be nested in the JSON that is read, the outermost counting as 1.
#pragma once

#include <cstddef>

namespace statusfs {

/// In a document: a status file, a plan, a patch.
inline constexpr std::size_t maximum_nesting = 128;

/// In a patch whose values are documents: its array and the operation stand around each.
inline constexpr std::size_t maximum_patch_nesting = maximum_nesting + 2;

/// In a journal's record, which stands around a patch: whatever document can be read, its record can.
inline constexpr std::size_t maximum_record_nesting = maximum_patch_nesting + 1;

}  // namespace statusfs
