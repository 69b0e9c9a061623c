// Deciding what becomes of content that another program put in a status file's place.
#pragma once

#include <optional>
#include <string>

#include "fs/store/store.hpp"
#include "mapping/rules/acceptable.hpp"
#include "mapping/rules/merge.hpp"
#include "mapping/rules/write_request.hpp"

namespace statusfs {

enum class Resolution {
  ours,    ///< our content stays
  theirs,  ///< the foreign content, as far as the rules allow it
  merge,   ///< both, by field, from the last version that they have in common
};

/// Content that was set aside when the quarantine began.
struct ForeignFile {
  std::string name;  ///< <file>.foreign-<n>; empty where the journal names none, as one that began in quarantine
  std::string text;
  std::string failure;  ///< why the text cannot be read; empty where it was
  Value base;           ///< the last version that it has in common with ours
};

/// What was set aside last, by the journal's last quarantine record. That there is none, or that it cannot be read, is
/// told by its failure.
ForeignFile last_foreign_file(Store& store, const std::shared_ptr<const Mapping>& mapping);

/// The mutation that settles the matter, but for the state of the partition. Its path names the foreign file and, where
/// it can be read, its hash. Of theirs what the rules refuse is left out and named. Precondition: the author has the
/// authority over locks. Throws Rejection: invalid with all conflicts where a merge has some and no side is preferred,
/// not_found where theirs is asked for and cannot be read, and what the rules refuse of a merge.
Acceptable propose_reconciliation(const StatusDocument& ours, const ForeignFile& foreign, Resolution resolution,
                                  std::optional<Side> preferred, const Judge& judge);

/// `left out: tasks/t1/percent_complete of FILE.foreign-1: must be ...`, for people.
std::string text_of(const LeftOut& left_out, const Mapping& mapping, const ForeignFile& foreign);

}  // namespace statusfs
