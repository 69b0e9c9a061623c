// Going through all versions of a status file, for commands that tell its history.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fs/cli/status_targets.hpp"
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

/// Calls `visit` for every version, oldest first, until it returns false. Throws CommandError(unusable) where there is
/// no journal, or where it is not what it was when it was written.
void walk_chain(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping,
                const std::function<bool(const ChainStep&)>& visit);

/// The document of a version. Throws CommandError(unusable) where the journal does not have it.
Value document_at(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping, std::uint64_t version);

}  // namespace statusfs
