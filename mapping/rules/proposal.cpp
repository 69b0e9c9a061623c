#include "mapping/rules/proposal.hpp"

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/field_proposal.hpp"
#include "mapping/rules/judgement.hpp"
#include "mapping/rules/lock_override.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/patch_proposal.hpp"
#include "mapping/tree/names.hpp"

namespace statusfs {
namespace {

void require_existing(const StatusDocument& document, const Node& node) {
  if (exists(document, node)) return;
  const bool is_task_gone = node.in_task() && !document.find_task(node.task);
  throw Rejection(Cause::not_found,
                  (is_task_gone ? "task " + compact(Value(node.task)) : path_of(document, node)) + " is gone");
}

void add_task(const StatusDocument& document, const WriteRequest& request, const Judge& judge, Proposal& proposal) {
  proposal.op = "mkdir";
  proposal.path = document.mapping().collection->name + "/" + encode_name(request.text);
  proposal.changes.added_tasks = {
      Value::object({Member(document.mapping().collection_id, Value(std::string_view(request.text)))})};
  judge_changes(document, proposal, judge);
}

void remove_task(const StatusDocument& document, const WriteRequest& request, const Judge& judge, Proposal& proposal) {
  proposal.op = "rmdir";
  proposal.changes.removed_tasks = {request.node.task};
  judge_changes(document, proposal, judge);
}

// The record comes last, and is not judged but for the reason: the rest of it nobody writes.
void override_lock(const StatusDocument& document, const WriteRequest& request, const Judge& judge,
                   Proposal& proposal) {
  require_authority(document, "override locks", judge);
  LockOverrideRequest given = read_override(document, request.node, request.text);
  proposal.op = "override";
  proposal.changes.fields.push_back(std::move(given.change));
  judge_changes(document, proposal, judge, request.node.task);
  require_valid_reason(given);
  if (!proposal.changes.empty()) proposal.changes.fields.push_back(std::move(given.record));
}

bool is_patch_node(const Node& node) { return node.kind == Node::Kind::field && node.field->access == Access::patch; }

}  // namespace

Proposal propose(const StatusDocument& document, const WriteRequest& request, const Judge& judge) {
  require_existing(document, request.node);
  Proposal proposal;
  proposal.path = path_of(document, request.node);
  switch (request.kind) {
    case WriteRequest::Kind::add_task:
      add_task(document, request, judge, proposal);
      break;
    case WriteRequest::Kind::remove_task:
      remove_task(document, request, judge, proposal);
      break;
    case WriteRequest::Kind::set:
    case WriteRequest::Kind::append:
      if (is_override_node(document, request.node))
        override_lock(document, request, judge, proposal);
      else if (is_patch_node(request.node))
        propose_patch(document, request, judge, proposal);
      else
        propose_field(document, request, judge, proposal);
      break;
  }
  return proposal;
}

ChangeSet changes_of_replacement(const StatusDocument& document, const Value& replacement) {
  ChangeSet changes = difference(document, replacement, Removal::is_removal);
  std::erase_if(changes.fields,
                [](const FieldChange& change) { return change.field && change.field->is_made_by_driver(); });
  return changes;
}

Proposal propose_replacement(const StatusDocument& document, const Value& replacement, const Judge& judge) {
  Proposal proposal;
  proposal.op = "external";
  proposal.changes = changes_of_replacement(document, replacement);
  judge_changes(document, proposal, judge);
  return proposal;
}

void require_writable(const StatusDocument& document, const Node& node, const Judge& judge) {
  require_existing(document, node);
  if (is_override_node(document, node)) return require_authority(document, "override locks", judge);
  if (is_patch_node(node)) return require_some_access(document.mapping(), judge.author);
  if (node.kind == Node::Kind::field && !node.field->has_own_value())
    throw Rejection(Cause::not_permitted,
                    path_of(document, node) + " is read-only; write to the fields, or a patch to `patch`");
  require_field_writable(document, node, judge);
}

void require_write_permitted(const StatusDocument& document, const Node& node, const Judge& judge) {
  require_writable(document, node, judge);
  if (!is_override_node(document, node) && !is_patch_node(node)) require_field_unlocked(document, node);
}

void require_adding_permitted(const StatusDocument& document, const Judge& judge) {
  ChangeSet changes;
  changes.added_tasks.push_back(Value::object());
  require_access(document, changes, judge);
  require_unlocked(document, changes);
}

}  // namespace statusfs
