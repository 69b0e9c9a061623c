#include <iostream>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"

namespace statusfs {
namespace {

ExitStatus recover(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping) {
  PosixFiles files;
  LocalStore store(target.path, mapping, files);
  const StoredFile stored = store.load();
  for (const std::string& notice : stored.notices) std::cout << target.path << ": notice: " << notice << '\n';
  if (stored.state == StoredFile::State::unusable || !stored.reason.empty()) {
    std::cout << target.path << ": " << stored.reason << '\n';
    return ExitStatus::unusable;
  }
  if (const StoreResult result = store.settle(); result.status != StoreStatus::done)
    throw std::runtime_error(result.reason);
  if (store.looks_changed()) {
    std::cout << target.path << ": another program put content in its place that is no version of it\n";
    return ExitStatus::unusable;
  }
  std::cout << target.path << ": is at version " << stored.head.version << ", as its journal\n";
  return ExitStatus::done;
}

}  // namespace

ExitStatus recover_command(const std::string& argument, const std::optional<std::string>& mapping_file) {
  const auto mapping = load_mapping_file(mapping_file);
  ExitStatus status = ExitStatus::done;
  for (const StatusTarget& target : status_targets(argument)) {
    try {
      if (recover(target, mapping) != ExitStatus::done) status = ExitStatus::unusable;
    } catch (const std::exception& error) {  // the others are brought up to date all the same
      std::cout << target.path << ": " << error.what() << '\n';
      status = ExitStatus::unusable;
    }
  }
  return status;
}

}  // namespace statusfs
