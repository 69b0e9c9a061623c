#include "fs/cli/chain_walk.hpp"

#include <optional>

#include "fs/cli/exit_status.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/replay.hpp"

namespace statusfs {

StatusTarget single_target(const std::string& argument) {
  const auto targets = status_targets(argument);
  if (targets.size() != 1)
    throw CommandError(ExitStatus::unusable, argument + ": name one status file of the directory");
  return targets.front();
}

void walk_chain(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping,
                const std::function<bool(const ChainStep&)>& visit) {
  const FileSnapshot snapshot = take_snapshot(target.path);
  if (!snapshot.journal)
    throw CommandError(ExitStatus::unusable,
                       target.path + ": has no journal, so no history; statusfs adopt begins one");
  PosixFiles files;
  Replay replay(mapping, ReplayDepth::chained);
  try {
    read_chain(files, target.path, *snapshot.journal, 0, [&](std::string_view line) {
      const Value before = replay.lines() > 0 ? replay.root() : Value();
      replay.apply(line);
      return is_rotation(replay.last()) || visit({replay.last(), before, replay.root()});
    });
  } catch (const TamperError& error) {
    throw CommandError(ExitStatus::unusable, target.path + ": " + error.what());
  } catch (const std::runtime_error& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

Value document_at(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping, std::uint64_t version) {
  std::optional<Value> found;
  std::uint64_t first = 0, last = 0;
  walk_chain(target, mapping, [&](const ChainStep& step) {
    last = step.record.version;
    if (first == 0) first = last;
    if (last == version) found = step.after;
    return last < version;
  });
  if (!found)
    throw CommandError(ExitStatus::unusable, target.path + ": has no version " + std::to_string(version) +
                                                 "; there are " + std::to_string(first) + " to " +
                                                 std::to_string(last));
  return *found;
}

}  // namespace statusfs
