// What can be said of a status file, its chain, an anchor and a signature: each statement by itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/chain/checkpoint.hpp"
#include "mapping/chain/replay.hpp"

namespace statusfs {

/// What was found out about one file.
struct ChainVerdict {
  std::vector<std::string> findings;  ///< anything here is damage
  std::vector<std::string> notices;
  std::uint64_t lines = 0;    ///< good ones, from the first on
  std::uint64_t version = 0;  ///< of the last of them
  // Each statement; nothing where it could not be looked at, or was not asked for.
  std::optional<bool>
      is_chained;  ///< every journal line follows from the one before; nothing where not all could be read
  std::optional<bool> has_right_hashes;  ///< of every version
  std::optional<bool> is_head;           ///< the JSON says what the journal says for its version
  std::optional<bool> is_since_anchor;   ///< not older than the anchor, and only added to since
  std::optional<bool> is_signed;         ///< the JSON's bytes, by the key that was asked for
  // Of the first damage, where it has one.
  std::optional<std::uint64_t> bad_version;
  std::string bad_pointer;  ///< JSON pointer into the version's document
  std::string bad_path;     ///< the same as a path in the tree, where the document can be read

  bool is_good() const noexcept { return findings.empty(); }
};

/// Lines that cannot be read.
class UnreadableLines : public std::runtime_error {
 public:
  /// `first` is the version of the first of them.
  UnreadableLines(std::uint64_t first, const std::string& reason) : std::runtime_error(reason), first_(first) {}
  std::uint64_t first() const noexcept { return first_; }

 private:
  std::uint64_t first_;
};

/// Hands over all lines of a chain, oldest first, without their newlines, until the visitor returns false. May throw
/// UnreadableLines, or another std::runtime_error where they cannot be read and it is not known which.
using ChainLines = std::function<void(const std::function<bool(std::string_view line)>&)>;

/// What there is of a status file.
struct ChainEvidence {
  std::string file_id;               ///< the file's name without .txt, as an anchor bears it
  std::optional<std::string> json;   ///< the file's text; nothing where it is missing
  ChainLines lines;                  ///< empty where there is no journal
  bool has_torn_line = false;        ///< the live journal ends in a line without its newline
  std::optional<Checkpoint> anchor;  ///< one that is trusted
  /// Where the line stands that was handed over last; empty: its number among all lines says it.
  std::function<std::string()> place = {};
};

/// Verifies everything but signatures. Does not throw for anything that is wrong with the evidence.
ChainVerdict verify_chain(const std::shared_ptr<const Mapping>& mapping, const ChainEvidence& evidence);

}  // namespace statusfs
