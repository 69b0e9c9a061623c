// The directories and links of a board, as the tree shows them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fs/fuse/directory_entry.hpp"

namespace statusfs {

/// The column that the name leads to; nothing where there is none. Precondition of this and of list_board(): the place
/// is a board.
std::optional<Place> find_on_board(const NodePlace& board, std::string_view name);
std::vector<DirectoryEntry> list_board(const NodePlace& board);

/// The link to a task that the name leads to; nothing where the column has no such task.
std::optional<Place> find_in_column(const ColumnPlace& column, std::string_view name);
std::vector<DirectoryEntry> list_column(const ColumnPlace& column);

}  // namespace statusfs
