#include "tests/unit/store/chain_maker.hpp"

#include <sstream>

#include "mapping/chain/replay.hpp"
#include "mapping/document/merge_patch.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/sample_text.hpp"

namespace statusfs {
namespace {

MutationStamp stamp_with(std::int64_t g) {
  MutationStamp stamp;
  stamp.g = g;
  stamp.time = "2025-06-09T12:00:00.000000Z";
  stamp.author = {"TESTER", "SUPERVISOR", 1000, 4711, std::string(32, 'a')};
  return stamp;
}

CommitEntry entry_of(const Version& version) { return {version.record, version.head, version.document}; }

}  // namespace

std::string plain_status_text() {
  std::string text = sample_text();
  text.insert(text.rfind('}'), R"(, "unknown": {"kept": 1.50})");
  return text + "\n";
}

ChainMaker::ChainMaker() : mapping_(default_mapping()) {
  const StatusDocument plain(mapping_, parse_json(plain_status_text()));
  first_ = entry_of(begin_chain(plain, {"exec_status_7", "exec_plan_7", "", 1}, stamp_with(2), "adopt"));
  chain_ = std::make_unique<Chain>(first_.document, first_.head);
}

ChainMaker::ChainMaker(std::shared_ptr<const StatusDocument> document, const ChainHead& head)
    : mapping_(document->shared_mapping()), chain_(std::make_unique<Chain>(std::move(document), head)) {
  first_ = {"", head, chain_->document()};
}

std::string ChainMaker::text() const { return indented_document(chain_->document()->root()); }

CommitEntry ChainMaker::next(const std::string& merge_patch) {
  Proposal proposal;
  const Value after = apply_merge_patch(document()->root(), parse_json(merge_patch));
  proposal.changes = difference(*document(), after, Removal::is_removal);
  proposal.op = "patch";
  proposal.path = "patch";
  return entry_of(chain_->append(proposal, stamp_with(head().g + 1)));
}

CommitEntry ChainMaker::next_of_size(std::size_t bytes) {
  const std::string text = "blocker " + std::to_string(++count_) + " " + std::string(bytes, 'x');
  return next(R"({"payload": {"overall_status_summary": {"active_blockers_summary": [)" + ('"' + text + '"') + "]}}}");
}

void ChainMaker::back_to(const CommitEntry& entry) { chain_->reset(entry.document, entry.head); }

ChainHead verified_head(const std::shared_ptr<const Mapping>& mapping, const std::string& journal) {
  Replay replay(mapping, ReplayDepth::verified);
  std::istringstream lines(journal);
  for (std::string line; std::getline(lines, line);) replay.apply(line);
  return replay.head();
}

}  // namespace statusfs
