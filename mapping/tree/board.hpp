// A board: the tasks by the value of one of their fields, a directory a value, a symbolic link a task.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/tree/node.hpp"

namespace statusfs {

bool is_board(const Node& node) noexcept;

/// The field by which a board groups the tasks; an enumeration of the task. Precondition: the row is of type board.
const Field& field_of_board(const Mapping& mapping, const Field& board);

/// The names of the board's directories: one for each value of its enum, in the enum's order.
std::vector<std::string> columns_of(const Mapping& mapping, const Field& board);
/// The value that a directory of the board stands for, or nothing.
std::optional<std::string> column_value(const Mapping& mapping, const Field& board, std::string_view name);

/// The ids of the tasks that have the value now, in the file's order.
std::vector<std::string> tasks_with(const StatusDocument& document, const Field& board, std::string_view value);
bool has_value(const StatusDocument& document, const Field& board, std::string_view value, std::string_view task);

/// Where the link to a task leads, from the directory in which it stands.
std::string link_target(const Mapping& mapping, std::string_view task);

}  // namespace statusfs
