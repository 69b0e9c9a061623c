// A disk in memory that remembers every operation, so that a power cut can be simulated at any of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace statusfs::crash {

/// What changes the disk, or makes changes last.
struct Operation {
  enum class Kind {
    create,
    write,
    truncate,
    rename,
    exchange,
    link,
    make_directory,
    unlink,
    sync_file,
    sync_file_failed,
    sync_directory
  };
  Kind kind;
  int inode = 0;
  std::uint64_t offset = 0;  ///< of write; of truncate: the new size
  std::string bytes;         ///< of write
  std::string name, other;   ///< of what changes a directory; of sync_directory: the directory. Both in one directory

  bool is_of_file() const { return kind == Kind::write || kind == Kind::truncate; }
  bool is_of_directory() const { return kind <= Kind::unlink && !is_of_file(); }
};

/// The names and contents at one moment.
struct DiskState {
  std::set<std::string> directories;
  std::map<std::string, int> names;
  std::map<int, std::string> contents;

  /// Does what an operation does; nothing where an operation that it needs was lost.
  void apply(const Operation& operation);
  std::optional<std::string> text_of(const std::string& name) const;
};

class SimulatedDisk {
 public:
  SimulatedDisk() = default;
  explicit SimulatedDisk(DiskState state);

  const DiskState& now() const { return now_; }
  const std::vector<Operation>& log() const { return log_; }
  void add(const Operation& operation);
  int new_inode() { return next_inode_++; }

  /// The operations before `count` that a power cut at that moment may lose. What a failed sync was about may be lost
  /// for ever.
  std::vector<std::size_t> unsynced_before(std::size_t count) const;
  /// The disk after a power cut at that moment, without the lost operations. `torn` cuts the last operation, a write,
  /// to so many bytes.
  DiskState after_power_cut(std::size_t count, const std::set<std::size_t>& lost,
                            std::optional<std::size_t> torn = std::nullopt) const;

 private:
  bool is_durable(std::size_t position, std::size_t count) const;

  DiskState begin_, now_;
  std::vector<Operation> log_;
  int next_inode_ = 1;
};

}  // namespace statusfs::crash
