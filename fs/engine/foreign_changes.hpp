// What becomes of content that another program put in a status file's place: a version, or quarantine.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "fs/engine/version_writer.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class ForeignChanges {
 public:
  /// `writer` must outlive this.
  explicit ForeignChanges(VersionWriter& writer) : writer_(writer) {}

  /// To be called when the store's prepare() said foreign. A change that fits the chain, or that the configuration lets
  /// pass, becomes a version of persona EXTERNAL; any other is kept aside, and the file goes into quarantine. Why that
  /// is not possible now (the change stays where it is, and may be resolved later), or why the quarantine is not
  /// recorded yet.
  std::optional<Rejection> resolve();
  /// To be called before a version is made: the record of a quarantine that could not be made until now. Why it still
  /// cannot be; then nothing else may be written.
  std::optional<Rejection> record_quarantine();

 private:
  struct NotAdopted {
    Rejection refusal;
    bool is_passing = false;  ///< the same may succeed a little later; else it is the content's own fault
  };
  std::optional<NotAdopted> adopt(const ForeignChange& change);
  void commit_if_allowed(const ForeignChange& change);
  std::optional<Rejection> quarantine(const ForeignChange& change, const std::string& reason);
  void commit(const StatusDocument& document, const Proposal& proposal, const Author& author, bool continues_chain);
  void require_good_successor(const StatusDocument& document);
  void commit_as_ours(const Proposal& proposal, const Author& author);
  bool commit_successor(const StatusDocument& document, const Author& author);
  void record_as_kept(const std::string& kept_as);

  VersionWriter& writer_;
  std::deque<std::string> unrecorded_;  // names that changes were kept under, the oldest first
};

}  // namespace statusfs
