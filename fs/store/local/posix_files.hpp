// The files of this machine.
#pragma once

#include "fs/store/local/files.hpp"

namespace statusfs {

class PosixFiles : public Files {
 public:
  std::unique_ptr<File> open(const std::string& path, Open how) override;
  std::optional<FileStatus> status(const std::string& path) override;
  std::optional<std::string> resolve(const std::string& path) override;
  std::optional<std::string> read_link(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void rename_new(const std::string& from, const std::string& to) override;
  void exchange(const std::string& one, const std::string& other) override;
  void link(const std::string& path, const std::string& name) override;
  bool unlink(const std::string& path) override;
  void make_directory(const std::string& path, const FileStatus& like) override;
  bool is_being_written(const std::string& path) override;
  bool may_change(const std::string& directory) override;
  std::vector<std::string> names_in(const std::string& directory) override;
  void sync_directory(const std::string& path) override;
};

}  // namespace statusfs
