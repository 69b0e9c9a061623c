#include "fs/fuse/board_view.hpp"

#include "mapping/tree/board.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {

std::optional<Place> find_on_board(const NodePlace& board, std::string_view name) {
  const auto state = board.file->state();
  if (!state->document) return std::nullopt;
  auto value = column_value(state->document->mapping(), *board.node.field, name);
  if (!value) return std::nullopt;
  return ColumnPlace{board.file, board.node.field, *std::move(value)};
}

std::vector<DirectoryEntry> list_board(const NodePlace& board) {
  std::vector<DirectoryEntry> entries;
  const auto state = board.file->state();
  if (!state->document) return entries;
  const Mapping& mapping = state->document->mapping();
  const Field& row = *board.node.field;
  for (std::string& name : columns_of(mapping, row)) {
    ColumnPlace column{board.file, &row, *column_value(mapping, row, name)};
    entries.push_back({std::move(name), std::move(column)});
  }
  return entries;
}

std::optional<Place> find_in_column(const ColumnPlace& column, std::string_view name) {
  const auto state = column.file->state();
  if (!state->document) return std::nullopt;
  const Node tasks{Node::Kind::field, state->document->mapping().collection, {}, {}};
  const auto task = child(*state->document, tasks, name);
  if (!task || !has_value(*state->document, *column.board, column.value, task->task)) return std::nullopt;
  return LinkPlace{column, task->task};
}

std::vector<DirectoryEntry> list_column(const ColumnPlace& column) {
  std::vector<DirectoryEntry> entries;
  const auto state = column.file->state();
  if (!state->document) return entries;
  for (std::string& task : tasks_with(*state->document, *column.board, column.value))
    entries.push_back({encode_name(task), LinkPlace{column, task}});
  return entries;
}

}  // namespace statusfs
