// The writer's end of a chain of versions: stamps, derives, hashes and records one mutation after another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mapping/chain/derived_counts.hpp"
#include "mapping/chain/hashes.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/rules/write_request.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {

/// What the outside world adds to a mutation.
struct MutationStamp {
  std::int64_t g = 0;  ///< drawn from the global counter for this mutation alone
  std::string time;    ///< RFC 3339, UTC
  Author author;
};

/// A value that is another one in this version than in the one before.
struct ChangedValue {
  std::string task;  ///< id; empty in the file's scope
  const Field* field =
      nullptr;                 ///< the row of the mapping that shows it, or what is around it; nullptr where none does
  bool is_whole_task = false;  ///< the task was added or removed
  Pointer unknown = {};        ///< from the scope: the value, where no row shows it; else the root
};

/// `field` as above, of the value at `pointer`.
ChangedValue changed_value(std::string task, const Field* field, const Pointer& pointer);

/// One new version of a document.
struct Version {
  std::shared_ptr<const StatusDocument> document;
  std::string record;  ///< journal line, without newline
  ChainHead head;
  std::vector<ChangedValue> changes;
  bool tasks_listed_anew = false;  ///< a task was added or removed
};

/// Thread safety: one thread at a time.
class Chain {
 public:
  /// Continues a chain whose last version is this document.
  Chain(std::shared_ptr<const StatusDocument> document, ChainHead head);

  const std::shared_ptr<const StatusDocument>& document() const noexcept { return document_; }
  const ChainHead& head() const noexcept { return head_; }

  /// The version that the proposal makes. Precondition: proposal.changes is not empty and was judged by the current
  /// document.
  Version append(const Proposal& proposal, const MutationStamp& stamp);

  /// Takes a whole document, as another program left it, for the next version: it must verify as one.
  Version append_document(const StatusDocument& next, const MutationStamp& stamp);

  /// Goes back to an earlier state, when appended versions could not be made durable.
  void reset(std::shared_ptr<const StatusDocument> document, ChainHead head);

 private:
  std::shared_ptr<const StatusDocument> document_;
  ChainHead head_;
  IncrementalDigest digest_;
  DerivedCounts counts_;
};

/// The first version of a new chain: the document with its header completed, every task signed, derived values and
/// hashes in place, payload_hash_previous null. The version is one more than the document's own, or 1. The record holds
/// it whole. Throws Rejection: invalid where the document's version is so large that none can follow it, read_only
/// where its schema is not the mapping's.
Version begin_chain(const StatusDocument& document, const TemplateNames& names, const MutationStamp& stamp,
                    const std::string& op);

}  // namespace statusfs
