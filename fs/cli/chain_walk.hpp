// Going through all versions of a status file, for commands that tell its history.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// One version and the document before it. Valid during the call.
struct ChainStep {
  const JournalRecord& record;
  const Value& before;  ///< null for the first version
  const Value& after;
};

/// The one status file that the argument names. Throws CommandError(unusable).
StatusTarget single_target(const std::string& argument);

struct NewestVersion {
  std::uint64_t version = 0;
  Value root;
};

/// The versions of a status file as they stood when this was made: however often they are gone through, they are the
/// same.
class ChainCopy {
 public:
  /// Throws CommandError(unusable) where there is no journal.
  ChainCopy(const StatusTarget& target, std::shared_ptr<const Mapping> mapping);
  ChainCopy(StatusTarget target, std::shared_ptr<const Mapping> mapping, const FileSnapshot& snapshot);

  /// Calls `visit` for every version, oldest first, until it returns false. Throws CommandError(unusable) where the
  /// journal is not what it was when it was written.
  void walk(const std::function<bool(const ChainStep&)>& visit) const;
  /// The document of a version. Throws CommandError(unusable) where the journal does not have it.
  Value document_at(std::uint64_t version) const;
  /// The last version. Throws CommandError(unusable) where the journal is empty.
  NewestVersion newest() const;

 private:
  void told(const std::function<void(Files& files, LinePlace& place)>& read) const;
  std::string about_lack_of(std::uint64_t version) const;

  StatusTarget target_;
  std::shared_ptr<const Mapping> mapping_;
  std::string journal_;  // the live one; what is in closed journals stays there
};

}  // namespace statusfs
