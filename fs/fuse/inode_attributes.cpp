#include "fs/fuse/inode_attributes.hpp"

#include <algorithm>

#include "fs/fuse/about_view.hpp"
#include "fs/fuse/history_view.hpp"
#include "fs/fuse/task_number.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/board.hpp"
#include "mapping/tree/node_text.hpp"

namespace statusfs {
namespace {

using std::chrono::system_clock;

// Programs take st_blksize as the size of their buffer. Where a long value may be written the buffer holds any, so that
// the value is one write(2). Elsewhere it is no longer than need be: a program gets its buffer page by page from the
// kernel, which takes longer than reading a scalar.
constexpr blksize_t usual_block_size = 64 * 1024;
constexpr blksize_t long_value_block_size = 1024 * 1024;

bool is_short(const Field& field) {
  return field.type == FieldType::integer || field.type == FieldType::boolean || field.type == FieldType::enumeration ||
         field.type == FieldType::hash;
}

void set_time(struct stat& attributes, system_clock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const timespec stamp{seconds.count(), std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()};
  attributes.st_mtim = attributes.st_ctim = attributes.st_atim = stamp;
}

bool is_writable(const Mapping& mapping, const Node& node) {
  if (node.kind == Node::Kind::unknown) return mapping.locks.is_lock(node.pointer.last());
  return node.field->access != Access::read_only;
}

std::size_t count_directories(const StatusDocument& document, const Node& node) {
  if (node.kind == Node::Kind::field && node.field->type == FieldType::collection) return document.task_count();
  if (is_board(node)) return columns_of(document.mapping(), *node.field).size();
  const auto nodes = children(document, node);
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes, [&](const NamedNode& named) { return is_directory(document, named.node); }));
}

// Whether what is set for this kind of place includes the time.
bool has_own_time(const Place& place) {
  return std::holds_alternative<NodePlace>(place) || std::holds_alternative<ScratchPlace>(place) || is_immutable(place);
}

[[noreturn]] void refuse_gone(const Inode& inode) { throw Rejection(Cause::not_found, inode.path + " is gone"); }

}  // namespace

struct stat InodeAttributes::of(const Inode& inode) const {
  struct stat attributes {};
  attributes.st_ino = inode.number;
  attributes.st_uid = presentation_.owner;
  attributes.st_gid = presentation_.group;
  attributes.st_blksize = usual_block_size;
  if (!has_own_time(inode.place)) set_time(attributes, time_of(inode));
  std::visit([&](const auto& place) { set(attributes, inode, place); }, inode.place);
  return attributes;
}

struct stat InodeAttributes::of(const Inode& inode, const Reader& reader) const {
  struct stat attributes = of(inode);
  const auto* about = std::get_if<AboutPlace>(&inode.place);
  if (about && about->kind == AboutPlace::Kind::last_error)
    set_file(attributes, tree_.text(inode.place, reader).size(), false);
  return attributes;
}

// Of what has no time of its own. Programs that copy a tree look twice, and complain of what changed meanwhile.
system_clock::time_point InodeAttributes::time_of(const Inode& inode) const {
  const auto* about = std::get_if<AboutPlace>(&inode.place);
  if (about && is_always_new(*about)) return system_clock::now();
  if (StatusFile* file = file_of(inode.place)) return file->state()->modified;
  return changes_.time_of(inode.number).value_or(mounted_);
}

// What is in a task is no older than the task.
system_clock::time_point InodeAttributes::time_of(const Inode& inode, const NodePlace& place,
                                                  const FileState& state) const {
  auto time = changes_.time_of(inode.number);
  if (state.document && place.node.in_task()) {
    const std::string top = directory_.shows_one_file() ? std::string() : place.file->name();
    time = std::max(time, changes_.time_of(task_number(top, state.document->mapping(), place.node.task).get()));
  }
  return time.value_or(state.modified_at_load);
}

