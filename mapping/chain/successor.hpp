// A version that another program made: whether it may follow the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mapping/chain/hashes.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/rules/plan.hpp"

namespace statusfs {

/// Whether the document bears the version number and the previous payload hash of what follows the head, and its own
/// hashes verify.
bool is_successor(const StatusDocument& document, const ChainHead& head);

struct VersionBefore {
  const StatusDocument& document;
  std::int64_t g;
};

/// What the document says of its own making.
struct SuccessorStamps {
  std::int64_t g = 0;    ///< 0: no number
  std::string trace_id;  ///< empty: none
};

SuccessorStamps stamps_of_successor(const StatusDocument& document);

/// The first of what validating it finds (check_document) that was not to be found before, and of stamps that no
/// mutation could have made: a g that was changed and is not larger than the one before or is the last of all, or one
/// that is later than the file's; a task's g that became null; tasks and entries that were added without stamps.
/// is_successor is another question.
std::optional<Finding> fault_of_successor(const VersionBefore& before, const StatusDocument& document,
                                          const std::string& stem, const Plan* plan);

}  // namespace statusfs
