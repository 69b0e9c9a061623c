#include "fs/engine/foreign_changes.hpp"

#include "fs/engine/foreign_personas.hpp"
#include "fs/engine/partition_state.hpp"
#include "fs/engine/refusal.hpp"
#include "fs/identity/user_names.hpp"
#include "mapping/chain/successor.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rules/proposal.hpp"

namespace statusfs {
namespace {

// Whoever a file belongs to: the kernel vouches for the user, and the user database for his groups.
Caller owner_of_file(uid_t uid) {
  Caller owner;
  owner.uid = uid;
  owner.gid = static_cast<gid_t>(-1);
  owner.groups = find_groups_of(uid);
  return owner;
}

// Signed as EXTERNAL, judged as the owner of the foreign file.
Author external_author(const Config& config, uid_t owner) {
  Author author = config.writers->author_of(owner_of_file(owner), {});
  author.persona = "EXTERNAL";
  return author;
}

// That it is no JSON is its own fault, and no failure of ours.
Value parsed_content(const std::string& text) {
  try {
    return parse_json(text);
  } catch (const ParseError& error) {
    throw Rejection(Cause::invalid, error.what());
  }
}

bool is_passing(Cause cause) {
  return cause == Cause::busy || cause == Cause::no_space || cause == Cause::quota || cause == Cause::io_failure;
}

}  // namespace

std::optional<Rejection> ForeignChanges::resolve() {
  const auto change = writer_.store().foreign_change();
  if (!change) return std::nullopt;
  if (!change->kept_as.empty()) return quarantine(*change, "it came while a version was written");
  const auto failure = adopt(*change);
  if (!failure) {
    writer_.foreign_content_is_gone();
    return std::nullopt;
  }
  if (!failure->is_passing) return quarantine(*change, failure->refusal.what());
  // Whoever waits comes here again and again while it is busy; he is told in the end.
  if (failure->refusal.cause() != Cause::busy)
    writer_.context().log(writer_.stem() + ": a foreign change is not adopted: " + failure->refusal.what());
  return failure->refusal;
}

std::optional<ForeignChanges::NotAdopted> ForeignChanges::adopt(const ForeignChange& change) {
  bool is_quorum_lost = false;
  const auto refusal = refusal_of([&] {
    try {
      commit_if_allowed(change);
    } catch (const NoQuorum&) {
      is_quorum_lost = true;
      throw;
    }
  });
  if (!refusal) return std::nullopt;
  writer_.store().withdraw_acceptance();
  writer_.take_back();
  return NotAdopted{*refusal, is_quorum_lost || is_passing(refusal->cause())};
}

void ForeignChanges::commit_if_allowed(const ForeignChange& change) {
  if (writer_.state()->closed_by_plan) throw Rejection(Cause::read_only, writer_.state()->read_only);
  const StatusDocument document(writer_.context().mapping, parsed_content(change.text));
  const Config config = writer_.context().config();
  const Author author = external_author(config, change.owner);
  const Chain& chain = writer_.chain();
  const Proposal proposal = propose_replacement(*chain.document(), document.root(), writer_.judge_for(author));
  const bool continues_chain = is_successor(document, chain.head());
  if (!continues_chain && config.external != ExternalChanges::adopt)
    throw Rejection(Cause::invalid, "it does not continue the chain");
  if (continues_chain) {
    require_own_personas(*chain.document(), document, author);
    require_good_successor(document);
  }
  commit(document, proposal, author, continues_chain);
}

void ForeignChanges::require_good_successor(const StatusDocument& document) {
  const VersionBefore before{*writer_.chain().document(), writer_.chain().head().g};
  const auto fault = fault_of_successor(before, document, writer_.stem(), writer_.state()->plan.get());
  if (fault) throw Rejection(Cause::invalid, fault->pointer + ": " + fault->message);
}

void ForeignChanges::commit(const StatusDocument& document, const Proposal& proposal, const Author& author,
                            bool continues_chain) {
  writer_.store().accept_foreign();
  const bool is_served = continues_chain && commit_successor(document, author);
  if (!is_served) commit_as_ours(proposal, author);
}

// With stamps of our own.
void ForeignChanges::commit_as_ours(const Proposal& proposal, const Author& author) {
  if (!proposal.changes.empty()) return writer_.publish(writer_.commit_alone(proposal, author));
  const StoreResult result = writer_.store().write_over_accepted();
  if (result.status != StoreStatus::done)
    throw_rejection_of(result);  // it differs in what nobody may write: stamps and derived values
}

// Where it brings its own stamps, the record bears them. Then no number is drawn; that this one is used is known once
// it is part of the chain, for a change that is refused must not use up numbers. False, and nothing was done: another
// file may have its g, which the other program could not know. Then what it changed becomes a version of ours.
bool ForeignChanges::commit_successor(const StatusDocument& document, const Author& author) {
  const SuccessorStamps own = stamps_of_successor(document);
  const bool has_own_g = own.g > writer_.chain().head().g;
  GlobalCounter& counter = writer_.context().counter;
  const auto claim = has_own_g ? counter.claim(own.g) : nullptr;
  if (has_own_g && !claim) {
    writer_.context().log(writer_.stem() + ": the g of a foreign version, " + std::to_string(own.g) +
                          ", is not free; it is adopted with the next one");
    return false;
  }
  const auto versions = writer_.commit_alone([&](GlobalCounter::Lease& lease) {
    const MutationStamp stamp =
        has_own_g ? writer_.stamp_with(own.g, own.trace_id, author) : writer_.stamp_of(lease, author);
    return std::vector<Version>{writer_.chain().append_document(document, stamp)};
  });
  counter.raise(own.g);
  writer_.publish(versions);
  return true;
}

std::optional<Rejection> ForeignChanges::quarantine(const ForeignChange& change, const std::string& reason) {
  std::string kept_as = change.kept_as;
  const StoreResult result = writer_.store().set_foreign_aside(kept_as);
  if (result.status == StoreStatus::conflict) return std::nullopt;  // another host was first: it is looked at again
  const std::string what = "another program put content in its place that is not adopted";
  if (result.status != StoreStatus::done) {
    writer_.context().log(writer_.stem() + ": " + what + ", and it cannot be kept aside: " + result.reason +
                          "; not adopted because: " + reason);
    return rejection_of(result);
  }
  unrecorded_.push_back(kept_as);
  const auto refusal = record_quarantine();
  // The reason comes last: it may quote the content, and long lines are cut.
  writer_.warn(what + "; it is kept as " + kept_as + ", and the file is read-only until statusfs reconcile" +
               (refusal ? std::string("; not recorded yet: ") + refusal->what() : std::string()) +
               "; not adopted because: " + reason);
  return refusal;
}

std::optional<Rejection> ForeignChanges::record_quarantine() {
  return refusal_of([&] {
    for (; !unrecorded_.empty(); unrecorded_.pop_front()) record_as_kept(unrecorded_.front());
    writer_.foreign_content_is_gone();
  });
}

void ForeignChanges::record_as_kept(const std::string& kept_as) {
  const EngineContext& context = writer_.context();
  const Field* field = partition_field(*context.mapping);
  if (!field) return;
  const Value* before = writer_.chain().document()->value_of(*field);
  Proposal proposal;
  proposal.op = "quarantine";
  proposal.path = kept_as;
  proposal.changes.fields.push_back(
      {{}, field, field->pointer, before ? std::optional(*before) : std::nullopt, Value(partition_partitioned), {}});
  writer_.publish(writer_.commit_alone(proposal, driver_author(context, "STATUSFS")));
}

}  // namespace statusfs
