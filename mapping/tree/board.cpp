#include "mapping/tree/board.hpp"

#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

bool has_value_at(const StatusDocument& document, const Field& field, std::string_view value, std::size_t position) {
  const Value* own = document.value_of(field, position);
  return own && own->is_string() && own->as_string() == value;
}

}  // namespace

bool is_board(const Node& node) noexcept {
  return node.kind == Node::Kind::field && node.field->type == FieldType::board;
}

const Field& field_of_board(const Mapping& mapping, const Field& board) {
  return *mapping.at(Pointer().child(board.board_by), true);
}

std::vector<std::string> columns_of(const Mapping& mapping, const Field& board) {
  std::vector<std::string> names;
  for (const std::string& value : field_of_board(mapping, board).enumeration->values)
    names.push_back(encode_name(value));
  return names;
}

std::optional<std::string> column_value(const Mapping& mapping, const Field& board, std::string_view name) {
  for (const std::string& value : field_of_board(mapping, board).enumeration->values)
    if (encode_name(value) == name) return value;
  return std::nullopt;
}

std::vector<std::string> tasks_with(const StatusDocument& document, const Field& board, std::string_view value) {
  const Field& field = field_of_board(document.mapping(), board);
  std::vector<std::string> tasks;
  for (std::size_t position = 0; position < document.task_count(); ++position)
    if (has_value_at(document, field, value, position)) tasks.emplace_back(document.task_id(position));
  return tasks;
}

bool has_value(const StatusDocument& document, const Field& board, std::string_view value, std::string_view task) {
  const auto position = document.find_task(task);
  return position && has_value_at(document, field_of_board(document.mapping(), board), value, *position);
}

std::string link_target(const Mapping& mapping, std::string_view task) {
  return "../../" + mapping.collection->name + "/" + encode_name(task);
}

}  // namespace statusfs
