// Rebuilding documents from a journal, line by line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mapping/chain/hashes.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/document/json_patch.hpp"

namespace statusfs {

/// A journal that is not what it was when it was written: says in which line (from 1) and what is wrong.
class TamperError : public std::runtime_error {
 public:
  TamperError(std::uint64_t line, const std::string& reason, std::string pointer = {});
  std::uint64_t line() const noexcept { return line_; }
  /// What is wrong, without the line: for whoever knows better where that stands.
  const std::string& reason() const noexcept { return reason_; }
  /// JSON pointer into the version's document, where the fault has a place in it; else empty.
  const std::string& pointer() const noexcept { return pointer_; }

 private:
  std::uint64_t line_;
  std::string reason_;
  std::string pointer_;
};

enum class ReplayDepth {
  chained,   ///< every record_hash, record_previous, version and payload_hash_previous; enough to recover
  verified,  ///< besides, every version's signature hashes (of what the record touched), payload hash, size, g and
             ///< header
};

class Replay {
 public:
  Replay(std::shared_ptr<const Mapping> mapping, ReplayDepth depth);
  /// Where the chain starts when the journal continues a closed one: the record_hash of the line before its first.
  void continue_from(const std::string& record_hash);

  /// The next line, without its newline. Costs what the line changes, however large the document is; only a line that
  /// replaces or moves tasks costs the whole, and one that removes some looks at the others' ids. Throws TamperError;
  /// the replay then stands at the line before.
  void apply(std::string_view line);

  std::uint64_t lines() const noexcept { return lines_; }
  /// Precondition of those below: lines() > 0.
  const Value& root() const noexcept { return root_; }
  const JournalRecord& last() const noexcept { return last_; }
  ChainHead head() const { return head_of(last_); }

 private:
  void check_chain(const JournalRecord& record) const;
  std::string about_broken_link(const JournalRecord& record) const;
  void check_rotation(const JournalRecord& record) const;
  void check_document(const JournalRecord& record, const std::vector<PatchOperation>& patch, const Value& root);
  void check_stamps(const JournalRecord& record, const Value& root) const;
  void check_g(const JournalRecord& record, const Value& root) const;
  void follow(const std::vector<PatchOperation>& patch, const Value& root);
  void start_again(const Value& root);
  void verify_task(const StatusDocument& document, std::size_t position) const;

  std::shared_ptr<const Mapping> mapping_;
  ReplayDepth depth_;
  std::uint64_t lines_ = 0;
  std::optional<std::string> expected_previous_;
  Value root_;
  JournalRecord last_;
  // Of verified, both or neither: the document of the last line, and its hash and size as they follow the changes.
  std::optional<StatusDocument> document_;
  std::unique_ptr<IncrementalDigest> digest_;
  JsonParser parser_;
};

}  // namespace statusfs
