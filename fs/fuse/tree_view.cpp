#include "fs/fuse/tree_view.hpp"

#include <algorithm>
#include <array>

#include "fs/fuse/board_view.hpp"
#include "fs/fuse/history_view.hpp"
#include "mapping/rejection.hpp"
#include "mapping/render/page.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/tree/board.hpp"
#include "mapping/tree/node_text.hpp"

namespace statusfs {
namespace {

using std::chrono::system_clock;

constexpr std::string_view about_name = ".statusfs";
constexpr std::string_view hosts_name = "hosts";
constexpr std::string_view control_name = ".control";
constexpr std::string_view error_name = ".error";
// Programs that use stdio take this as the size of their buffer, so that a value of any size is one write(2).
constexpr blksize_t preferred_block_size = 1 << 20;

struct AboutName {
  std::string_view name;
  AboutPlace::Kind kind;
};
constexpr std::array<AboutName, 5> about_names{{{"version", AboutPlace::Kind::version},
                                                {"mapping.yaml", AboutPlace::Kind::mapping},
                                                {"metrics", AboutPlace::Kind::metrics},
                                                {"errors", AboutPlace::Kind::errors},
                                                {"last_error", AboutPlace::Kind::last_error}}};

timespec timespec_of(system_clock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {seconds.count(), std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()};
}

bool is_writable(const Mapping& mapping, const Node& node) {
  if (node.kind == Node::Kind::unknown) return mapping.locks.is_lock(node.pointer.last());
  return node.field->access != Access::read_only;
}

bool is_top(const NodePlace& place) { return place.node.kind == Node::Kind::top; }

// Inodes of an unchained file's text are told apart by the file's time; the highest bit keeps them off the versions.
std::uint64_t version_key(const FileState& state) {
  if (state.chained) return state.head.version;
  return static_cast<std::uint64_t>(state.modified.time_since_epoch().count()) | (std::uint64_t{1} << 63);
}

std::size_t count_directories(const StatusDocument& document, const Node& node) {
  if (node.kind == Node::Kind::field && node.field->type == FieldType::collection) return document.task_count();
  if (is_board(node)) return columns_of(document.mapping(), *node.field).size();
  const auto nodes = children(document, node);
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes, [&](const NamedNode& named) { return is_directory(document, named.node); }));
}

[[noreturn]] void refuse_gone(const Inode& inode) { throw Rejection(Cause::not_found, inode.path + " is gone"); }

}  // namespace

TreeView::TreeView(StatusDirectory& directory, const Presentation& presentation, const Mapping& mapping,
                   const Metrics& metrics, const RefusalLog& refusals, const FieldChanges& changes,
                   const ScratchTable& scratch, EventStreams& events)
    : directory_(directory),
      presentation_(presentation),
      mapping_(mapping),
      metrics_(metrics),
      refusals_(refusals),
      changes_(changes),
      scratch_(scratch),
      events_(events) {}

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
    for (DirectoryEntry& entry : list_about(*about))
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

std::vector<DirectoryEntry> TreeView::list_about(const AboutPlace& about) const {
  std::vector<DirectoryEntry> entries;
  if (about.kind == AboutPlace::Kind::hosts) {
    for (std::string& host : directory_.source().hosts()) {
      AboutPlace place{AboutPlace::Kind::host, host};
      entries.push_back({std::move(host), std::move(place)});
    }
    return entries;
  }
  for (const AboutName& name : about_names) entries.push_back({std::string(name.name), AboutPlace{name.kind}});
  if (directory_.source().has_hosts())
    entries.push_back({std::string(hosts_name), AboutPlace{AboutPlace::Kind::hosts}});
  return entries;
}

