#include "mapping/rules/idempotency.hpp"

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

bool is_replay(const Proposal& proposal, const Judge& judge) {
  if (!proposal.idempotency || !judge.memory) return false;
  const auto earlier = judge.memory->find(judge.author.uid, proposal.path, proposal.idempotency->key);
  if (!earlier) return false;
  if (*earlier != proposal.idempotency->request_hash)
    throw Rejection(Cause::invalid, "idempotency_key " + compact(Value(proposal.idempotency->key)) +
                                        " was used for another request; a new request takes a new key");
  return true;
}

Proposal as_replay(Proposal proposal) {
  proposal.changes = {};
  proposal.is_replay = true;
  return proposal;
}

}  // namespace statusfs
