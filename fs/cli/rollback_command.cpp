#include <iostream>
#include <optional>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/control_client.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/offline_control.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/journal_file.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {
namespace {

// By the last line of the journal; nothing where that does not tell.
std::optional<std::uint64_t> newest_version(const StatusTarget& target) {
  PosixFiles files;
  const auto journal = JournalFile::open(files, journal_of(target.path), JournalFile::Access::read_only, {});
  const auto line = journal ? journal->last_line() : std::nullopt;
  return line ? version_of_line(*line) : std::nullopt;
}

}  // namespace

ExitStatus rollback_command(const HistoryArguments& arguments) {
  const auto mapping = load_mapping_file(arguments.mapping);
  const StatusTarget target = single_target(arguments.file);
  Value command = Value::object()
                      .with_member("command", Value("rollback"))
                      .with_member("version", Value(static_cast<std::int64_t>(arguments.version)));
  if (!arguments.task.empty()) command = command.with_member("task", Value(std::string_view(arguments.task)));
  ControlRequest request;
  request.command = ControlRequest::Command::rollback;
  request.version = arguments.version;
  if (!arguments.task.empty()) request.task = arguments.task;
  const auto before = newest_version(target);
  if (!send_control(target, command)) run_offline(target, mapping, request, arguments.signing_key);
  const bool has_changed = !before || newest_version(target) != before;
  std::cout << target.path << ": " << (arguments.task.empty() ? "" : "task " + arguments.task + " ")
            << (has_changed ? "rolled back to version " : "nothing to change: it says already what it said at version ")
            << arguments.version << '\n';
  return ExitStatus::done;
}

}  // namespace statusfs