std::vector<DirectoryEntry> TreeView::list(const Inode& directory) const {
  std::vector<DirectoryEntry> entries;
  if (std::holds_alternative<RootPlace>(directory.place)) {
    for (const auto& file : directory_.files()) entries.push_back({file->name(), NodePlace{file, Node{}}});
  } else if (const auto* about = std::get_if<AboutPlace>(&directory.place)) {
    return list_about(*about);
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
  if (const auto* about = std::get_if<AboutPlace>(&place))
    return about->kind == AboutPlace::Kind::directory || about->kind == AboutPlace::Kind::hosts;
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

// --- attributes ------------------------------------------------------------------------------------------------------

void TreeView::set_directory(struct stat& attributes, std::size_t subdirectories) const {
  const mode_t mode = presentation_.allow_other ? 0777 : 0755;
  attributes.st_mode = S_IFDIR | (mode & ~presentation_.umask);
  attributes.st_nlink = 2 + subdirectories;
}

void TreeView::set_file(struct stat& attributes, std::uint64_t size, bool is_writable) const {
  const mode_t writable_mode = presentation_.allow_other ? 0666 : 0644;
  attributes.st_mode = S_IFREG | ((is_writable ? writable_mode : 0444) & ~presentation_.umask);
  attributes.st_nlink = 1;
  attributes.st_size = static_cast<off_t>(size);
  attributes.st_blocks = static_cast<blkcnt_t>((size + 511) / 512);
}

void TreeView::set_node(struct stat& attributes, const Inode& inode, const NodePlace& place) const {
  const auto state = place.file->state();
  const auto time = changes_.time_of(inode.number);
  attributes.st_mtim = attributes.st_ctim = attributes.st_atim = timespec_of(time ? *time : state->modified_at_load);
  if (!state->document) {
    if (!is_top(place)) refuse_gone(inode);
    return set_directory(attributes, 0);
  }
  const StatusDocument& document = *state->document;
  if (!exists(document, place.node)) refuse_gone(inode);
  if (statusfs::is_directory(document, place.node))
    set_directory(attributes, count_directories(document, place.node));
  else
    set_file(attributes, node_size(document, place.node), is_writable(document.mapping(), place.node));
}

void TreeView::set_scratch(struct stat& attributes, const ScratchFile& file) const {
  const ScratchAttributes own = file.attributes();
  set_file(attributes, file.size(), true);
  attributes.st_mode = S_IFREG | own.mode;
  attributes.st_uid = own.owner;
  attributes.st_gid = own.group;
  attributes.st_mtim = attributes.st_ctim = attributes.st_atim = timespec_of(own.modified);
}

// Of what has no time of its own. Programs that copy a tree look twice, and complain of what changed meanwhile.
system_clock::time_point TreeView::time_of(const Inode& inode) const {
  const auto* about = std::get_if<AboutPlace>(&inode.place);
  const bool is_always_new =
      about && (about->kind == AboutPlace::Kind::metrics || about->kind == AboutPlace::Kind::errors ||
                about->kind == AboutPlace::Kind::last_error);
  if (is_always_new) return system_clock::now();
  if (StatusFile* file = file_of(inode.place)) return file->state()->modified;
  return changes_.time_of(inode.number).value_or(mounted_);
}

struct stat TreeView::attributes(const Inode& inode) const {
  struct stat attributes {};
  attributes.st_ino = inode.number;
  attributes.st_uid = presentation_.owner;
  attributes.st_gid = presentation_.group;
  attributes.st_blksize = preferred_block_size;
  attributes.st_mtim = attributes.st_ctim = attributes.st_atim = timespec_of(time_of(inode));
  if (const auto* node = std::get_if<NodePlace>(&inode.place)) {
    set_node(attributes, inode, *node);
  } else if (const auto* scratch = std::get_if<ScratchPlace>(&inode.place)) {
    set_scratch(attributes, *scratch->file);
  } else if (const auto* events = std::get_if<EventsPlace>(&inode.place)) {
    set_file(attributes, events->stream->size(), false);
  } else if (const auto* link = std::get_if<LinkPlace>(&inode.place)) {
    set_file(attributes, link_text(*link).size(), false);
    attributes.st_mode = S_IFLNK | 0777;
  } else if (const auto* version = std::get_if<VersionPlace>(&inode.place)) {
    const FileState& state = *version->state;
    const std::uint64_t size = state.chained ? state.head.size : text(inode.place, {}).size();
    set_file(attributes, size, false);
    attributes.st_mtim = attributes.st_ctim = attributes.st_atim = timespec_of(state.modified);
  } else if (const auto* page = std::get_if<PagePlace>(&inode.place)) {
    set_file(attributes, page->page->text().size(), false);
    attributes.st_mtim = attributes.st_ctim = attributes.st_atim = timespec_of(page->page->state().modified);
  } else if (std::holds_alternative<RootPlace>(inode.place)) {
    set_directory(attributes, directory_.names().size());
  } else if (is_directory(inode.place)) {  // .statusfs, .history and the columns of boards
    set_directory(attributes, 0);
  } else if (const auto* history = std::get_if<HistoryPlace>(&inode.place)) {
    const HistoryAttributes of_history = history_attributes(*history);
    set_file(attributes, of_history.size, false);
    attributes.st_mtim = attributes.st_ctim = attributes.st_atim = timespec_of(of_history.time);
  } else {
    set_file(attributes, text(inode.place, {}).size(), std::holds_alternative<ControlPlace>(inode.place));
  }
  return attributes;
}

// --- text ------------------------------------------------------------------------------------------------------------

Metrics::Gauges TreeView::gauges() const {
  Metrics::Gauges gauges;
  for (const auto& file : directory_.files()) {
    ++gauges.files;
    const auto state = file->loaded_state();
    if (!state || !state->document) continue;
    ++gauges.loaded_files;
    gauges.active_locks += count_locks(*state->document);
    const StatusDocument& document = *state->document;
    for (std::size_t position = 0; position < document.task_count(); ++position) {
      const Value* status = document.task(position).find("status");  // the metric's meaning is this field's value
      gauges.blocked_tasks += status && status->is_string() && status->as_string() == "BLOCKED";
    }
  }
  return gauges;
}

std::string TreeView::about_text(const AboutPlace& about, const Reader& reader) const {
  switch (about.kind) {
    case AboutPlace::Kind::version:
      return presentation_.version + "\n";
    case AboutPlace::Kind::mapping:
      return mapping_.text;
    case AboutPlace::Kind::metrics:
      return metrics_.text(gauges());
    case AboutPlace::Kind::errors:
      return refusals_.text();
    case AboutPlace::Kind::last_error:
      return refusals_.last_of(reader.uid, reader.session);
    case AboutPlace::Kind::host:
      return directory_.source().host_text(about.host);
    case AboutPlace::Kind::hosts:
    case AboutPlace::Kind::directory:
      break;
  }
  return {};
}

std::string TreeView::text(const Place& place, const Reader& reader) const {
  if (const auto* about = std::get_if<AboutPlace>(&place)) return about_text(*about, reader);
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
