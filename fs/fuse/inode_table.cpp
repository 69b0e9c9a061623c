#include "fs/fuse/inode_table.hpp"

#include <algorithm>
#include <utility>

namespace statusfs {
namespace {

constexpr NodeId root_id = 1;

std::string key_of(const std::string& path, std::uint64_t version) {
  // A name has no NUL byte, so the key of a version is no path.
  return version == 0 ? path : path + '\0' + std::to_string(version);
}

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || top.empty() || path[top.size()] == '/');
}

}  // namespace

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

// FNV-1a, 64 bits: spreads paths well enough that no two of a mount are likely to share a number.
std::uint64_t inode_number(std::string_view path) noexcept {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char byte : path) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  return hash <= root_id ? hash + 2 : hash;
}

InodeTable::InodeTable(Place root) {
  ids_.emplace("", root_id);
  set_root(std::move(root));
}

void InodeTable::set_root(Place root) {
  std::shared_ptr<const Inode> inode = std::make_shared<Inode>(Inode{root_id, root_id, "", std::move(root), false});
  const std::unique_lock lock(mutex_);
  Entry& entry = entries_.try_emplace(root_id, Entry{nullptr, 1, ""}).first->second;
  entry.inode.swap(inode);  // the old one is destroyed after the lock was let go: it may own a status file
}

std::shared_ptr<const Inode> InodeTable::find(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.inode;
}

std::shared_ptr<const Inode> InodeTable::look_up(std::string path, Place place, std::uint64_t version) {
  std::string key = key_of(path, version);
  const std::unique_lock lock(mutex_);
  const auto found = ids_.try_emplace(key, 0).first;
  // A file that vanished and came back is another one; the kernel may still hold inodes of the old.
  const bool is_new = found->second == 0 || file_of(entries_.at(found->second).inode->place) != file_of(place);
  if (is_new) {
    found->second = next_id_;
    const std::uint64_t number = inode_number(path);
    auto inode = std::make_shared<Inode>(Inode{next_id_, number, std::move(path), std::move(place), false});
    entries_.emplace(next_id_, Entry{std::move(inode), 0, std::move(key)});
    ++next_id_;
  }
  Entry& entry = entries_.at(found->second);
  ++entry.lookups;
  return entry.inode;
}

void InodeTable::become(NodeId id, std::string path, Place place) {
  std::shared_ptr<const Inode> dropped;  // destroyed after the lock, below, was let go
  auto inode = std::make_shared<Inode>(Inode{id, inode_number(path), std::move(path), std::move(place), true});
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const auto id_of_key = ids_.find(found->second.key);
  if (id_of_key != ids_.end() && id_of_key->second == id) ids_.erase(id_of_key);
  dropped = std::exchange(found->second.inode, std::move(inode));
}

void InodeTable::forget(NodeId id, std::uint64_t lookups) {
  std::shared_ptr<const Inode> dropped;  // destroyed after the lock, below, was let go: it may own a status file
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || id == root_id) return;
  found->second.lookups -= std::min(lookups, found->second.lookups);
  if (found->second.lookups > 0) return;
  dropped = std::move(found->second.inode);
  const auto id_of_key = ids_.find(found->second.key);
  if (id_of_key != ids_.end() && id_of_key->second == id) ids_.erase(id_of_key);
  entries_.erase(found);
}

std::optional<NodeId> InodeTable::known(std::string_view path) const {
  const std::shared_lock lock(mutex_);
  const auto found = ids_.find(std::string(path));
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::shared_ptr<const Inode>> InodeTable::known_below(std::string_view path) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const Inode>> result;
  for (const auto& [id, entry] : entries_)
    if (is_at_or_below(entry.inode->path, path)) result.push_back(entry.inode);
  return result;
}

}  // namespace statusfs
