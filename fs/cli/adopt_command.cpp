#include <iostream>

#include "fs/cli/control_client.hpp"
#include "fs/cli/file_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/offline_author.hpp"
#include "fs/cli/offline_store.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/chain/chain.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// What was done, for people. Where the hashes verify, loading the file begins its journal, and nothing is left to do.
std::string adopt_offline(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping,
                          const std::string& signing_key) {
  PosixFiles files;
  const bool had_journal = files.status(journal_of(target.path)).has_value();
  LocalStore store(target.path, mapping, files, offline_options(signing_key));
  const StoredFile stored = store.load();
  if (stored.state == StoredFile::State::unusable)
    throw CommandError(ExitStatus::unusable, about(target.path, stored.reason));
  if (stored.state == StoredFile::State::chained && !had_journal)
    return "its hashes are right; a journal is begun with version " + std::to_string(stored.head.version);
  if (stored.state == StoredFile::State::chained)
    throw CommandError(ExitStatus::unusable, target.path + ": has a chain already");
  const std::int64_t g = next_g_in_directory(target.directory());
  const Version version =
      begin_chain(*stored.document, {target.stem, {}, {}, g},
                  {g, format_timestamp(std::chrono::system_clock::now()), offline_author(*mapping)}, "adopt");
  const StoreResult result = store.begin({version.record, version.head, version.document});
  if (result.status != StoreStatus::done) throw CommandError(ExitStatus::unusable, about(target.path, result.reason));
  warn_of_old_signature(target, signing_key);
  return "adopted";
}

}  // namespace

ExitStatus adopt_command(const std::string& file, const std::optional<std::string>& mapping_file,
                         const std::string& signing_key) {
  const auto mapping = load_mapping_file(mapping_file);
  for (const StatusTarget& target : status_targets(file)) {
    std::string done = "adopted";
    try {
      if (!send_control(target, "adopt")) done = adopt_offline(target, mapping, signing_key);
    } catch (const CommandError&) {
      throw;
    } catch (const std::exception& error) {
      throw CommandError(ExitStatus::unusable, about(target.path, error.what()));
    }
    std::cout << target.path << ": " << done << '\n';
  }
  return ExitStatus::done;
}

}  // namespace statusfs
