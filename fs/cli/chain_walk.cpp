#include "fs/cli/chain_walk.hpp"

#include <optional>
#include <utility>

#include "fs/cli/exit_status.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/replay.hpp"

namespace statusfs {

namespace {

// The journal may go on where a closed one ended, which is not looked at.
void continue_from_before(std::string_view first_line, Replay& replay) {
  try {
    if (const auto before = decode_record(first_line).record_previous) replay.continue_from(*before);
  } catch (const RecordError&) {  // replaying the line says what is wrong with it
  }
}

}  // namespace

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
  Replay replay(mapping_, ReplayDepth::chained);
  const auto follow = [&](std::string_view line) {
    const Value before = replay.lines() > 0 ? replay.root() : Value();
    replay.apply(line);
    return is_rotation(replay.last()) || visit({replay.last(), before, replay.root()});
  };
  told([&](Files& files, LinePlace& place) { read_chain(files, target_.path, journal_, 0, follow, nullptr, &place); });
}

void ChainCopy::told(const std::function<void(Files& files, LinePlace& place)>& read) const {
  PosixFiles files;
  LinePlace place;
  try {
    read(files, place);
  } catch (const TamperError& error) {
    throw CommandError(ExitStatus::unusable, target_.path + ": " + place.text() + ": " + error.reason());
  } catch (const CommandError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

// Of the journal that holds the version alone: what became of the others does not matter.
Value ChainCopy::document_at(std::uint64_t version) const {
  std::optional<Value> found;
  Replay replay(mapping_, ReplayDepth::chained);
  const auto follow = [&](std::string_view line) {
    if (replay.lines() == 0) continue_from_before(line, replay);
    replay.apply(line);
    if (replay.last().version == version) found = replay.root();
    return !found;
  };
  told([&](Files& files, LinePlace& place) {
    read_journal_of(files, target_.path, journal_, version, follow, nullptr, &place);
  });
  if (!found) throw CommandError(ExitStatus::unusable, target_.path + ": " + about_lack_of(version));
  return *found;
}

std::string ChainCopy::about_lack_of(std::uint64_t version) const {
  const std::string whole_lines = journal_.substr(0, journal_.rfind('\n'));
  const std::uint64_t last = version_of_line(whole_lines.substr(whole_lines.rfind('\n') + 1)).value_or(0);
  std::uint64_t first = last;
  told([&](Files& files, LinePlace&) { first = first_version_of_chain(files, target_.path, journal_); });
  if (version >= first && version <= last)
    return "version " + std::to_string(version) + " is missing: the closed journal that held it is not there";
  return "has no version " + std::to_string(version) + "; there are " + std::to_string(first) + " to " +
         std::to_string(last);
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
