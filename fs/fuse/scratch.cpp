#include "fs/fuse/scratch.hpp"

#include <algorithm>

#include "fs/fuse/path_number.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// Besides those that have a name, some may live on in open handles after their names were removed.
constexpr std::size_t maximum_living_files = 4 * maximum_scratch_files;

// Bytes of the names in a refusal.
constexpr std::size_t longest_list_of_names = 1000;

std::string prefix_of(const std::string& directory) { return directory.empty() ? directory : directory + "/"; }

}  // namespace

ScratchFile::ScratchFile(std::uint64_t id, std::string path, const ScratchAttributes& attributes,
                         std::shared_ptr<std::atomic<std::size_t>> count)
    : id_(id), path_(std::move(path)), count_(std::move(count)), attributes_(attributes) {
  ++*count_;
}

ScratchFile::~ScratchFile() { --*count_; }

// No path has a NUL in it.
std::uint64_t ScratchFile::number() const noexcept {
  return PathNumber().add({"\0", 1}).add(std::to_string(id_)).get();
}

std::string ScratchFile::read(std::size_t size, std::uint64_t offset) const {
  const std::lock_guard lock(mutex_);
  return offset < bytes_.size() ? bytes_.substr(offset, size) : std::string();
}

std::uint64_t ScratchFile::size() const {
  const std::lock_guard lock(mutex_);
  return bytes_.size();
}

ScratchAttributes ScratchFile::attributes() const {
  const std::lock_guard lock(mutex_);
  return attributes_;
}

void ScratchFile::set_attributes(const ScratchAttributes& attributes) {
  const std::lock_guard lock(mutex_);
  attributes_ = attributes;
}

void ScratchFile::require_room(std::uint64_t size) const {
  if (is_retired_)
    throw Rejection(Cause::stale,
                    path_ + " was renamed over a field, which has its text; open the field to write more");
  if (size > maximum_scratch_size)
    throw Rejection(Cause::too_large, "a scratch file has at most " + std::to_string(maximum_scratch_size) + " bytes");
}

void ScratchFile::write(std::string_view bytes, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  require_room(std::max<std::uint64_t>(offset, offset + bytes.size()));
  if (offset + bytes.size() > bytes_.size()) bytes_.resize(offset + bytes.size(), '\0');
  std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
  touch();
}

void ScratchFile::append(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  require_room(bytes_.size() + bytes.size());
  bytes_ += bytes;
  touch();
}

void ScratchFile::resize(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  require_room(size);
  bytes_.resize(size, '\0');
  touch();
}

std::string ScratchFile::retire() {
  const std::lock_guard lock(mutex_);
  is_retired_ = true;
  return bytes_;
}

void ScratchFile::revive() {
  const std::lock_guard lock(mutex_);
  is_retired_ = false;
}

std::shared_ptr<ScratchFile> ScratchTable::create(const std::string& path, const ScratchAttributes& attributes) {
  const std::lock_guard lock(mutex_);
  if (files_.contains(path)) throw Rejection(Cause::exists, path + " is there already");
  if (files_.size() >= maximum_scratch_files || *count_ >= maximum_living_files)
    throw Rejection(Cause::no_space, "there are " + std::to_string(files_.size()) + " scratch files" + places() +
                                         "; at most " + std::to_string(maximum_scratch_files) +
                                         " can be in one mount, so remove some");
  auto file = std::make_shared<ScratchFile>(next_id_++, path, attributes, count_);
  files_.emplace(path, file);
  return file;
}

// Each by its name, as those that begin with a dot are not listed. mutex_ is held.
std::string ScratchTable::places() const {
  std::string names;
  for (const auto& [path, file] : files_) {
    if (names.size() + path.size() > longest_list_of_names) return names + " and others";
    names += (names.empty() ? ": " : ", ") + path;
  }
  return names;
}

std::shared_ptr<ScratchFile> ScratchTable::find(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

void ScratchTable::move(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(from);
  if (found == files_.end() || from == to) return;
  auto file = found->second;
  files_.erase(found);
  std::shared_ptr<ScratchFile>& target = files_[to];
  if (target) target->lose_name();
  target = std::move(file);
}

void ScratchTable::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  found->second->lose_name();
  files_.erase(found);
}

void ScratchTable::remove_below(const std::string& directory) {
  const std::string prefix = prefix_of(directory);
  const std::lock_guard lock(mutex_);
  std::erase_if(files_, [&](const auto& named) {
    if (!named.first.starts_with(prefix)) return false;
    named.second->lose_name();
    return true;
  });
}

std::set<std::string> ScratchTable::directories_below(const std::string& directory) const {
  const std::string prefix = prefix_of(directory);
  std::set<std::string> directories;
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    if (!path.starts_with(prefix)) continue;
    const std::size_t slash = path.rfind('/');
    directories.insert(path.substr(0, slash == std::string::npos ? 0 : slash));
  }
  return directories;
}

std::vector<std::pair<std::string, std::shared_ptr<ScratchFile>>> ScratchTable::list(
    const std::string& directory) const {
  const std::string prefix = prefix_of(directory);
  std::vector<std::pair<std::string, std::shared_ptr<ScratchFile>>> result;
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    if (!path.starts_with(prefix) || path.find('/', prefix.size()) != std::string::npos) continue;
    result.emplace_back(path.substr(prefix.size()), file);
  }
  return result;
}

}  // namespace statusfs
