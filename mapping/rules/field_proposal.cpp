#include "mapping/rules/field_proposal.hpp"

#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/access.hpp"
#include "mapping/rules/field_text.hpp"
#include "mapping/rules/idempotency.hpp"
#include "mapping/rules/judgement.hpp"
#include "mapping/rules/locks.hpp"
#include "mapping/rules/patch_request.hpp"
#include "mapping/rules/permission.hpp"
#include "mapping/rules/valid_changes.hpp"
#include "mapping/rules/validity.hpp"
#include "mapping/tree/node_text.hpp"

namespace statusfs {
namespace {

FieldChange change_of(const StatusDocument& document, const Node& node) {
  return change_at(document, node.task, node.field, node.field ? node.field->pointer : node.pointer);
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
  return result.with_all_appended(list_lines(*change.field, request.unfinished + request.text));
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

void require_change_writable(const StatusDocument& document, const FieldChange& change, const Judge& judge) {
  if (change.field)
    require_access_to_field(document, *change.field, change.task, judge);
  else
    require_access(document, {{change}, {}, {}}, judge);
  const bool is_log = change.field && change.field->access == Access::append_only;
  if (!is_log && !is_writable(document, change)) refuse_read_only(document, change);
}

// What the lines are is of no interest where the log is locked, but for a request that was carried out before.
void propose_lines(const StatusDocument& document, const WriteRequest& request, const Judge& judge, FieldChange& change,
                   Proposal& proposal) {
  try {
    append_to_log(change, request.text, proposal);
  } catch (const Rejection&) {
    require_unlocked(document, {{change}, {}, {}});
    throw;
  }
  if (is_replay(proposal, judge)) return void(proposal = as_replay(proposal));
  require_unlocked(document, {{change}, {}, {}});
  require_unused_key(proposal, judge);
}

}  // namespace

void propose_field(const StatusDocument& document, const WriteRequest& request, const Judge& judge,
                   Proposal& proposal) {
  FieldChange change = change_of(document, request.node);
  require_change_writable(document, change, judge);
  const bool appends_lines =
      change.field && change.field->type == FieldType::log && request.kind == WriteRequest::Kind::append;
  if (!appends_lines) require_unlocked(document, {{change}, {}, {}});
  proposal.op = request.kind == WriteRequest::Kind::append ? "append" : "set";
  if (!change.field) {
    change.after = lock_value(request.node, request.text);
  } else if (change.field->type == FieldType::log) {
    if (!appends_lines) refuse_read_only(document, change);
    propose_lines(document, request, judge, change, proposal);
    if (proposal.is_replay || change.appended.empty()) return;
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

void require_field_unlocked(const StatusDocument& document, const Node& node) {
  require_unlocked(document, {{change_of(document, node)}, {}, {}});
}

void require_field_writable(const StatusDocument& document, const Node& node, const Judge& judge) {
  require_change_writable(document, change_of(document, node), judge);
}

}  // namespace statusfs
