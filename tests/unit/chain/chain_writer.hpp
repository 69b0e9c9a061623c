// Writes to a chain, and keeps its journal.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mapping/chain/chain.hpp"
#include "mapping/chain/replay.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {

inline const std::string example_time = "2025-06-09T12:00:00.000000Z";

inline MutationStamp stamp_of(std::int64_t g, const std::string& archetype = "SUPERVISOR") {
  return {g, example_time, author_of(archetype)};
}

inline Version begun(const StatusDocument& document, std::int64_t g = 2) {
  return begin_chain(document, {"exec_status_7", "exec_plan_7", "", g}, stamp_of(g), "adopt");
}

/// What stands at a pointer from the root, or "absent".
inline std::string value_in(const StatusDocument& document, const std::string& pointer) {
  const Value* value = find(document.root(), Pointer::parse(pointer));
  return value ? compact(*value) : "absent";
}

class ChainWriter {
 public:
  explicit ChainWriter(const StatusDocument& document = sample()) {
    const Version first = begun(document);
    journal_.push_back(first.record);
    chain_ = std::make_unique<Chain>(first.document, first.head);
  }

  Chain& chain() { return *chain_; }
  const StatusDocument& document() const { return *chain_->document(); }
  std::string text() const { return indented_document(document().root()); }
  const std::vector<std::string>& journal() const { return journal_; }

  /// The version that the attempt makes, with the next value of the counter.
  Version write(const Attempt& attempt) {
    const Proposal proposal = judged(document(), attempt);
    EXPECT_FALSE(proposal.changes.empty()) << attempt.path << " " << attempt.text;
    return keep(chain_->append(proposal, stamp_of(chain_->head().g + 1, attempt.archetype)));
  }

  Version keep(Version version) {
    journal_.push_back(version.record);
    return version;
  }

 private:
  std::unique_ptr<Chain> chain_;
  std::vector<std::string> journal_;
};

inline Replay replayed(const std::vector<std::string>& journal, ReplayDepth depth = ReplayDepth::verified) {
  Replay replay(default_mapping(), depth);
  for (const std::string& line : journal) replay.apply(line);
  return replay;
}

/// Every version verified, and the bytes of the last one are the writer's.
inline void expect_journal_gives_document(const ChainWriter& writer) {
  const Replay replay = replayed(writer.journal());
  EXPECT_EQ(indented_document(replay.root()), writer.text());
  EXPECT_EQ(replay.last().size, writer.text().size());
}

}  // namespace statusfs
