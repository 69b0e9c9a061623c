// The local store's files on a simulated disk, any of whose operations can be made to fail.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "fs/store/local/files.hpp"
#include "tests/crash/simulated_disk.hpp"

namespace statusfs::crash {

/// From the `at`-th operation on (from 0), once or always.
struct Fault {
  enum class Kind {
    io_error,     ///< EIO from any operation
    no_space,     ///< ENOSPC from what needs room
    short_write,  ///< half of it is written
  };
  Kind kind = Kind::io_error;
  std::size_t at = 0;
  bool is_lasting = false;
};

/// Thread safety: one thread.
class SimulatedFiles final : public Files {
 public:
  SimulatedFiles() = default;
  explicit SimulatedFiles(DiskState state) : disk_(std::move(state)) {}

  SimulatedDisk& disk() { return disk_; }
  void put(const std::string& path, const std::string& text);
  /// The fault counts from here.
  void set_fault(std::optional<Fault> fault);
  /// Operations that the fault could have met so far.
  std::size_t operations() const { return operations_; }

  std::unique_ptr<File> open(const std::string& path, Open how) override;
  std::optional<FileStatus> status(const std::string& path) override;
  std::optional<std::string> resolve(const std::string& path) override { return path; }
  void rename(const std::string& from, const std::string& to) override;
  void rename_new(const std::string& from, const std::string& to) override;
  void exchange(const std::string& one, const std::string& other) override;
  void link(const std::string& path, const std::string& name) override;
  bool unlink(const std::string& path) override;
  void make_directory(const std::string& path, const FileStatus& like) override;
  std::vector<std::string> names_in(const std::string& directory) override;
  void sync_directory(const std::string& path) override;

 private:
  class SimulatedFile;
  enum class Needs { nothing, room };

  /// Counts an operation. Whether the fault strikes it.
  bool strikes();
  /// Counts an operation and fails it if the fault strikes it.
  void may_fail(Needs needs, const std::string& what) { fail_if(strikes(), needs, what); }
  void fail_if(bool is_struck, Needs needs, const std::string& what) const;
  FileStatus status_of(int inode);
  void require(const std::string& path);

  SimulatedDisk disk_;
  std::map<int, std::int64_t> modified_;
  std::int64_t clock_ = 1;
  std::optional<Fault> fault_;
  std::size_t operations_ = 0;
};

}  // namespace statusfs::crash
