#include "tests/crash/simulated_disk.hpp"

#include <algorithm>
#include <utility>

#include "fs/store/local/files.hpp"

namespace statusfs::crash {

using Kind = Operation::Kind;

void DiskState::apply(const Operation& operation) {
  if (operation.is_of_directory() && !directories.contains(directory_of(operation.name))) return;
  switch (operation.kind) {
    case Kind::create:
      names[operation.name] = operation.inode;
      contents[operation.inode];
      return;
    case Kind::write: {
      std::string& content = contents[operation.inode];
      content.resize(std::max<std::size_t>(content.size(), operation.offset + operation.bytes.size()));
      content.replace(operation.offset, operation.bytes.size(), operation.bytes);
      return;
    }
    case Kind::truncate:
      contents[operation.inode].resize(operation.offset);
      return;
    case Kind::rename: {
      const auto found = names.find(operation.name);
      if (found == names.end()) return;
      const int inode = found->second;
      names.erase(found);
      names[operation.other] = inode;
      return;
    }
    case Kind::exchange:
      if (names.contains(operation.name) && names.contains(operation.other))
        std::swap(names[operation.name], names[operation.other]);
      return;
    case Kind::link:
      if (names.contains(operation.name)) names[operation.other] = names[operation.name];
      return;
    case Kind::make_directory:
      directories.insert(operation.name);
      return;
    case Kind::unlink:
      names.erase(operation.name);
      return;
    case Kind::sync_file:
    case Kind::sync_file_failed:
    case Kind::sync_directory:
      return;
  }
}

std::optional<std::string> DiskState::text_of(const std::string& name) const {
  const auto found = names.find(name);
  if (found == names.end()) return std::nullopt;
  return contents.at(found->second);
}

SimulatedDisk::SimulatedDisk(DiskState state) : begin_(state), now_(std::move(state)) {
  for (const auto& [inode, content] : begin_.contents) next_inode_ = std::max(next_inode_, inode + 1);
}

void SimulatedDisk::add(const Operation& operation) {
  now_.apply(operation);
  log_.push_back(operation);
}

bool SimulatedDisk::is_durable(std::size_t position, std::size_t count) const {
  const Operation& operation = log_[position];
  for (std::size_t later = position + 1; later < count; ++later) {
    const Operation& sync = log_[later];
    const bool is_of_names = operation.is_of_directory() && sync.kind == Kind::sync_directory;
    if (is_of_names && sync.name == directory_of(operation.name)) return true;
    if (!operation.is_of_file() || sync.inode != operation.inode) continue;
    if (sync.kind == Kind::sync_file) return true;
    if (sync.kind == Kind::sync_file_failed) return false;
  }
  return false;
}

std::vector<std::size_t> SimulatedDisk::unsynced_before(std::size_t count) const {
  std::vector<std::size_t> unsynced;
  for (std::size_t position = 0; position < count; ++position) {
    const bool changes = log_[position].is_of_file() || log_[position].is_of_directory();
    if (changes && !is_durable(position, count)) unsynced.push_back(position);
  }
  return unsynced;
}

DiskState SimulatedDisk::after_power_cut(std::size_t count, const std::set<std::size_t>& lost,
                                         std::optional<std::size_t> torn) const {
  DiskState state = begin_;
  for (std::size_t position = 0; position < count; ++position) {
    if (lost.contains(position)) continue;
    Operation operation = log_[position];
    if (torn && position + 1 == count) operation.bytes.resize(*torn);
    state.apply(operation);
  }
  return state;
}

}  // namespace statusfs::crash
