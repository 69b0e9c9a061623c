#include "fs/fuse/place.hpp"

namespace statusfs {

StatusFile* file_of(const Place& place) noexcept {
  if (const auto* node = std::get_if<NodePlace>(&place)) return node->file.get();
  if (const auto* control = std::get_if<ControlPlace>(&place)) return control->file.get();
  if (const auto* error = std::get_if<ErrorPlace>(&place)) return error->file.get();
  if (const auto* version = std::get_if<VersionPlace>(&place)) return version->file.get();
  if (const auto* history = std::get_if<HistoryPlace>(&place)) return history->file.get();
  if (const auto* column = std::get_if<ColumnPlace>(&place)) return column->file.get();
  if (const auto* link = std::get_if<LinkPlace>(&place)) return link->column.file.get();
  if (const auto* events = std::get_if<EventsPlace>(&place)) return events->file.get();
  if (const auto* page = std::get_if<PagePlace>(&place)) return page->file.get();
  return nullptr;
}

bool is_immutable(const Place& place) noexcept {
  const auto* history = std::get_if<HistoryPlace>(&place);
  return std::holds_alternative<VersionPlace>(place) || std::holds_alternative<PagePlace>(place) ||
         (history && history->kind != HistoryPlace::Kind::directory);
}

}  // namespace statusfs
