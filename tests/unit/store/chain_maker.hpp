// Valid chains of versions for tests of stores.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fs/store/store.hpp"
#include "mapping/chain/chain.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// A status file with three tasks, as people write one: without hashes.
std::string plain_status_text();

/// Stands in for the engine: makes one version after another of one status file.
class ChainMaker {
 public:
  /// Begins with plain_status_text(), adopted.
  ChainMaker();
  /// Continues from what a store holds.
  ChainMaker(std::shared_ptr<const StatusDocument> document, const ChainHead& head);

  const std::shared_ptr<const Mapping>& mapping() const { return mapping_; }
  const CommitEntry& first() const { return first_; }
  std::shared_ptr<const StatusDocument> document() const { return chain_->document(); }
  const ChainHead& head() const { return chain_->head(); }
  /// The JSON of the newest version.
  std::string text() const;

  /// The next version, by a merge patch of the whole document.
  CommitEntry next(const std::string& merge_patch);
  /// The next version: another blocker in the summary, of about so many bytes.
  CommitEntry next_of_size(std::size_t bytes);
  CommitEntry next() { return next_of_size(40); }
  /// Forgets versions that were not committed.
  void back_to(const CommitEntry& entry);

 private:
  std::shared_ptr<const Mapping> mapping_;
  CommitEntry first_;
  std::unique_ptr<Chain> chain_;
  int count_ = 0;
};

/// All lines of a journal replayed and verified. Throws TamperError.
ChainHead verified_head(const std::shared_ptr<const Mapping>& mapping, const std::string& journal);

}  // namespace statusfs
