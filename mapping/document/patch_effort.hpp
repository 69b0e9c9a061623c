// What a JSON patch costs besides its own size.
#pragma once

#include <cstdint>
#include <vector>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/value.hpp"

namespace statusfs {

struct PatchEffort {
  std::uint64_t moved_elements = 0;    ///< of arrays, one by one, to make room for others
  std::uint64_t searched_members = 0;  ///< of the objects that paths lead through
  bool is_within(const PatchEffort& most) const noexcept {
    return moved_elements <= most.moved_elements && searched_members <= most.searched_members;
  }
};

/// Of the operations, up to the first with which they take more than `most`. Roughly, for it goes by the document as it
/// is now and by what is put into it.
PatchEffort patch_effort(const Value& document, const std::vector<PatchOperation>& operations, const PatchEffort& most);

}  // namespace statusfs
