#include "mapping/chain/hashes.hpp"

#include <algorithm>

#include "mapping/document/canonical.hpp"
#include "mapping/document/difference.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

constexpr std::size_t leaf_size = hash_text_size + 3;  // two quotes and a comma

std::string prefixed(const std::string& hex) { return std::string(hash_prefix) + hex; }

const Pointer& payload_hash_pointer(const Mapping& mapping) {
  return mapping.stamped(Stamp::payload_hash_current, false)->pointer;
}

Value signature_of(const Mapping& mapping, const Value& task) {
  const Value* value = find(task, mapping.stamped(Stamp::signature_hash, true)->pointer);
  return value ? *value : Value();
}

bool is_regular_leaf(const Value& leaf) {
  return leaf.is_string() && leaf.as_string().size() == hash_text_size &&
         quoted_size(leaf.as_string()) == hash_text_size + 2;
}

void append_leaf(std::string& leaves, const Value& leaf) {
  append_canonical(leaves, leaf);
  leaves += ',';
}

std::string all_leaves(const StatusDocument& document) {
  std::string leaves;
  leaves.reserve(document.task_count() * leaf_size);
  for (std::size_t position = 0; position < document.task_count(); ++position)
    append_leaf(leaves, signature_of(document.mapping(), document.task(position)));
  return leaves;
}

}  // namespace

std::string signature_hash(const Mapping& mapping, const Value& task) {
  const Pointer& own = mapping.stamped(Stamp::signature_hash, true)->pointer;
  const bool is_member = own.tokens().size() == 1;
  return prefixed(
      sha256_hex(is_member ? canonical_without(task, own.last()) : canonical(with_value_at(task, own, std::nullopt))));
}

std::string payload_hash(const StatusDocument& document) { return IncrementalDigest(document).payload_hash(document); }

bool has_any_hash(const StatusDocument& document) {
  const Mapping& mapping = document.mapping();
  for (const Field* field : mapping.file_fields()) {
    const Value* value = field->type == FieldType::hash ? document.value_of(*field) : nullptr;
    if (value && !value->is_null()) return true;
  }
  for (std::size_t position = 0; position < document.task_count(); ++position)
    if (!signature_of(mapping, document.task(position)).is_null()) return true;
  return false;
}

std::vector<Finding> verify_hashes(const StatusDocument& document, std::size_t limit) {
  const Mapping& mapping = document.mapping();
  const Pointer& signature = mapping.stamped(Stamp::signature_hash, true)->pointer;
  std::vector<Finding> findings;
  for (std::size_t position = 0; position < document.task_count() && findings.size() < limit; ++position) {
    const Value expected(signature_hash(mapping, document.task(position)));
    const Value stored = signature_of(mapping, document.task(position));
    if (!(stored == expected))
      findings.push_back({mapping.collection->pointer.child(position).concat(signature).text(),
                          "is " + compact(stored) + ", but the task hashes to " + compact(expected)});
  }
  const Value* stored = find(document.root(), payload_hash_pointer(mapping));
  const Value expected(payload_hash(document));
  if (findings.size() < limit && !(stored && *stored == expected))
    findings.push_back({payload_hash_pointer(mapping).text(), "is " + (stored ? compact(*stored) : "absent") +
                                                                  ", but the payload hashes to " + compact(expected)});
  return findings;
}

IncrementalDigest::IncrementalDigest(const StatusDocument& document) : mapping_(&document.mapping()) {
  task_depth_ = mapping_->collection->pointer.tokens().size() + 1;
  reset(document);
}

void IncrementalDigest::reset(const StatusDocument& document) {
  cache_.clear();
  tasks_size_ = 0;
  is_regular_ = true;
  for (std::size_t position = 0; position < document.task_count(); ++position) {
    const Value& task = document.task(position);
    tasks_size_ += indented_size(task, task_depth_);
    is_regular_ = is_regular_ && is_regular_leaf(signature_of(*mapping_, task));
  }
  leaves_ = is_regular_ ? all_leaves(document) : std::string();
}

void IncrementalDigest::task_changed(std::size_t position, const Value& before, const Value& after) {
  tasks_size_ += static_cast<std::uint64_t>(indented_size_difference(before, after, task_depth_));
  const Value leaf = signature_of(*mapping_, after);
  is_regular_ = is_regular_ && is_regular_leaf(leaf);
  if (is_regular_) leaves_.replace(position * leaf_size + 1, hash_text_size, leaf.as_string());
}

void IncrementalDigest::task_added(const Value& task) {
  tasks_size_ += indented_size(task, task_depth_);
  const Value leaf = signature_of(*mapping_, task);
  is_regular_ = is_regular_ && is_regular_leaf(leaf);
  if (is_regular_) append_leaf(leaves_, leaf);
}

