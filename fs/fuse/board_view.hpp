// The directories and links of a board, as the tree shows them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fs/fuse/directory_entry.hpp"

namespace statusfs {

/// What the name leads to in a board or in a directory of it; nothing where there is no such name, or `directory` is
/// another one.
std::optional<Place> find_on_board(const Place& directory, std::string_view name);

/// Adds the entries of a board or of a directory of it; false where `directory` is another one.
bool list_board(const Place& directory, std::vector<DirectoryEntry>& entries);

}  // namespace statusfs
