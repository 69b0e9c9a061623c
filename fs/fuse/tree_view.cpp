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

Place TreeView::place_of(const std::shared_ptr<StatusFile>& file, const Node& node) const {
  if (is_whole_file(node)) return VersionPlace{file, file->state()};
  if (node.kind == Node::Kind::field && node.field->type == FieldType::events)
    return EventsPlace{file, events_.of(file->name())};
  if (is_page(node)) return PagePlace{file, std::make_shared<RenderedPage>(file->state(), *node.field)};
  return NodePlace{file, node};
}

Found TreeView::found(const Inode& directory, std::string_view name, Place place) const {
  std::string path = path_below(directory, name);
  std::uint64_t key = 0;
  if (const auto* version = std::get_if<VersionPlace>(&place)) key = version_key(*version->state);
  if (const auto* page = std::get_if<PagePlace>(&place)) key = version_key(page->page->state());
  if (const auto* history = std::get_if<HistoryPlace>(&place); history && history->state)
    key = version_key(*history->state);
  return {std::move(path), std::move(place), key};
}

// --- finding ---------------------------------------------------------------------------------------------------------

std::optional<Found> TreeView::find(const Inode& directory, std::string_view name) const {
  if (directory.id == root_id && name == about_name) return found(directory, name, AboutPlace{});
  auto place = std::visit([&](const auto& one) { return find_in(one, name); }, directory.place);
  if (place) return found(directory, name, *std::move(place));
  const auto* node = std::get_if<NodePlace>(&directory.place);
  return node && !is_board(node->node) ? find_scratch(directory, name) : std::nullopt;
}

std::optional<Found> TreeView::find_scratch(const Inode& directory, std::string_view name) const {
  const auto file = scratch_.find(path_below(directory, name));
  if (!file) return std::nullopt;
  return Found{file->path(), ScratchPlace{file}, file->id()};
}

std::optional<Place> TreeView::find_in(const RootPlace&, std::string_view name) const {
  const auto file = directory_.find(name);
  return file ? std::optional<Place>(NodePlace{file, Node{}}) : std::nullopt;
}

std::optional<Place> TreeView::find_in(const AboutPlace& place, std::string_view name) const {
  for (DirectoryEntry& entry : about_.list(place))
    if (entry.name == name) return std::move(entry.place);
  return std::nullopt;
}

std::optional<Place> TreeView::find_in(const NodePlace& place, std::string_view name) const {
  return is_board(place.node) ? find_on_board(place, name) : find_in_tree(place, name);
}

std::optional<Place> TreeView::find_in(const ColumnPlace& place, std::string_view name) const {
  return find_in_column(place, name);
}

std::optional<Place> TreeView::find_in(const HistoryPlace& place, std::string_view name) const {
  return find_in_history(place, name);
}

std::optional<Place> TreeView::find_in_tree(const NodePlace& directory, std::string_view name) const {
  if (is_top(directory) && name == control_name) return ControlPlace{directory.file};
  const auto state = directory.file->state();
  if (!state->document) {
    if (is_top(directory) && name == error_name) return ErrorPlace{directory.file};
    if (state->may_pass) throw unusable(directory.file->name(), *state);  // nobody knows what names there are
    return std::nullopt;
  }
  if (is_top(directory) && name == history_name && presentation_.history && state->chained)
    return HistoryPlace{directory.file};
  const auto node = child(*state->document, directory.node, name);
  if (!node) return std::nullopt;
  return place_of(directory.file, *node);
}

// --- listing ---------------------------------------------------------------------------------------------------------

std::vector<DirectoryEntry> TreeView::list(const Inode& directory) const {
  return std::visit([&](const auto& place) { return list_of(place, directory); }, directory.place);
}

std::vector<DirectoryEntry> TreeView::list_of(const RootPlace&, const Inode&) const {
  std::vector<DirectoryEntry> entries;
  for (const auto& file : directory_.files()) entries.push_back({file->name(), NodePlace{file, Node{}}});
  return entries;
}

std::vector<DirectoryEntry> TreeView::list_of(const AboutPlace& place, const Inode&) const {
  return about_.list(place);
}

std::vector<DirectoryEntry> TreeView::list_of(const NodePlace& place, const Inode& inode) const {
  if (is_board(place.node)) return list_board(place);
  std::vector<DirectoryEntry> entries = list_tree(place);
  for (auto& [name, file] : scratch_.list(inode.path)) {
    const bool is_shown = !name.starts_with('.') && !find_in_tree(place, name);  // a task that came later has the name
    if (is_shown) entries.push_back({name, ScratchPlace{std::move(file)}});
  }
  return entries;
}

std::vector<DirectoryEntry> TreeView::list_of(const ColumnPlace& place, const Inode&) const {
  return list_column(place);
}

std::vector<DirectoryEntry> TreeView::list_of(const HistoryPlace& place, const Inode&) const {
  return list_history(place);
}

std::vector<DirectoryEntry> TreeView::list_tree(const NodePlace& directory) const {
  std::vector<DirectoryEntry> entries;
  const auto state = directory.file->state();
  if (!state->document) {
    if (is_top(directory)) entries.push_back({std::string(error_name), ErrorPlace{directory.file}});
    return entries;
  }
  if (!exists(*state->document, directory.node)) return entries;
  for (NamedNode& named : children(*state->document, directory.node))
    entries.push_back({std::move(named.name), place_of(directory.file, named.node)});
  return entries;
}

// --- what a place is -------------------------------------------------------------------------------------------------

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

// --- reading ---------------------------------------------------------------------------------------------------------

std::string TreeView::text(const Place& place, const Reader& reader) const {
  return std::visit([&](const auto& one) { return text_of(one, reader); }, place);
}

std::string TreeView::text_of(const AboutPlace& place, const Reader& reader) const {
  return about_.text(place, reader);
}

std::string TreeView::text_of(const NodePlace& place, const Reader&) const {
  const auto state = place.file->state();
  if (!state->document && state->may_pass) throw unusable(place.file->name(), *state);
  if (!state->document || !exists(*state->document, place.node))
    throw Rejection(Cause::not_found, place.file->name() + ": the file is gone");
  return node_text(*state->document, place.node);
}

std::string TreeView::text_of(const ErrorPlace& place, const Reader&) const {
  const auto state = place.file->state();
  return state->document ? std::string() : place.file->name() + ".txt: " + state->error + "\n";
}

std::string TreeView::text_of(const VersionPlace& place, const Reader&) const {
  return node_text(*stored_document_of(*place.state), {Node::Kind::field, whole_file_view(mapping_), {}, {}});
}

std::string TreeView::text_of(const PagePlace& place, const Reader&) const { return place.page->text(); }

std::string TreeView::text_of(const HistoryPlace& place, const Reader&) const { return history_text(place); }

}  // namespace statusfs