void IncrementalDigest::tasks_removed(std::span<const std::size_t> positions, const StatusDocument& before) {
  for (const std::size_t position : positions) tasks_size_ -= indented_size(before.task(position), task_depth_);
  if (!is_regular_) return;
  std::string kept;
  kept.reserve(leaves_.size() - positions.size() * leaf_size);
  std::size_t begin = 0;
  for (const std::size_t position : positions) {
    kept.append(leaves_, begin, position * leaf_size - begin);
    begin = (position + 1) * leaf_size;
  }
  leaves_ = kept.append(leaves_, begin);
}

void IncrementalDigest::CachedMember::append_elements_of(const Value& grown, std::size_t depth) {
  canonical.pop_back();
  for (std::size_t at = value.size(); at < grown.size(); ++at) {
    canonical += ',';
    append_canonical(canonical, grown.element(at));
  }
  canonical += ']';
  indented_size += static_cast<std::uint64_t>(indented_size_difference(value, grown, depth));
  value = grown;
}

const IncrementalDigest::CachedMember& IncrementalDigest::cached(std::string_view key, const Value& value) {
  auto found = cache_.find(key);
  if (found == cache_.end()) found = cache_.emplace(key, CachedMember()).first;
  CachedMember& member = found->second;
  if (member.value.is_same_node(value) && !member.canonical.empty()) return member;
  if (is_extension(member.value, value) && member.value.size() > 0)
    member.append_elements_of(value, task_depth_ - 1);
  else
    member = {value, canonical(value), indented_size(value, task_depth_ - 1)};
  return member;
}

const std::vector<std::size_t>& IncrementalDigest::order_of(std::span<const Member> members) {
  const bool is_known = std::equal(members.begin(), members.end(), ordered_keys_.begin(), ordered_keys_.end(),
                                   [](const Member& member, const Value& key) { return member.key.is_same_node(key); });
  if (is_known) return order_;
  ordered_keys_.clear();
  for (const Member& member : members) ordered_keys_.push_back(member.key);
  return order_ = canonical_order(members);
}

void IncrementalDigest::append_payload_member(const StatusDocument& document, const Member& member) {
  append_quoted(buffer_, member.name());
  buffer_ += ':';
  if (!member.value.is_container()) return append_canonical(buffer_, member.value);
  if (member.name() != mapping_->collection->key() || !member.value.is_array())
    return append_large(cached(member.name(), member.value).canonical);
  const std::string irregular = is_regular_ ? std::string() : all_leaves(document);
  std::string_view leaves = is_regular_ ? leaves_ : irregular;
  if (leaves.ends_with(',')) leaves.remove_suffix(1);
  buffer_ += '[';
  append_large(leaves);
  buffer_ += ']';
}

void IncrementalDigest::append_large(std::string_view text) {
  sha256_.update(buffer_);
  sha256_.update(text);
  buffer_.clear();
}

std::string IncrementalDigest::payload_hash(const StatusDocument& document) {
  const Value& payload = *find(document.root(), mapping_->collection->pointer.parent());
  const std::string& own_key = payload_hash_pointer(*mapping_).last();
  buffer_ = "{";
  bool is_first = true;
  for (const std::size_t position : order_of(payload.members())) {
    const Member& member = payload.members()[position];
    if (member.name() == own_key) continue;
    if (!is_first) buffer_ += ',';
    is_first = false;
    append_payload_member(document, member);
  }
  buffer_ += '}';
  sha256_.update(buffer_);
  return prefixed(sha256_.finish_hex());
}

std::uint64_t IncrementalDigest::size_of_tasks(const StatusDocument& document) const {
  return indented_frame_size(document.task_count(), task_depth_ - 1) + tasks_size_;
}

std::uint64_t IncrementalDigest::size_of_member(const StatusDocument& document, const Member& member,
                                                std::size_t depth) {
  const auto& path = mapping_->collection->pointer.tokens();
  if (member.name() == path[depth]) return size_on_path(document, member.value, depth + 1);
  // Only members that stand beside the tasks are cached: there alone can logs grow without bounds.
  const bool is_beside_tasks = depth + 1 == path.size() && member.value.is_container();
  return is_beside_tasks ? cached(member.name(), member.value).indented_size : indented_size(member.value, depth + 1);
}

std::uint64_t IncrementalDigest::size_on_path(const StatusDocument& document, const Value& value, std::size_t depth) {
  if (depth == mapping_->collection->pointer.tokens().size()) return size_of_tasks(document);
  std::uint64_t size = indented_frame_size(value.size(), depth);
  for (const Member& member : value.members())
    size += quoted_size(member.name()) + 2 + size_of_member(document, member, depth);
  return size;
}

std::uint64_t IncrementalDigest::file_size(const StatusDocument& document) {
  return size_on_path(document, document.root(), 0) + 1;
}

}  // namespace statusfs
