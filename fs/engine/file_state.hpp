// What readers see of a status file: one durable version, and whether it takes writes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "mapping/chain/journal_record.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/plan.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// Immutable once published.
struct FileState {
  std::shared_ptr<const StatusDocument> document;  ///< nullptr: the file cannot be shown, `error` says why
  std::shared_ptr<const StatusDocument> stored_document =
      {};  ///< set where `document` shows something that is not stored
  std::string error;
  bool is_gone = false;              ///< the file was removed, and `error` says so
  bool may_pass = false;             ///< what `error` or `read_only` says may, and then the file is loaded again
  std::string read_only;             ///< why writes are refused (EROFS); empty where they are taken
  bool closed_by_plan = false;       ///< read_only comes from the plan
  std::shared_ptr<const Plan> plan;  ///< the one in force; nullptr where there is none
  std::string plan_hindrance;        ///< why the plan lets the file take no writes; empty where it does
  bool chained = false;
  bool has_foreign_content = false;  ///< another program's stands in its place, and what becomes of it is not decided
  ChainHead head;                    ///< of a chained file
  std::chrono::system_clock::time_point modified;          ///< when this version was made
  std::chrono::system_clock::time_point modified_at_load;  ///< the same of the version that was loaded first
};

/// Why a file that cannot be shown takes part in nothing. Precondition: it has no document.
Rejection unusable(const std::string& name, const FileState& state);
/// Why it takes no writes. Precondition: it has a document, and is read-only.
Rejection closed(const std::string& name, const FileState& state);

/// The document that is stored, where `document` shows another.
inline const std::shared_ptr<const StatusDocument>& stored_document_of(const FileState& state) {
  return state.stored_document ? state.stored_document : state.document;
}

/// The largest value of the global counter that the document bears: in its stamped fields and in those of its tasks.
std::int64_t largest_g_in(const StatusDocument& document);
/// The same of the file: of its document and its chain.
std::int64_t largest_g_in(const FileState& state);

}  // namespace statusfs
