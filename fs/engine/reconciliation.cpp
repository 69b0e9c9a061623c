#include "fs/engine/reconciliation.hpp"

#include "fs/engine/record_walk.hpp"
#include "mapping/chain/hashes.hpp"
#include "mapping/chain/history_changes.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/proposal.hpp"

namespace statusfs {
namespace {

std::optional<Value> parsed(const std::string& text) {
  try {
    return parse_json(text);
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

// Where the foreign content branched off: the version that it says it comes after, or else the one that it says it
// still is.
class CommonVersion {
 public:
  CommonVersion(const Mapping& mapping, const std::optional<Value>& foreign) {
    if (!foreign) return;
    previous_ = hash(mapping, *foreign, Stamp::payload_hash_previous);
    current_ = hash(mapping, *foreign, Stamp::payload_hash_current);
  }
  void see(const JournalRecord& record, const Value& root) {
    if (current_ == record.payload_hash_current) same_ = root;
    if (previous_ == record.payload_hash_current) predecessor_ = root;
  }
  std::optional<Value> found() const { return same_ ? same_ : predecessor_; }

 private:
  static std::optional<std::string> hash(const Mapping& mapping, const Value& root, Stamp stamp) {
    const Value* value = find(root, mapping.stamped(stamp, false)->pointer);
    return value && value->is_string() ? std::optional(std::string(value->as_string())) : std::nullopt;
  }
  std::optional<std::string> previous_, current_;
  std::optional<Value> predecessor_, same_;
};

StatusDocument foreign_document(const StatusDocument& ours, const ForeignFile& foreign) {
  if (!foreign.failure.empty())
    throw Rejection(Cause::not_found,
                    "the foreign content cannot be read: " + foreign.failure + "; only --ours is possible");
  try {
    return {ours.shared_mapping(), parse_json(foreign.text)};
  } catch (const std::runtime_error& error) {
    throw Rejection(Cause::invalid,
                    foreign.name + " cannot be read as a status file (" + error.what() + "); only --ours is possible");
  }
}

std::string list_of(const Mapping& mapping, const std::vector<MergeConflict>& conflicts) {
  const auto shown = [](const std::optional<Value>& value) { return value ? compact(*value) : std::string("absent"); };
  std::string text;
  for (const MergeConflict& conflict : conflicts)
    text += "; " + path_in_tree(mapping, conflict.task, conflict.pointer) + " is " + shown(conflict.ours) +
            " in ours and " + shown(conflict.theirs) + " in theirs";
  return text;
}

Value merged(const StatusDocument& ours, const ForeignFile& foreign, std::optional<Side> preferred) {
  const StatusDocument theirs = foreign_document(ours, foreign);
  const StatusDocument base(ours.shared_mapping(), foreign.base);
  const MergeResult result = merge(base, ours, theirs, preferred);
  if (!preferred && !result.conflicts.empty())
    throw Rejection(Cause::invalid, std::to_string(result.conflicts.size()) +
                                        (result.conflicts.size() == 1 ? " conflict" : " conflicts") +
                                        ", nothing was written (choose with --prefer)" +
                                        list_of(ours.mapping(), result.conflicts));
  return result.root;
}

// Their values everywhere; only what logs have gained on either side is kept from both.
Value replaced(const StatusDocument& ours, const ForeignFile& foreign) {
  const StatusDocument both(ours.shared_mapping(), merged(ours, foreign, Side::theirs));
  return merge(both, both, foreign_document(ours, foreign), Side::theirs).root;
}

}  // namespace

ForeignFile last_foreign_file(Store& store, const std::shared_ptr<const Mapping>& mapping) {
  ForeignFile foreign;
  walk_records(store, mapping, [&](const JournalRecord& record, const Value& before, const Value&) {
    if (record.op != "quarantine") return true;
    foreign.name = record.path;
    foreign.base = before;
    return true;
  });
  if (foreign.name.empty()) {
    foreign.failure = "the journal names no foreign file";
    return foreign;
  }
  try {
    foreign.text = store.read_foreign(foreign.name);
  } catch (const std::runtime_error& error) {
    foreign.failure = error.what();
    return foreign;
  }
  CommonVersion common(*mapping, parsed(foreign.text));
  walk_records(store, mapping, [&](const JournalRecord& record, const Value&, const Value& after) {
    common.see(record, after);
    return true;
  });
  if (const auto found = common.found()) foreign.base = *found;
  return foreign;
}

Acceptable propose_reconciliation(const StatusDocument& ours, const ForeignFile& foreign, Resolution resolution,
                                  std::optional<Side> preferred, const Judge& judge) {
  Acceptable result;
  switch (resolution) {
    case Resolution::ours:
      break;
    case Resolution::theirs:
      result = propose_acceptable(ours, replaced(ours, foreign), judge);
      break;
    case Resolution::merge:
      result.proposal = propose_replacement(ours, merged(ours, foreign, preferred), judge);
      break;
  }
  Proposal& proposal = result.proposal;
  proposal.op = "reconcile";
  proposal.path = foreign.name;
  if (foreign.failure.empty()) proposal.path += " sha256:" + sha256_hex(foreign.text);
  return result;
}

std::string text_of(const LeftOut& left_out, const Mapping& mapping, const ForeignFile& foreign) {
  return "left out: " + path_in_tree(mapping, left_out.task, left_out.pointer) + " of " + foreign.name + ": " +
         left_out.reason;
}

}  // namespace statusfs
