#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/signing/ed25519.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/checkpoint.hpp"
#include "mapping/chain/replay.hpp"

namespace statusfs {
namespace {

Checkpoint checkpoint_of(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping) {
  const FileSnapshot snapshot = take_snapshot(target.path);
  if (!snapshot.journal)
    throw CommandError(ExitStatus::unusable, target.path + ": has no journal; statusfs adopt begins one");
  PosixFiles files;
  Replay replay(mapping, ReplayDepth::verified);
  LinePlace place;
  const auto refuse = [&](const std::string& what) {
    throw CommandError(ExitStatus::unusable, target.path + ": " + what + "; what is damaged is not anchored");
  };
  const auto follow = [&](std::string_view line) {
    replay.apply(line);
    return true;
  };
  try {
    read_chain(files, target.path, *snapshot.journal, 0, follow, nullptr, &place);
  } catch (const TamperError& error) {
    refuse(place.text() + ": " + error.reason());
  } catch (const std::runtime_error& error) {
    refuse(error.what());
  }
  if (replay.lines() == 0) throw CommandError(ExitStatus::unusable, target.path + ": its journal is empty");
  const JournalRecord& last = replay.last();
  return {target.stem, last.version, replay.lines(), last.record_hash, last.payload_hash_current,
          last.time,   std::nullopt};
}

std::string signature_of(const Checkpoint& checkpoint, const std::string& key_file) {
  try {
    return SigningKey::read(key_file).sign(signed_part(checkpoint));
  } catch (const KeyError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

}  // namespace

ExitStatus anchor_command(const HistoryArguments& arguments) {
  const auto mapping = load_mapping_file(arguments.mapping);
  Checkpoint checkpoint = checkpoint_of(single_target(arguments.file), mapping);
  if (!arguments.signing_key.empty()) checkpoint.signature = signature_of(checkpoint, arguments.signing_key);
  std::cout << encode_checkpoint(checkpoint) << '\n';
  return ExitStatus::done;
}

}  // namespace statusfs
