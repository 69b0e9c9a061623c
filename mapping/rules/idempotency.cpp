#include "mapping/rules/idempotency.hpp"

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

namespace {

// SHA-256 of the request that its key was used for, if there was one.
std::optional<std::string> earlier_request(const Proposal& proposal, const Judge& judge) {
  if (!proposal.idempotency || !judge.memory) return std::nullopt;
  return judge.memory->find(judge.author.uid, proposal.path, proposal.idempotency->key);
}

}  // namespace

bool is_replay(const Proposal& proposal, const Judge& judge) {
  const auto earlier = earlier_request(proposal, judge);
  return earlier && *earlier == proposal.idempotency->request_hash;
}

void require_unused_key(const Proposal& proposal, const Judge& judge) {
  if (earlier_request(proposal, judge) && !is_replay(proposal, judge))
    throw Rejection(Cause::invalid, "idempotency_key " + compact(Value(proposal.idempotency->key)) +
                                        " was used for another request; a new request takes a new key");
}

Proposal as_replay(Proposal proposal) {
  proposal.changes = {};
  proposal.is_replay = true;
  return proposal;
}

}  // namespace statusfs
