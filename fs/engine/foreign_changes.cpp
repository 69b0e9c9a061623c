#include "fs/engine/foreign_changes.hpp"

#include "fs/engine/partition_state.hpp"
#include "fs/engine/refusal.hpp"
#include "fs/identity/user_names.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rules/proposal.hpp"

namespace statusfs {
namespace {

bool is_successor(const StatusDocument& document, const ChainHead& head) {
  const Mapping& mapping = document.mapping();
  const Value* version = document.value_of(*mapping.stamped(Stamp::version, false));
  const Value* previous = document.value_of(*mapping.stamped(Stamp::payload_hash_previous, false));
  return version && *version == Value(static_cast<std::int64_t>(head.version + 1)) && previous &&
         *previous == Value(head.payload_hash_current) && verify_hashes(document, 1).empty();
}

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

}  // namespace

void ForeignChanges::resolve() {
  const auto change = writer_.store().foreign_change();
  if (!change) return;
  if (change->kept_as.empty() && adopt(*change)) return;
  quarantine(*change);
}

bool ForeignChanges::adopt(const ForeignChange& change) {
  const EngineContext& context = writer_.context();
  const auto refusal = refusal_of([&] {
    if (writer_.state()->closed_by_plan) throw Rejection(Cause::read_only, writer_.state()->read_only);
    const StatusDocument document(context.mapping, parse_json(change.text));
    const Config config = context.config();
    const Author author = external_author(config, change.owner);
    Chain& chain = writer_.chain();
    const Proposal proposal = propose_replacement(*chain.document(), document.root(), writer_.judge_for(author));
    const bool continues_chain = is_successor(document, chain.head());
    if (!continues_chain && config.external != ExternalChanges::adopt)
      throw Rejection(Cause::invalid, "it does not continue the chain");
    writer_.store().accept_foreign();
    if (continues_chain || !proposal.changes.empty())
      writer_.publish(writer_.commit_alone([&](GlobalCounter::Lease& lease) {
        const MutationStamp stamp = writer_.stamp_of(lease, author);
        return std::vector<Version>{continues_chain ? chain.append_document(document, stamp)
                                                    : chain.append(proposal, stamp)};
      }));
    writer_.replace();
  });
  if (refusal) {
    writer_.take_back();
    context.log(writer_.stem() + ": a foreign change is not adopted: " + refusal->what());
  }
  return !refusal;
}

void ForeignChanges::quarantine(const ForeignChange& change) {
  const EngineContext& context = writer_.context();
  std::string kept_as = change.kept_as;
  const auto refusal = refusal_of([&] {
    if (const StoreResult result = writer_.store().set_foreign_aside(kept_as); result.status != StoreStatus::done)
      throw rejection_of(result);
    const Field* field = partition_field(*context.mapping);
    if (!field) return;
    const Value* before = writer_.chain().document()->value_of(*field);
    Proposal proposal;
    proposal.op = "quarantine";
    proposal.path = kept_as;
    proposal.changes.fields.push_back(
        {{}, field, field->pointer, before ? std::optional(*before) : std::nullopt, Value(partition_partitioned), {}});
    writer_.publish(writer_.commit_alone(proposal, driver_author(context, "STATUSFS")));
  });
  context.log(writer_.stem() + ": another program put content in its place that is no version of it; kept as " +
              kept_as + (refusal ? std::string("; ") + refusal->what() : std::string()));
}

}  // namespace statusfs
