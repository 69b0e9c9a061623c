#include "mapping/rules/proposal.hpp"

#include <algorithm>

#include "mapping/document/patch.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "mapping/document/utf8.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/field_text.hpp"
#include "mapping/rules/lock_override.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/log_entry.hpp"
#include "mapping/rules/named_fields.hpp"
#include "mapping/rules/patch_request.hpp"
#include "mapping/rules/plan_mirror.hpp"
#include "mapping/rules/task_rules.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/names.hpp"
#include "mapping/tree/node_text.hpp"
#include "mapping/tree/template.hpp"

namespace statusfs {
namespace {

[[noreturn]] void refuse_read_only(const StatusDocument& document, const FieldChange& change) {
  const std::string where = file_pointer(document, change).text();
  if (change.field && change.field->type == FieldType::log && change.field->access == Access::append_only)
    throw Rejection(Cause::not_permitted, where + " is append-only; new entries come behind those that are there");
  if (change.field)
    throw Rejection(Cause::not_permitted,
                    where + " is read-only and must stay " + (change.before ? shown(*change.before) : "absent"));
  throw Rejection(Cause::not_permitted, where + " is not known to the mapping and is read-only");
}

bool is_lock_change(const StatusDocument& document, const FieldChange& change) {
  return !change.field && document.mapping().locks.is_lock(change.pointer.last());
}

bool is_writable(const StatusDocument& document, const FieldChange& change) {
  if (!change.field) return is_lock_change(document, change);
  if (change.field->access == Access::append_only) return change.is_append() || !change.before;
  return change.field->access == Access::read_write;
}

// A key that nobody knows and that was not there before is a mistake in the patch, not an attempt on something
// protected; that is told apart later, when validity is judged.
bool is_new_unknown(const FieldChange& change) { return !change.field && !change.before; }

void require_permitted(const StatusDocument& document, const ChangeSet& changes,
                       const std::string& overridden_task = {}) {
  for (const FieldChange& change : changes.fields)
    if (!is_writable(document, change) && !is_new_unknown(change)) refuse_read_only(document, change);
  require_unlocked(document, changes, overridden_task);
}

void require_small_enough(const Value& value) {
  if (value.is_string() && value.as_string().size() > maximum_scalar_size)
    throw Rejection(Cause::too_large, "a text of " + std::to_string(value.as_string().size()) + " bytes; at most " +
                                          std::to_string(maximum_scalar_size) + " are accepted");
}

void require_valid_field(const StatusDocument& document, FieldChange& change) {
  if (!change.after) {
    if (change.field && !change.field->nullable && !change.is_append())
      throw Rejection(Cause::invalid, file_pointer(document, change).text() + " cannot be removed; it takes " +
                                          accepted_by(*change.field));
    return;
  }
  change.after = normalised(*change.field, *change.after);
  if (const auto complaint = complaint_about(*change.field, *change.after))
    throw Rejection(Cause::invalid, file_pointer(document, change).text() + ": " + *complaint);
  require_exact_integers(*change.after);
  require_small_enough(*change.after);
}

void require_valid_unknown(const StatusDocument& document, const FieldChange& change) {
  const std::string where = file_pointer(document, change).text();
  if (!is_lock_change(document, change))
    throw Rejection(Cause::invalid, where + " is not known to the mapping; only mapped keys can be added");
  if (change.after && !change.after->is_boolean())
    throw Rejection(Cause::invalid, where + " is a lock; it takes true or false");
}

void require_valid_changes(const StatusDocument& document, ChangeSet& changes) {
  for (FieldChange& change : changes.fields) {
    for (const Value& entry : change.appended) require_bounded(entry);
    if (change.after) require_bounded(*change.after);
    if (change.is_append()) {
      if (change.before && !change.before->is_array() && !change.before->is_null())
        throw Rejection(Cause::invalid, file_pointer(document, change).text() + " is " + shown(*change.before) +
                                            " in the file and not an array; nothing can be appended to it");
      for (const Value& entry : change.appended) require_valid_entry(document, *change.field, entry);
    } else if (change.field) {
      require_valid_field(document, change);
    } else {
      require_valid_unknown(document, change);
    }
  }
}

// A task that is added by a patch: the mapping's template with what the patch gives, judged like writes to its fields.
Value completed_task(const StatusDocument& document, const Value& given, const Judge& judge,
                     std::vector<RuleWarning>& warnings) {
  const Mapping& mapping = document.mapping();
  const std::string id(given.find(mapping.collection_id)->as_string());
  Value task = initial_task(mapping, {{}, {}, id, 0});
  const StatusDocument with_template = document.with_added_task(task);
  ChangeSet changes = task_difference(with_template, id, apply_merge_patch(task, given), Removal::is_null);
  // What the driver stamps has no value yet; a copied task may carry the stamps of its original.
  std::erase_if(changes.fields,
                [](const auto& c) { return c.field && (c.field->stamp != Stamp::none || c.field->stamp_with); });
  require_access(with_template, changes, judge);
  require_permitted(with_template, changes);
  require_valid_changes(with_template, changes);
  add_consequences(with_template, changes);
  require_rules(with_template, changes, judge, warnings);
  std::erase_if(changes.fields, [](const auto& c) { return !c.in_task(); });
  for (const FieldChange& change : changes.fields) {
    Value value = change.is_append() ? Value::array(change.appended) : change.after.value_or(Value());
    task = with_value_at(task, change.pointer, std::move(value));
  }
  return task;
}

void require_valid_id(const StatusDocument& document, const std::string& id, const Judge& judge) {
  if (id.empty() || !is_valid_utf8(id) || id.find('\0') != std::string::npos)
    throw Rejection(Cause::invalid, "a task id is valid UTF-8 without NUL bytes, and not empty");
  if (judge.plan && !judge.plan->find(id))
    throw Rejection(Cause::invalid, "plan " + judge.plan->id() + " has no task " + compact(Value(id)));
  if (document.find_task(id)) throw Rejection(Cause::exists, "task " + compact(Value(id)) + " exists");
}

void drop_unchanged(ChangeSet& changes) {
  std::erase_if(changes.fields, [](const FieldChange& change) {
    return !change.is_append() && change.before && change.after && *change.before == *change.after;
  });
}

// What the plan says of itself is nobody else's to say.
void require_plan_mirrored(const StatusDocument& document, const ChangeSet& changes, const Judge& judge) {
  for (const FieldChange& change : changes.fields) {
    const auto said = plan_value(change.field, judge.plan);
    if (!said || (change.after && *change.after == Value(*said))) continue;
    throw Rejection(Cause::invalid, file_pointer(document, change).text() + " mirrors plan " + judge.plan->id() +
                                        ", which says " + compact(Value(*said)) + "; nothing else is accepted");
  }
}

// `overridden_task`: its locks do not count, because its field is set by an override.
void judge_changes(const StatusDocument& document, Proposal& proposal, const Judge& judge,
                   const std::string& overridden_task = {}) {
  ChangeSet& changes = proposal.changes;
  require_access(document, changes, judge);
  require_permitted(document, changes, overridden_task);
  require_valid_changes(document, changes);
  require_plan_mirrored(document, changes, judge);
  for (Value& task : changes.added_tasks) {
    require_valid_id(document, std::string(task.find(document.mapping().collection_id)->as_string()), judge);
    task = completed_task(document, task, judge, proposal.warnings);
  }
  drop_unchanged(changes);
  add_consequences(document, changes);
  require_unlocked(document, changes, overridden_task);
  require_rules(document, changes, judge, proposal.warnings);
  drop_unchanged(changes);
}

// --- freshness -------------------------------------------------------------------------------------------------------

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

void require_version(const StatusDocument& document, const std::optional<std::int64_t>& if_version) {
  if (!if_version) return;
  const Field* field = document.mapping().stamped(Stamp::version, false);
  const Value* now = document.value_of(*field);
  if (!now || !now->is_integer() || now->as_integer() != *if_version)
    throw Rejection(Cause::stale, "the version is " + (now ? compact(*now) : "absent") + " now, not " +
                                      std::to_string(*if_version) + "; read again and retry");
}

// --- idempotency -----------------------------------------------------------------------------------------------------

// True when the request was carried out before and nothing is left to do.
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

// --- requests --------------------------------------------------------------------------------------------------------

void require_existing(const StatusDocument& document, const Node& node) {
  if (!exists(document, node)) throw Rejection(Cause::not_found, "task " + compact(Value(node.task)) + " is gone");
}

ChangeSet difference_of(const StatusDocument& document, const Node& node, const Value& after, Removal removal) {
  return node.in_task() ? task_difference(document, node.task, after, removal) : difference(document, after, removal);
}

// A group that is told the idempotency key it already holds was told all of it before.
void drop_repeated_groups(const StatusDocument& document, const Node& node, const Value& patch, ChangeSet& changes) {
  if (!patch.is_object()) return;
  for (const Field* key : node.in_task() ? document.mapping().task_fields() : document.mapping().file_fields()) {
    if (!key->repeats_group) continue;
    const Value* given = find(patch, key->pointer);
    const Value* stored = find(scope_of(document, node), key->pointer);
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
      require_access_to_pointer(document, node.task, operation.path, judge);
}

// What a patch that cannot be applied would have been refused for before anybody looked at what it finds: judged by
// what it would change if its tests held, or, where it does not fit even then, by the fields that it names.
void require_operations_permitted(const StatusDocument& document, const Node& node,
                                  const std::vector<PatchOperation>& operations, const Judge& judge) {
  std::vector<PatchOperation> without_tests = operations;
  std::erase_if(without_tests, [](const auto& operation) { return operation.kind == PatchOperation::Kind::test; });
  std::optional<ChangeSet> changes;
  try {
    const Value after = apply_json_patch(scope_of(document, node), without_tests);
    changes = difference_of(document, node, after, Removal::is_removal);
  } catch (const Rejection&) {
    changes.reset();
  }
  if (changes) {
    require_access(document, *changes, judge);
    return require_permitted(document, *changes);
  }
  require_access_to_operations(document, node, operations, judge);
  for (const FieldChange& change : named_changes(document, node, operations)) {
    if (change.field->access == Access::read_only) refuse_read_only(document, change);
    require_unlocked(document, {{change}, {}, {}});
  }
}

void patch_scope(const StatusDocument& document, const WriteRequest& request, const Judge& judge, Proposal& proposal) {
  require_some_access(document.mapping(), judge.author);
  const PatchRequest patch = read_patch_request(request.text);
  proposal.op = "patch";
  proposal.idempotency = patch.idempotency;
  const Value& scope = scope_of(document, request.node);
  if (patch.patch.is_array()) {
    const std::vector<PatchOperation> operations = decode_json_patch(patch.patch);
    if (proposal.idempotency) require_access_to_operations(document, request.node, operations, judge);
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
    const auto stale = stale_member(freshness, scope, patch.patch);
    if (stale) {
      // A stale copy differs in what the driver stamps, too; that must not hide that it is stale.
      ChangeSet changes = difference_of(document, request.node, after, Removal::is_null);
      std::erase_if(changes.fields, [&](const auto& change) { return !is_writable(document, change); });
      require_access(document, changes, judge);
      require_unlocked(document, changes);
      throw Rejection(Cause::stale, *stale);
    }
    proposal.changes = difference_of(document, request.node, after, Removal::is_null);
    drop_repeated_groups(document, request.node, patch.patch, proposal.changes);
  }
  require_access(document, proposal.changes, judge);
  if (is_replay(proposal, judge)) return void(proposal = as_replay(proposal));
  require_permitted(document, proposal.changes);
  require_version(document, patch.if_version);
  judge_changes(document, proposal, judge);
  add_told_again(document, request.node, patch.patch, proposal.changes);
}

FieldChange change_of(const StatusDocument& document, const Node& node) {
  FieldChange change{node.task, node.field, node.field ? node.field->pointer : node.pointer, {}, {}, {}};
  if (const Value* before = value_at(document, node)) change.before = *before;
  return change;
}

[[noreturn]] void refuse_to_go_on(const std::string& unfinished) {
  throw Rejection(Cause::stale, "the line " + shown(Value(unfinished)) +
                                    " that was begun here is not the last one any more; append whole lines");
}

Value with_lines(const FieldChange& change, const WriteRequest& request) {
  Value result = change.before && change.before->is_array() ? *change.before : Value::array();
  if (!request.unfinished.empty()) {
    const bool is_last = result.size() > 0 && result.element(result.size() - 1) == Value(request.unfinished);
    if (!is_last) refuse_to_go_on(request.unfinished);
    result = result.without_element(result.size() - 1);
  }
  for (const Value& line : list_lines(*change.field, request.unfinished + request.text))
    result = result.with_appended(line);
  return result;
}

std::string with_text(const StatusDocument& document, const WriteRequest& request) {
  std::string text = node_text(document, request.node);
  if (!request.unfinished.empty()) {
    if (!text.ends_with(request.unfinished + '\n')) refuse_to_go_on(request.unfinished);
    text.pop_back();
  }
  return text + request.text;
}

void append_to_log(FieldChange& change, std::string_view text, Proposal& proposal) {
  change.appended = log_lines(*change.field, text);
  for (Value& entry : change.appended) {
    const std::string request = compact(entry);
    const auto key = take_idempotency_key(entry);
    if (!key) continue;
    if (proposal.idempotency || change.appended.size() > 1)
      throw Rejection(Cause::invalid, "a line with an idempotency_key is written alone, one line a write");
    proposal.idempotency = IdempotencyMark{*key, sha256_hex(request)};
  }
}

Value lock_value(const Node& node, std::string_view text) {
  Field lock;
  lock.name = node.pointer.last();
  lock.type = FieldType::boolean;
  return value_of_text(lock, text);
}

void require_node_writable(const StatusDocument& document, const FieldChange& change, const Judge& judge) {
  if (change.field)
    require_access_to_field(document, *change.field, change.task, judge);
  else
    require_access(document, {{change}, {}, {}}, judge);
  const bool is_log = change.field && change.field->access == Access::append_only;
  if (!is_log && !is_writable(document, change)) refuse_read_only(document, change);
}

void write_field(const StatusDocument& document, const WriteRequest& request, const Judge& judge, Proposal& proposal) {
  FieldChange change = change_of(document, request.node);
  require_node_writable(document, change, judge);
  require_unlocked(document, {{change}, {}, {}});
  proposal.op = request.kind == WriteRequest::Kind::append ? "append" : "set";
  if (!change.field) {
    change.after = lock_value(request.node, request.text);
  } else if (change.field->type == FieldType::log) {
    if (request.kind != WriteRequest::Kind::append) refuse_read_only(document, change);
    append_to_log(change, request.text, proposal);
    if (is_replay(proposal, judge)) return void(proposal = as_replay(proposal));
    if (change.appended.empty()) return;
  } else if (change.field->type == FieldType::string_list && request.kind == WriteRequest::Kind::append) {
    change.after = with_lines(change, request);
  } else if (change.field->type == FieldType::text && request.kind == WriteRequest::Kind::append) {
    change.after = value_of_text(*change.field, with_text(document, request));
  } else {
    change.after = value_of_text(*change.field, request.text);
  }
  require_small_enough(change.after ? *change.after : Value());
  proposal.changes.fields.push_back(std::move(change));
  judge_changes(document, proposal, judge);
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

// The record comes last: nobody writes it, so it is not judged.
void override_lock(const StatusDocument& document, const WriteRequest& request, const Judge& judge,
                   Proposal& proposal) {
  require_authority(document, "override locks", judge);
  LockOverrideRequest given = read_override(document, request.node, request.text);
  proposal.op = "override";
  proposal.changes.fields.push_back(std::move(given.change));
  judge_changes(document, proposal, judge, request.node.task);
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
        patch_scope(document, request, judge, proposal);
      else
        write_field(document, request, judge, proposal);
      break;
  }
  return proposal;
}

Proposal propose_replacement(const StatusDocument& document, const Value& replacement, const Judge& judge) {
  Proposal proposal;
  proposal.op = "external";
  proposal.changes = difference(document, replacement, Removal::is_removal);
  std::erase_if(proposal.changes.fields, [](const FieldChange& change) {
    return change.field && (change.field->stamp != Stamp::none || change.field->stamp_with || change.field->derived);
  });
  judge_changes(document, proposal, judge);
  return proposal;
}

void require_writable(const StatusDocument& document, const Node& node, const Judge& judge) {
  require_existing(document, node);
  if (is_override_node(document, node)) return require_authority(document, "override locks", judge);
  if (is_patch_node(node)) return require_some_access(document.mapping(), judge.author);
  if (node.kind == Node::Kind::field && node.field->type == FieldType::view)
    throw Rejection(Cause::not_permitted,
                    path_of(document, node) + " is read-only; write to the fields, or a patch to `patch`");
  require_node_writable(document, change_of(document, node), judge);
}

}  // namespace statusfs
