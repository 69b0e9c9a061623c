#include "fs/cli/chain_walk.hpp"

#include <optional>
#include <utility>

#include "fs/cli/exit_status.hpp"
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

ChainCopy::ChainCopy(const StatusTarget& target, std::shared_ptr<const Mapping> mapping)
    : ChainCopy(target, std::move(mapping), take_snapshot(target.path)) {}

ChainCopy::ChainCopy(StatusTarget target, std::shared_ptr<const Mapping> mapping, const FileSnapshot& snapshot)
    : target_(std::move(target)), mapping_(std::move(mapping)) {
  if (!snapshot.journal)
    throw CommandError(ExitStatus::unusable,
                       target_.path + ": has no journal, so no history; statusfs adopt begins one");
  journal_ = *snapshot.journal;
}

void ChainCopy::walk(const std::function<bool(const ChainStep&)>& visit) const {
  PosixFiles files;
  Replay replay(mapping_, ReplayDepth::chained);
  try {
    read_chain(files, target_.path, journal_, 0, [&](std::string_view line) {
      const Value before = replay.lines() > 0 ? replay.root() : Value();
      replay.apply(line);
      return is_rotation(replay.last()) || visit({replay.last(), before, replay.root()});
    });
  } catch (const TamperError& error) {
    throw CommandError(ExitStatus::unusable, target_.path + ": " + error.what());
  } catch (const std::runtime_error& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

Value ChainCopy::document_at(std::uint64_t version) const {
  std::optional<Value> found;
  std::uint64_t first = 0, last = 0;
  walk([&](const ChainStep& step) {
    last = step.record.version;
    if (first == 0) first = last;
    if (last == version) found = step.after;
    return !found;
  });
  if (!found)
    throw CommandError(ExitStatus::unusable, target_.path + ": has no version " + std::to_string(version) +
                                                 "; there are " + std::to_string(first) + " to " +
                                                 std::to_string(last));
  return *found;
}

NewestVersion ChainCopy::newest() const {
  NewestVersion newest;
  walk([&](const ChainStep& step) {
    newest = {step.record.version, step.after};
    return true;
  });
  if (newest.version == 0) throw CommandError(ExitStatus::unusable, target_.path + ": its journal is empty");
  return newest;
}

}  // namespace statusfs