void InodeAttributes::set_directory(struct stat& attributes, std::size_t subdirectories) const {
  const mode_t mode = presentation_.allow_other ? 0777 : 0755;
  attributes.st_mode = S_IFDIR | (mode & ~presentation_.umask);
  attributes.st_nlink = 2 + subdirectories;
}

void InodeAttributes::set_file(struct stat& attributes, std::uint64_t size, bool is_writable) const {
  const mode_t writable_mode = presentation_.allow_other ? 0666 : 0644;
  attributes.st_mode = S_IFREG | ((is_writable ? writable_mode : 0444) & ~presentation_.umask);
  if (is_writable) attributes.st_blksize = long_value_block_size;
  attributes.st_nlink = 1;
  attributes.st_size = static_cast<off_t>(size);
  attributes.st_blocks = static_cast<blkcnt_t>((size + 511) / 512);
}

void InodeAttributes::set_text(struct stat& attributes, const Place& place) const {
  set_file(attributes, tree_.text(place, {}).size(), false);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const RootPlace&) const {
  set_directory(attributes, directory_.names().size());
}

void InodeAttributes::set(struct stat& attributes, const Inode& inode, const AboutPlace& place) const {
  if (!is_directory(place)) return set_text(attributes, place);
  const auto entries = tree_.list(inode);
  const auto count =
      std::ranges::count_if(entries, [&](const DirectoryEntry& entry) { return tree_.is_directory(entry.place); });
  set_directory(attributes, static_cast<std::size_t>(count));
}

void InodeAttributes::set(struct stat& attributes, const Inode& inode, const NodePlace& place) const {
  const auto state = place.file->state();
  set_time(attributes, time_of(inode, place, *state));
  if (!state->document) {
    if (place.node.kind != Node::Kind::top && state->may_pass) throw unusable(place.file->name(), *state);
    if (place.node.kind != Node::Kind::top) refuse_gone(inode);
    return set_directory(attributes, 0);
  }
  const StatusDocument& document = *state->document;
  if (!exists(document, place.node)) refuse_gone(inode);
  if (is_directory(document, place.node)) return set_directory(attributes, count_directories(document, place.node));
  set_file(attributes, node_size(document, place.node), is_writable(document.mapping(), place.node));
  if (place.node.field && is_short(*place.node.field)) attributes.st_blksize = usual_block_size;
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const ControlPlace&) const {
  set_file(attributes, 0, true);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const ErrorPlace& place) const {
  set_text(attributes, place);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const VersionPlace& place) const {
  const FileState& state = *place.state;
  if (state.chained)
    set_file(attributes, state.head.size, false);
  else
    set_text(attributes, place);
  set_time(attributes, state.modified);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const HistoryPlace& place) const {
  if (place.kind == HistoryPlace::Kind::directory) return set_directory(attributes, 0);
  const HistoryAttributes of_history = history_attributes(place);
  set_file(attributes, of_history.size, false);
  set_time(attributes, of_history.time);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const ScratchPlace& place) const {
  const ScratchAttributes own = place.file->attributes();
  set_file(attributes, place.file->size(), true);
  attributes.st_mode = S_IFREG | own.mode;
  attributes.st_nlink = place.file->has_name() ? 1 : 0;
  attributes.st_uid = own.owner;
  attributes.st_gid = own.group;
  set_time(attributes, own.modified);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const ColumnPlace&) const {
  set_directory(attributes, 0);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const LinkPlace& place) const {
  set_file(attributes, tree_.link_text(place).size(), false);
  attributes.st_mode = S_IFLNK | 0777;
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const EventsPlace& place) const {
  set_file(attributes, place.stream->size(), false);
}

void InodeAttributes::set(struct stat& attributes, const Inode&, const PagePlace& place) const {
  set_file(attributes, place.page->text().size(), false);
  set_time(attributes, place.page->state().modified);
}

}  // namespace statusfs
