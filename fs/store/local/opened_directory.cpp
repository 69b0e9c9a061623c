#include "fs/store/local/opened_directory.hpp"

#include <system_error>
#include <utility>

namespace statusfs {
namespace {

std::optional<FileStatus> status_if_possible(Files& files, const std::string& path) try {
  return files.status(path);
} catch (const std::system_error&) {
  return std::nullopt;
}

}  // namespace

OpenedDirectory::OpenedDirectory(Files& files, std::string path)
    : files_(files), path_(std::move(path)), opened_(status_if_possible(files_, path_)) {}

bool OpenedDirectory::is_displaced() const {
  const auto named = opened_ ? files_.status(path_) : std::nullopt;
  return named && !named->is_same_file(*opened_);
}

}  // namespace statusfs
