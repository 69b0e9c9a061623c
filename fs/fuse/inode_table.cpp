#include "fs/fuse/inode_table.hpp"

#include <algorithm>
#include <utility>

namespace statusfs {
namespace {

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || top.empty() || path[top.size()] == '/');
}

bool is_below_any(const std::string& path, const InodeTable::Paths& tops) {
  for (std::size_t end = 0; end < path.size(); end = path.find('/', end + 1))
    if (tops.contains(path.substr(0, end))) return true;
  return false;
}

std::uint64_t number_of(std::string_view path, const Place& place) {
  const auto* scratch = std::get_if<ScratchPlace>(&place);
  return scratch ? scratch->file->number() : inode_number(path);
}

}  // namespace

std::string path_below(const Inode& directory, std::string_view name) {
  return directory.path.empty() ? std::string(name) : directory.path + "/" + std::string(name);
}

InodeTable::InodeTable(Place root) {
  ids_.emplace(inode_number(""), root_id);
  set_root(std::move(root));
}

void InodeTable::set_root(Place root) {
  std::shared_ptr<const Inode> inode = std::make_shared<Inode>(Inode{root_id, root_id, "", std::move(root), false});
  const std::unique_lock lock(mutex_);
  Entry& entry = entries_.try_emplace(root_id, Entry{nullptr, 1, 0}).first->second;
  inode = replace(entry, std::move(inode));  // destroyed after the lock was let go: it may own a status file
}

// The inode that the entry had.
std::shared_ptr<const Inode> InodeTable::replace(Entry& entry, std::shared_ptr<const Inode> inode) {
  if (entry.inode) by_path_.erase(entry.inode.get());
  if (inode) by_path_.insert(inode.get());
  return std::exchange(entry.inode, std::move(inode));
}

std::shared_ptr<const Inode> InodeTable::find(NodeId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.inode;
}

InodeTable::Ids::const_iterator InodeTable::id_of(std::uint64_t number, std::string_view path,
                                                  std::uint64_t version) const {
  const auto [first, last] = ids_.equal_range(number);
  const auto found = std::find_if(first, last, [&](const auto& number_and_id) {
    const Entry& entry = entries_.at(number_and_id.second);
    return entry.version == version && entry.inode->path == path;
  });
  return found == last ? ids_.end() : found;
}

// The inode is found by its path no more, if it was.
void InodeTable::drop_id(const Entry& entry) {
  const auto [first, last] = ids_.equal_range(entry.inode->number);
  const auto found =
      std::find_if(first, last, [&](const auto& number_and_id) { return number_and_id.second == entry.inode->id; });
  if (found != last) ids_.erase(found);
}

void InodeTable::set_gone(Entry& entry) {
  drop_id(entry);
  Inode gone = *entry.inode;
  gone.is_second = true;
  replace(entry, std::make_shared<const Inode>(std::move(gone)));  // the old one's place lives on in this one
}

void InodeTable::set_gone(std::span<const NodeId> ids) {
  if (ids.empty()) return;
  const std::unique_lock lock(mutex_);
  for (const NodeId id : ids)
    if (const auto found = entries_.find(id); found != entries_.end() && id != root_id) set_gone(found->second);
}

std::shared_ptr<const Inode> InodeTable::look_up(std::string path, Place place, std::uint64_t version) {
  const std::uint64_t number = number_of(path, place);
  const std::unique_lock lock(mutex_);
  const auto known = id_of(number, path, version);
  if (known != ids_.end()) {
    Entry& entry = entries_.at(known->second);
    // A file that vanished and came back is another one; the kernel may still hold inodes of the old.
    if (file_of(entry.inode->place) == file_of(place)) {
      ++entry.lookups;
      return entry.inode;
    }
    set_gone(entry);
  }
  if (is_immutable(place)) immutable_.insert(next_id_);
  auto inode = std::make_shared<Inode>(Inode{next_id_, number, std::move(path), std::move(place), false});
  replace(entries_.emplace(next_id_, Entry{nullptr, 1, version}).first->second, inode);
  ids_.emplace(number, next_id_);
  ++next_id_;
  return inode;
}

void InodeTable::become(NodeId id, std::string path, Place place) {
  std::shared_ptr<const Inode> dropped;  // destroyed after the lock, below, was let go
  auto inode = std::make_shared<Inode>(Inode{id, inode_number(path), std::move(path), std::move(place), true});
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  drop_id(found->second);
  dropped = replace(found->second, std::move(inode));
}

void InodeTable::forget(NodeId id, std::uint64_t lookups) {
  std::shared_ptr<const Inode> dropped;  // destroyed after the lock, below, was let go: it may own a status file
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || id == root_id) return;
  found->second.lookups -= std::min(lookups, found->second.lookups);
  if (found->second.lookups > 0) return;
  drop_id(found->second);
  immutable_.erase(id);
  dropped = replace(found->second, nullptr);
  entries_.erase(found);
}

std::optional<NodeId> InodeTable::known(std::string_view path) const {
  const std::shared_lock lock(mutex_);
  const auto found = id_of(inode_number(path), path, 0);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::vector<NodeId> InodeTable::known(std::span<const std::uint64_t> numbers) const {
  std::vector<NodeId> result;
  const std::shared_lock lock(mutex_);
  for (const std::uint64_t number : numbers) {
    const auto [first, last] = ids_.equal_range(number);
    for (auto at = first; at != last; ++at)
      if (entries_.at(at->second).version == 0) result.push_back(at->second);
  }
  return result;
}

// mutex_ is held. Between a path and what is below it stand those that differ from it by a byte before the slash.
void InodeTable::add_known_below(std::string_view path, std::vector<std::shared_ptr<const Inode>>& result) const {
  const auto add_while = [&](auto at, auto condition) {
    for (; at != by_path_.end() && condition((*at)->path); ++at) result.push_back(entries_.at((*at)->id).inode);
  };
  if (path.empty()) return add_while(by_path_.begin(), [](const std::string&) { return true; });
  const std::string below = std::string(path) + '/';
  add_while(by_path_.lower_bound(path), [&](const std::string& known) { return known == path; });
  add_while(by_path_.lower_bound(std::string_view(below)),
            [&](const std::string& known) { return known.starts_with(below); });
}

std::vector<std::shared_ptr<const Inode>> InodeTable::known_below(std::string_view path) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const Inode>> result;
  add_known_below(path, result);
  return result;
}

std::vector<std::shared_ptr<const Inode>> InodeTable::known_below(const Paths& paths) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const Inode>> result;
  for (const std::string& path : paths)
    if (!is_below_any(path, paths)) add_known_below(path, result);
  return result;
}

std::vector<std::shared_ptr<const Inode>> InodeTable::known_immutable_below(std::string_view path) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const Inode>> result;
  for (const NodeId id : immutable_)
    if (const auto& inode = entries_.at(id).inode; is_at_or_below(inode->path, path)) result.push_back(inode);
  return result;
}

}  // namespace statusfs
