// Who is which persona and archetype.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "fs/identity/caller.hpp"
#include "fs/identity/user_names.hpp"
#include "mapping/chain/journal_record.hpp"

namespace statusfs {

/// The archetype of everybody whom no row names, where nothing else is configured. In a mapping that has none of this
/// name it stands for one that may write nothing.
inline constexpr const char* archetype_of_others = "AUDITOR";

/// "Whoever this user is, or whoever is in this group, writes as this persona and archetype."
struct WriterRow {
  enum class Match { user, group };
  Match match = Match::user;
  id_t id = 0;                         ///< a uid or a gid
  std::optional<std::string> persona;  ///< without: as STATUSFS_PERSONA says, else the user's name
  std::string archetype;
};

/// The rows in force. Thread safety: never changes after it was made, but for a memory of user names that guards
/// itself; on SIGHUP the owner swaps a shared_ptr<const Writers>.
class Writers {
 public:
  Writers(std::vector<WriterRow> rows, std::string archetype_of_unnamed);

  /// The author of what this caller writes: the first row that matches counts. The labels give a persona where the
  /// row names none, and the trace id; where they are missing or invalid, the user's name and a new trace id are taken.
  Author author_of(const Caller& caller, const Labels& labels) const;
  /// The same without what only labels tell: enough to decide whether the caller may write, not to sign or to name the
  /// writer.
  Author authority_of(const Caller& caller) const;

  /// Whether a caller must be identified with its supplementary groups.
  bool needs_groups() const noexcept { return needs_groups_; }

 private:
  const WriterRow* row_of(const Caller& caller) const noexcept;
  std::string persona_of(const WriterRow* row, const Caller& caller, const Labels& labels) const;

  const std::vector<WriterRow> rows_;
  const std::string archetype_of_unnamed_;
  const bool needs_groups_;
  UserNames user_names_;
};

}  // namespace statusfs
