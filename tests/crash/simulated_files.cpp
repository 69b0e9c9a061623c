#include "tests/crash/simulated_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace statusfs::crash {
namespace {

using Kind = Operation::Kind;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::system_category(), what);
}

}  // namespace

class SimulatedFiles::SimulatedFile final : public File {
 public:
  SimulatedFile(SimulatedFiles& files, int inode) : files_(files), inode_(inode) {}

  std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
    files_.may_fail(Needs::nothing, "read");
    const std::string& content = files_.disk_.now().contents.at(inode_);
    if (offset >= content.size()) return 0;
    const std::size_t count = std::min<std::size_t>(buffer.size(), content.size() - offset);
    std::memcpy(buffer.data(), content.data() + offset, count);
    return count;
  }

  std::size_t write_at(std::string_view bytes, std::uint64_t offset) override {
    const bool is_struck = files_.strikes();
    files_.fail_if(is_struck, Needs::room, "write");
    if (is_struck) bytes = bytes.substr(0, (bytes.size() + 1) / 2);
    files_.modified_[inode_] = ++files_.clock_;
    files_.disk_.add({Kind::write, inode_, offset, std::string(bytes), {}, {}});
    return bytes.size();
  }

  void truncate(std::uint64_t size) override {
    files_.may_fail(Needs::nothing, "truncate");
    files_.modified_[inode_] = ++files_.clock_;
    files_.disk_.add({Kind::truncate, inode_, size, {}, {}, {}});
  }

  void sync() override {
    try {
      files_.may_fail(Needs::room, "sync");
    } catch (const std::system_error&) {
      files_.disk_.add({Kind::sync_file_failed, inode_, 0, {}, {}, {}});
      throw;
    }
    files_.disk_.add({Kind::sync_file, inode_, 0, {}, {}, {}});
  }
  void sync_data() override { sync(); }

  FileStatus status() override {
    files_.may_fail(Needs::nothing, "status");
    return files_.status_of(inode_);
  }
  void set_mode(mode_t) override { files_.may_fail(Needs::nothing, "mode"); }
  void set_owner(uid_t, gid_t) override { files_.may_fail(Needs::nothing, "owner"); }
  void mark_modified() override { files_.may_fail(Needs::nothing, "times"); }
  bool try_lock() override { return true; }
  void lock() override {}

 private:
  SimulatedFiles& files_;
  int inode_;
};

void SimulatedFiles::put(const std::string& path, const std::string& text) {
  DiskState state = disk_.now();
  const int inode = disk_.new_inode();
  state.directories.insert(directory_of(path));
  state.names[path] = inode;
  state.contents[inode] = text;
  disk_ = SimulatedDisk(std::move(state));
}

void SimulatedFiles::set_fault(std::optional<Fault> fault) {
  fault_ = fault;
  operations_ = 0;
}

bool SimulatedFiles::strikes() {
  const std::size_t number = operations_++;
  if (!fault_) return false;
  return fault_->is_lasting ? number >= fault_->at : number == fault_->at;
}

void SimulatedFiles::fail_if(bool is_struck, Needs needs, const std::string& what) const {
  if (!is_struck) return;
  if (fault_->kind == Fault::Kind::io_error) fail(EIO, what);
  if (fault_->kind == Fault::Kind::no_space && needs == Needs::room) fail(ENOSPC, what);
}

FileStatus SimulatedFiles::status_of(int inode) {
  FileStatus status;
  status.device = 1;
  status.inode = static_cast<ino_t>(inode);
  status.size = disk_.now().contents.at(inode).size();
  status.modified_ns = modified_[inode];
  status.mode = 0644;
  status.is_regular = true;
  return status;
}

void SimulatedFiles::require(const std::string& path) {
  if (!disk_.now().names.contains(path)) fail(ENOENT, path);
}

std::unique_ptr<File> SimulatedFiles::open(const std::string& path, Open how) {
  may_fail(how == Open::create ? Needs::room : Needs::nothing, "open " + path);
  const auto& names = disk_.now().names;
  const auto found = names.find(path);
  if (how != Open::create)
    return found == names.end() ? nullptr : std::make_unique<SimulatedFile>(*this, found->second);
  if (found != names.end()) fail(EEXIST, path);
  if (!disk_.now().directories.contains(directory_of(path))) fail(ENOENT, path);
  const int inode = disk_.new_inode();
  modified_[inode] = ++clock_;
  disk_.add({Kind::create, inode, 0, {}, path, {}});
  return std::make_unique<SimulatedFile>(*this, inode);
}

std::optional<FileStatus> SimulatedFiles::status(const std::string& path) {
  may_fail(Needs::nothing, "status " + path);
  const auto found = disk_.now().names.find(path);
  if (found == disk_.now().names.end()) return std::nullopt;
  return status_of(found->second);
}

void SimulatedFiles::rename(const std::string& from, const std::string& to) {
  may_fail(Needs::room, "rename " + from);
  require(from);
  disk_.add({Kind::rename, 0, 0, {}, from, to});
}

void SimulatedFiles::rename_new(const std::string& from, const std::string& to) {
  if (disk_.now().names.contains(to)) fail(EEXIST, to);
  rename(from, to);
}

void SimulatedFiles::exchange(const std::string& one, const std::string& other) {
  may_fail(Needs::room, "exchange " + one);
  require(one);
  require(other);
  disk_.add({Kind::exchange, 0, 0, {}, one, other});
}

void SimulatedFiles::link(const std::string& path, const std::string& name) {
  may_fail(Needs::room, "link " + path);
  require(path);
  if (disk_.now().names.contains(name)) fail(EEXIST, name);
  disk_.add({Kind::link, 0, 0, {}, path, name});
}

bool SimulatedFiles::unlink(const std::string& path) {
  may_fail(Needs::nothing, "unlink " + path);
  if (!disk_.now().names.contains(path)) return false;
  disk_.add({Kind::unlink, 0, 0, {}, path, {}});
  return true;
}

void SimulatedFiles::make_directory(const std::string& path, const FileStatus&) {
  may_fail(Needs::room, "make " + path);
  if (disk_.now().names.contains(path)) fail(ENOTDIR, path);
  if (!disk_.now().directories.contains(path)) disk_.add({Kind::make_directory, 0, 0, {}, path, {}});
}

std::vector<std::string> SimulatedFiles::names_in(const std::string& directory) {
  may_fail(Needs::nothing, "list " + directory);
  std::vector<std::string> names;
  for (const auto& [path, inode] : disk_.now().names)
    if (directory_of(path) == directory) names.push_back(name_of_path(path));
  return names;
}

void SimulatedFiles::sync_directory(const std::string& path) {
  may_fail(Needs::room, "sync " + path);
  disk_.add({Kind::sync_directory, 0, 0, {}, path, {}});
}

}  // namespace statusfs::crash
