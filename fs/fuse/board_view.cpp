#include "fs/fuse/board_view.hpp"

#include "mapping/tree/board.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

const NodePlace* board_at(const Place& place) {
  const auto* node = std::get_if<NodePlace>(&place);
  return node && is_board(node->node) ? node : nullptr;
}

std::optional<Place> find_link(const ColumnPlace& column, std::string_view name) {
  const auto state = column.file->state();
  if (!state->document) return std::nullopt;
  const Node tasks{Node::Kind::field, state->document->mapping().collection, {}, {}};
  const auto task = child(*state->document, tasks, name);
  if (!task || !has_value(*state->document, *column.board, column.value, task->task)) return std::nullopt;
  return LinkPlace{column, task->task};
}

void list_columns(const NodePlace& board, const Mapping& mapping, std::vector<DirectoryEntry>& entries) {
  const Field& row = *board.node.field;
  for (std::string& name : columns_of(mapping, row)) {
    ColumnPlace column{board.file, &row, *column_value(mapping, row, name)};
    entries.push_back({std::move(name), std::move(column)});
  }
}

}  // namespace

std::optional<Place> find_on_board(const Place& directory, std::string_view name) {
  if (const auto* column = std::get_if<ColumnPlace>(&directory)) return find_link(*column, name);
  const NodePlace* board = board_at(directory);
  const auto state = board ? board->file->state() : nullptr;
  if (!state || !state->document) return std::nullopt;
  auto value = column_value(state->document->mapping(), *board->node.field, name);
  if (!value) return std::nullopt;
  return ColumnPlace{board->file, board->node.field, *std::move(value)};
}

bool list_board(const Place& directory, std::vector<DirectoryEntry>& entries) {
  const auto* column = std::get_if<ColumnPlace>(&directory);
  const NodePlace* board = board_at(directory);
  if (!column && !board) return false;
  const auto state = (column ? column->file : board->file)->state();
  if (!state->document) return true;
  if (board) list_columns(*board, state->document->mapping(), entries);
  if (!column) return true;
  for (std::string& task : tasks_with(*state->document, *column->board, column->value))
    entries.push_back({encode_name(task), LinkPlace{*column, task}});
  return true;
}

}  // namespace statusfs
