#include "mapping/rules/patch_proposal.hpp"

#include <algorithm>

#include "mapping/document/json_patch.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/merge_patch.hpp"
#include "mapping/document/patch_effort.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/idempotency.hpp"
#include "mapping/rules/judgement.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/named_fields.hpp"
#include "mapping/rules/patch_request.hpp"
#include "mapping/rules/permission.hpp"

namespace statusfs {
namespace {

std::optional<std::string> stale_member(const std::vector<Pointer>& freshness, const Value& current,
                                        const Value& patch) {
  for (const Pointer& pointer : freshness) {
    const Value* claimed = find(patch, pointer);
    const Value* now = find(current, pointer);
    if (claimed && !(now ? *now == *claimed : claimed->is_null()))
      return pointer.text() + " is " + (now ? compact(*now) : "absent") + " now, not " + compact(*claimed) +
             "; read again and retry";
  }
  return std::nullopt;
}

// Of the tasks that a patch of the whole file brings: each says of which state it is a copy, as its own task.json does.
std::optional<std::string> stale_task(const StatusDocument& document, const Value& patch) {
  const Mapping& mapping = document.mapping();
  const Value* tasks = find(patch, mapping.collection->pointer);
  if (!tasks || !tasks->is_array()) return std::nullopt;
  for (std::size_t position = 0; position < tasks->size(); ++position) {
    const Value* id = tasks->element(position).find(mapping.collection_id);
    const auto known = id && id->is_string() ? document.find_task(id->as_string()) : std::nullopt;
    if (!known) continue;
    if (auto stale = stale_member(mapping.task_freshness, document.task(*known), tasks->element(position)))
      return mapping.collection->pointer.child(position).text() + *stale;
  }
  return std::nullopt;
}

std::optional<std::string> stale_part(const StatusDocument& document, const Node& node, const Value& patch) {
  const Mapping& mapping = document.mapping();
  if (node.in_task()) return stale_member(mapping.task_freshness, *document.scope(node.task), patch);
  auto stale = stale_member(mapping.file_freshness, *document.scope(node.task), patch);
  return stale ? stale : stale_task(document, patch);
}

void require_version(const StatusDocument& document, const std::optional<std::int64_t>& if_version) {
  if (!if_version) return;
  const Field* field = document.mapping().stamped(Stamp::version, false);
  const Value* now = document.value_of(*field);
  if (!now || !now->is_integer() || now->as_integer() != *if_version)
    throw Rejection(Cause::stale, "the version is " + (now ? compact(*now) : "absent") + " now, not " +
                                      std::to_string(*if_version) + "; read again and retry");
}

ChangeSet difference_of(const StatusDocument& document, const Node& node, const Value& after, Removal removal) {
  return node.in_task() ? task_difference(document, node.task, after, removal) : difference(document, after, removal);
}

// Whether the patch says of which state of the scope it is a copy: then it is an edited copy.
bool is_copy(const std::vector<Pointer>& freshness, const Value& patch) {
  return std::ranges::any_of(freshness, [&](const Pointer& pointer) { return find(patch, pointer) != nullptr; });
}

// A group that is told the idempotency key it already holds was told all of it before. To be left alone where the patch
// is an edited copy, which has the key because its task has it.
void drop_repeated_groups(const StatusDocument& document, const Node& node, const Value& patch, ChangeSet& changes) {
  if (!patch.is_object()) return;
  for (const Field* key : node.in_task() ? document.mapping().task_fields() : document.mapping().file_fields()) {
    if (!key->repeats_group) continue;
    const Value* given = find(patch, key->pointer);
    const Value* stored = find(*document.scope(node.task), key->pointer);
    if (!given || !stored || given->is_null() || !(*given == *stored)) continue;
    const Pointer group = key->pointer.parent();
    std::erase_if(changes.fields, [&](const FieldChange& change) {
      return change.field && change.field->access == Access::read_write && change.pointer.starts_with(group);
    });
  }
}

void require_access_to_operations(const StatusDocument& document, const Node& node,
                                  const std::vector<PatchOperation>& operations, const Judge& judge) {
  for (const PatchOperation& operation : operations)
    if (operation.kind != PatchOperation::Kind::test)
      require_access_to_operation(document, node.task, operation, judge);
}

// What a stale copy is refused for: it differs in what the driver stamps, too; that must not hide that it is stale.
[[noreturn]] void refuse_stale(const StatusDocument& document, const ChangeSet& writable, const std::string& stale) {
  require_unlocked(document, writable);
  throw Rejection(Cause::stale, stale);
}

void drop_what_nobody_writes(const StatusDocument& document, ChangeSet& changes) {
  std::erase_if(changes.fields, [&](const auto& change) { return !is_writable(document, change); });
}

// That the list of tasks would be another is a matter of access and of its lock before it is one of what stands in it.
void require_other_tasks_permitted(const StatusDocument& document, const Value& after, const Judge& judge) {
  const Value* tasks = find(after, document.mapping().collection->pointer);
  const bool is_list = tasks && tasks->is_array();
  if (is_list && tasks->size() == document.task_count()) return;
  ChangeSet removal, membership;
  for (std::size_t position = 0; !is_list && position < document.task_count(); ++position)
    removal.removed_tasks.emplace_back(document.task_id(position));
  require_access(document, removal, judge);
  membership.added_tasks.push_back(Value::object());
  require_unlocked(document, membership);
}

// What comes before that a patch leaves no list of tasks: what its other changes are refused for.
void require_rest_permitted(const StatusDocument& document, const Value& after, const std::optional<std::string>& stale,
                            const Judge& judge) {
  const Pointer& tasks = document.mapping().collection->pointer;
  ChangeSet rest = difference(document, with_value_at(after, tasks, document.tasks()), Removal::is_null);
  if (stale) drop_what_nobody_writes(document, rest);
  require_access(document, rest, judge);
  require_other_tasks_permitted(document, after, judge);
  if (stale) refuse_stale(document, rest, *stale);
  require_permitted(document, rest);
}

// What a patch that cannot be applied would have been refused for before anybody looked at what it finds: judged by
// what it would change if its tests held, or, where it does not fit even then, by the fields that it names.
void require_operations_permitted(const StatusDocument& document, const Node& node,
                                  const std::vector<PatchOperation>& operations, const Judge& judge) {
  std::vector<PatchOperation> without_tests = operations;
  std::erase_if(without_tests, [](const auto& operation) { return operation.kind == PatchOperation::Kind::test; });
  std::optional<Value> after;
  std::optional<ChangeSet> changes;
  try {
    after = apply_json_patch(*document.scope(node.task), without_tests);
    changes = difference_of(document, node, *after, Removal::is_removal);
  } catch (const Rejection&) {
    changes.reset();
  }
  if (changes) {
    require_access(document, *changes, judge);
    return require_permitted(document, *changes);
  }
  require_access_to_operations(document, node, operations, judge);
  if (after && after->is_object() && !node.in_task()) require_rest_permitted(document, *after, std::nullopt, judge);
  for (const FieldChange& change : named_changes(document, node, operations)) {
    if (change.field->access == Access::read_only) refuse_read_only(document, change);
    require_unlocked(document, {{change}, {}, {}});
  }
}

// Some tenths of a second, in which nobody else can write the file.
constexpr PatchEffort most_effort{10'000'000, 2'000'000};

void require_affordable(const StatusDocument& document, const Node& node, const std::vector<PatchOperation>& operations,
                        const Judge& judge) {
  const PatchEffort effort = patch_effort(*document.scope(node.task), operations, most_effort);
  if (effort.is_within(most_effort)) return;
  require_access_to_operations(document, node, operations, judge);
  if (effort.moved_elements > most_effort.moved_elements)
    throw Rejection(Cause::too_large, "a patch that moves more than " + std::to_string(most_effort.moved_elements) +
                                          " elements of arrays to make room for others is not accepted: add at the "
                                          "end (/-), or in several patches");
  throw Rejection(Cause::too_large, "a patch that looks through more than " +
                                        std::to_string(most_effort.searched_members) +
                                        " members of objects is not accepted: put a large object as a whole, or use "
                                        "several patches, or a merge patch");
}

}  // namespace

void propose_patch(const StatusDocument& document, const WriteRequest& request, const Judge& judge,
                   Proposal& proposal) {
  require_some_access(document.mapping(), judge.author);
  const PatchRequest patch = read_patch_request(request.text);
  proposal.op = "patch";
  proposal.idempotency = patch.idempotency;
  const Value& scope = *document.scope(request.node.task);
  if (patch.patch.is_array()) {
    const std::vector<PatchOperation> operations = decode_json_patch(patch.patch);
    if (proposal.idempotency) require_access_to_operations(document, request.node, operations, judge);
    require_affordable(document, request.node, operations, judge);
    try {
      const Value after = apply_json_patch(scope, operations);
      proposal.changes = difference_of(document, request.node, after, Removal::is_removal);
    } catch (const Rejection&) {
      // Its own first success may be why a repeated patch does not fit any more.
      if (is_replay(proposal, judge)) return void(proposal = as_replay(proposal));
      require_operations_permitted(document, request.node, operations, judge);
      require_version(document, patch.if_version);  // a patch that does not fit any more is stale before it is wrong
      throw;
    }
  } else {
    const Value after = apply_merge_patch(scope, patch.patch);
    const Mapping& mapping = document.mapping();
    const auto& freshness = request.node.in_task() ? mapping.task_freshness : mapping.file_freshness;
    const auto stale = stale_part(document, request.node, patch.patch);
    try {
      proposal.changes = difference_of(document, request.node, after, Removal::is_null);
    } catch (const Rejection&) {
      if (request.node.in_task() || !after.is_object()) throw;
      require_rest_permitted(document, after, stale, judge);
      require_version(document, patch.if_version);
      throw;
    }
    if (stale) {
      drop_what_nobody_writes(document, proposal.changes);
      require_access(document, proposal.changes, judge);
      // Its own first success is why what a repeated patch was made from is no more.
      if (is_replay(proposal, judge)) return void(proposal = as_replay(proposal));
      refuse_stale(document, proposal.changes, *stale);
    }
    if (!is_copy(freshness, patch.patch)) drop_repeated_groups(document, request.node, patch.patch, proposal.changes);
  }
  require_access(document, proposal.changes, judge);
  if (is_replay(proposal, judge)) return void(proposal = as_replay(proposal));
  require_permitted(document, proposal.changes);
  require_version(document, patch.if_version);
  require_unused_key(proposal, judge);
  judge_changes(document, proposal, judge);
  add_told_again(document, request.node, patch.patch, proposal.changes);
}

}  // namespace statusfs
