#include "fs/fuse/tree_view.hpp"

#include <stdexcept>

#include "fs/fuse/board_view.hpp"
#include "fs/fuse/history_view.hpp"
#include "mapping/rejection.hpp"
#include "mapping/render/page.hpp"
#include "mapping/tree/board.hpp"
#include "mapping/tree/node_text.hpp"

namespace statusfs {
namespace {

constexpr std::string_view about_name = ".statusfs";
constexpr std::string_view control_name = ".control";
constexpr std::string_view error_name = ".error";

bool is_top(const NodePlace& place) { return place.node.kind == Node::Kind::top; }

// Inodes of an unchained file's text are told apart by the file's time; the highest bit keeps them off the versions.
std::uint64_t version_key(const FileState& state) {
  if (state.chained) return state.head.version;
  return static_cast<std::uint64_t>(state.modified.time_since_epoch().count()) | (std::uint64_t{1} << 63);
}

}  // namespace

TreeView::TreeView(StatusDirectory& directory, const Presentation& presentation, const Mapping& mapping,
                   const Metrics& metrics, const RefusalLog& refusals, const ScratchTable& scratch,
                   EventStreams& events)
    : directory_(directory),
      presentation_(presentation),
      mapping_(mapping),
      scratch_(scratch),
      events_(events),
      about_(directory, presentation, mapping, metrics, refusals) {}

Place TreeView::root() const {
  if (!directory_.shows_one_file()) return RootPlace{};
  const auto files = directory_.files();
  if (files.empty()) throw std::runtime_error("the status file vanished");
  return NodePlace{files.front(), Node{}};
}

std::string TreeView::top_of(const StatusFile& file) const {
  return directory_.shows_one_file() ? std::string() : file.name();
}

Place TreeView::place_of(const std::shared_ptr<StatusFile>& file, const Node& node) const {
  if (is_whole_file(node)) return VersionPlace{file, file->state()};
  if (node.kind == Node::Kind::field && node.field->type == FieldType::events)
    return EventsPlace{file, events_.of(file->name())};
  if (is_page(node)) return PagePlace{file, std::make_shared<RenderedPage>(file->state(), *node.field)};
  return NodePlace{file, node};
}

Found TreeView::found(const Inode& directory, std::string_view name, Place place) const {
  std::string path = directory.path.empty() ? std::string(name) : directory.path + "/" + std::string(name);
  std::uint64_t key = 0;
  if (const auto* version = std::get_if<VersionPlace>(&place)) key = version_key(*version->state);
  if (const auto* page = std::get_if<PagePlace>(&place)) key = version_key(page->page->state());
  if (const auto* history = std::get_if<HistoryPlace>(&place); history && history->state)
    key = version_key(*history->state);
  return {std::move(path), std::move(place), key};
}

std::optional<Place> TreeView::find_in_file(const NodePlace& directory, std::string_view name) const {
  if (is_top(directory) && name == control_name) return ControlPlace{directory.file};
  const auto state = directory.file->state();
  if (!state->document) {
    if (is_top(directory) && name == error_name) return ErrorPlace{directory.file};
    return std::nullopt;
  }
  if (is_top(directory) && name == history_name && presentation_.history && state->chained)
    return HistoryPlace{directory.file};
  const auto node = child(*state->document, directory.node, name);
  if (!node) return std::nullopt;
  return place_of(directory.file, *node);
}

std::optional<Found> TreeView::find_scratch(const Inode& directory, std::string_view name) const {
  const auto file =
      scratch_.find(directory.path.empty() ? std::string(name) : directory.path + "/" + std::string(name));
  if (!file) return std::nullopt;
  return Found{file->path(), ScratchPlace{file}, file->id()};
}

std::optional<Found> TreeView::find(const Inode& directory, std::string_view name) const {
  if (directory.id == 1 && name == about_name) return found(directory, name, AboutPlace{});
  if (std::holds_alternative<RootPlace>(directory.place)) {
    const auto file = directory_.find(name);
    if (!file) return std::nullopt;
    return found(directory, name, NodePlace{file, Node{}});
  }
  if (const auto* about = std::get_if<AboutPlace>(&directory.place)) {
    for (DirectoryEntry& entry : about_.list(*about))
      if (entry.name == name) return found(directory, name, std::move(entry.place));
    return std::nullopt;
  }
  if (const auto* history = std::get_if<HistoryPlace>(&directory.place)) {
    auto place = find_in_history(*history, name);
    return place ? std::optional(found(directory, name, std::move(*place))) : std::nullopt;
  }
  if (auto place = find_on_board(directory.place, name)) return found(directory, name, std::move(*place));
  const auto* node = std::get_if<NodePlace>(&directory.place);
  if (!node || is_board(node->node)) return std::nullopt;
  auto place = find_in_file(*node, name);
  if (!place) return find_scratch(directory, name);
  return found(directory, name, std::move(*place));
}

void TreeView::list_file(const NodePlace& directory, std::vector<DirectoryEntry>& entries) const {
  const auto state = directory.file->state();
  if (!state->document) {
    if (is_top(directory)) entries.push_back({std::string(error_name), ErrorPlace{directory.file}});
    return;
  }
  if (!exists(*state->document, directory.node)) return;
  for (NamedNode& named : children(*state->document, directory.node))
    entries.push_back({std::move(named.name), place_of(directory.file, named.node)});
}

std::vector<DirectoryEntry> TreeView::list(const Inode& directory) const {
  std::vector<DirectoryEntry> entries;
  if (std::holds_alternative<RootPlace>(directory.place)) {
    for (const auto& file : directory_.files()) entries.push_back({file->name(), NodePlace{file, Node{}}});
  } else if (const auto* about = std::get_if<AboutPlace>(&directory.place)) {
    return about_.list(*about);
  } else if (const auto* history = std::get_if<HistoryPlace>(&directory.place)) {
    for (auto& [name, place] : list_history(*history)) entries.push_back({std::move(name), std::move(place)});
  } else if (list_board(directory.place, entries)) {
    return entries;
  } else if (const auto* node = std::get_if<NodePlace>(&directory.place)) {
    list_file(*node, entries);
    for (auto& [name, file] : scratch_.list(directory.path)) {
      const bool is_shown =
          !name.starts_with('.') && !find_in_file(*node, name);  // a task that came later has the name
      if (is_shown) entries.push_back({name, ScratchPlace{std::move(file)}});
    }
  }
  return entries;
}

bool TreeView::is_directory(const Place& place) const {
  if (std::holds_alternative<RootPlace>(place)) return true;
  if (const auto* about = std::get_if<AboutPlace>(&place)) return statusfs::is_directory(*about);
  if (const auto* history = std::get_if<HistoryPlace>(&place)) return history->kind == HistoryPlace::Kind::directory;
  if (std::holds_alternative<ColumnPlace>(place)) return true;
  const auto* node = std::get_if<NodePlace>(&place);
  if (!node) return false;
  if (is_top(*node)) return true;
  const auto state = node->file->state();
  return state->document && statusfs::is_directory(*state->document, node->node);
}

mode_t TreeView::type_of(const Place& place) const {
  if (std::holds_alternative<LinkPlace>(place)) return S_IFLNK;
  return is_directory(place) ? S_IFDIR : S_IFREG;
}

std::string TreeView::link_text(const LinkPlace& link) const { return link_target(mapping_, link.task); }

std::string TreeView::text(const Place& place, const Reader& reader) const {
  if (const auto* about = std::get_if<AboutPlace>(&place)) return about_.text(*about, reader);
  if (const auto* history = std::get_if<HistoryPlace>(&place)) return history_text(*history);
  if (const auto* version = std::get_if<VersionPlace>(&place))
    return node_text(*stored_document_of(*version->state), {Node::Kind::field, whole_file_view(mapping_), {}, {}});
  if (const auto* page = std::get_if<PagePlace>(&place)) return page->page->text();
  if (const auto* error = std::get_if<ErrorPlace>(&place)) {
    const auto state = error->file->state();
    return state->document ? std::string() : error->file->name() + ".txt: " + state->error + "\n";
  }
  const auto* node = std::get_if<NodePlace>(&place);
  if (!node) return {};
  const auto state = node->file->state();
  if (!state->document || !exists(*state->document, node->node))
    throw Rejection(Cause::not_found, node->file->name() + ": the file is gone");
  return node_text(*state->document, node->node);
}

}  // namespace statusfs
