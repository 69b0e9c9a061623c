#include <iostream>
#include <sstream>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/offline_store.hpp"
#include "fs/cli/progress.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"

namespace statusfs {
namespace {

// What became of one file, and what to tell of it.
ExitStatus recover(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping,
                   const LocalOptions& options, std::ostream& report) {
  PosixFiles files;
  LocalStore store(target.path, mapping, files, options);
  const StoredFile stored = load_and_settle(store);
  for (const std::string& notice : stored.notices) report << target.path << ": notice: " << notice << '\n';
  if (!stored.reason.empty()) {
    report << about(target.path, stored.reason) << '\n';
    return ExitStatus::unusable;
  }
  report << target.path << ": is at version " << stored.head.version << ", as its journal\n";
  return ExitStatus::done;
}

}  // namespace

ExitStatus recover_command(const std::string& argument, const std::optional<std::string>& mapping_file,
                           const std::string& signing_key) {
  const LocalOptions options = offline_options(signing_key);
  const auto mapping = load_mapping_file(mapping_file);
  ExitStatus status = ExitStatus::done;
  const std::vector<StatusTarget> targets = status_targets(argument);
  Progress progress;
  for (std::size_t position = 0; position < targets.size(); ++position) {
    const StatusTarget& target = targets[position];
    progress.begin("recovering " + target.stem, targets.size() > 1 ? targets.size() : 0);
    progress.reach(position);
    std::ostringstream report;
    try {
      if (recover(target, mapping, options, report) != ExitStatus::done) status = ExitStatus::unusable;
    } catch (const std::exception& error) {  // the others are brought up to date all the same
      report << about(target.path, error.what()) << '\n';
      status = ExitStatus::unusable;
    }
    progress.without_bar([&] { std::cout << report.str() << std::flush; });
  }
  return status;
}

}  // namespace statusfs
