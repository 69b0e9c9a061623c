// What a status file shows as the state of its partition while that is another than what is stored.
#pragma once

#include <memory>
#include <string_view>

#include "fs/engine/file_state.hpp"

namespace statusfs {

/// The state as it is shown while the field reads `value`. What is stored, and so the document as a whole, stays what
/// it is.
std::shared_ptr<const FileState> with_partition(const std::shared_ptr<const FileState>& state, std::string_view value);

}  // namespace statusfs
