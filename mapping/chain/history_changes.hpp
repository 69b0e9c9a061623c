// What the versions of a chain changed, for people and scripts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/chain/journal_record.hpp"
#include "mapping/document/pointer.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// One value that a version changed.
struct HistoryChange {
  std::string task;             ///< id; empty in the file's scope
  Pointer pointer;              ///< from the scope; the root for a task that was added or removed
  std::optional<Value> before;  ///< nothing where there was none
  std::optional<Value> after;   ///< nothing where there is none any more
  bool is_entry = false;        ///< `after` is an entry that was added at the end of the list at `pointer`
};

/// What the record's patch does to the document before it, in order. A patch of the whole document changes nothing that
/// can be named. Throws Rejection where the patch does not fit.
std::vector<HistoryChange> changes_of(const Mapping& mapping, const Value& before, const JournalRecord& record);

/// Whether the driver itself sets the value with every mutation: stamps, derived values.
bool is_stamp(const Mapping& mapping, const HistoryChange& change);
std::vector<HistoryChange> without_stamps(const Mapping& mapping, std::vector<HistoryChange> changes);

/// The path in the tree of a value of the file, or of a task.
std::string path_in_tree(const Mapping& mapping, const std::string& task, const Pointer& pointer);

/// `tasks/t1/status: "PENDING" -> "ACTIVE"`, values cut after some characters; `+ entry` for an added entry.
std::string change_text(const Mapping& mapping, const HistoryChange& change);

/// One line, without newline, of a log of versions: v, g, time, persona, op and what changed.
std::string log_line(const Mapping& mapping, const JournalRecord& record, const std::vector<HistoryChange>& changes);
/// The same as a compact JSON object, with whole values.
Value log_object(const Mapping& mapping, const JournalRecord& record, const std::vector<HistoryChange>& changes);

}  // namespace statusfs
