// Any bytes written to any field: "PATH\nTEXT". What is accepted reads as it was written, makes one version whose
// hashes and journal line verify, and asks for nothing when it is written again.
#include <memory>

#include "mapping/chain/chain.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/proposal.hpp"
#include "mapping/tree/node_text.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

const Author& supervisor() {
  static const Author author{"TESTER", "SUPERVISOR", 1000, 4711, std::string(32, 'a')};
  return author;
}

MutationStamp stamp(std::int64_t g) { return {g, "2025-06-09T12:00:00.000000Z", supervisor()}; }

const Version& first_version() {
  static const Version version =
      begin_chain(sample_document(), {"exec_status_7", "exec_plan_7", "", 2}, stamp(2), "adopt");
  return version;
}

std::optional<Node> node_at(const StatusDocument& document, std::string_view path) {
  std::optional<Node> node = Node{};
  while (!path.empty() && node) {
    if (!is_directory(document, *node)) return std::nullopt;
    if (node->kind == Node::Kind::field && node->field->type == FieldType::board) return std::nullopt;
    node = child(document, *node, take_until(path, '/'));
  }
  return node;
}

void check_version(const Version& version) {
  Replay replay(default_mapping(), ReplayDepth::verified);
  replay.apply(first_version().record);
  replay.apply(version.record);
  require(replay.head() == version.head, "the journal line says what the version is");
  require(indented_document(replay.root()) == indented_document(version.document->root()),
          "the journal line leads to the very bytes");
  require(verify_hashes(*version.document).empty(), "every hash is right");
  require(indented_document(version.document->root()).size() == version.head.size, "the size is that of the file");
}

/// Scalars read as they were written, but for one newline and the ways to write null.
void check_reading(const StatusDocument& document, const Node& node, std::string_view text) {
  if (node.kind != Node::Kind::field || node.field->access != Access::read_write) return;
  const std::string shown = node_text(document, node);
  const bool is_line = node.field->type != FieldType::document && node.field->type != FieldType::string_list;
  if (text.ends_with('\n')) text.remove_suffix(1);
  const bool is_null = node.field->nullable && (text.empty() || text == "null");
  const bool is_object = value_at(document, node) && value_at(document, node)->is_object();
  if (is_line && !is_object) require(shown == (is_null ? "" : std::string(text) + "\n"), "it reads as it was written");
  require(node_size(document, node) == shown.size(), "the size is that of the text");
}

bool is_idempotent(const WriteRequest& request, const Proposal& proposal) {
  return request.kind == WriteRequest::Kind::set && request.node.field->type != FieldType::patch &&
         request.node.field->access == Access::read_write && !proposal.changes.empty();
}

void check_write(const WriteRequest& request) {
  const StatusDocument& document = *first_version().document;
  try {
    const Proposal proposal = propose(document, request, {supervisor()});
    if (proposal.changes.empty()) return;
    Chain chain(first_version().document, first_version().head);
    const Version version = chain.append(proposal, stamp(3));
    check_version(version);
    if (request.kind == WriteRequest::Kind::set) check_reading(*version.document, request.node, request.text);
    if (is_idempotent(request, proposal))
      require(propose(*version.document, request, {supervisor()}).changes.empty(), "the same again changes nothing");
  } catch (const Rejection& refusal) {
    require(refusal.cause() < Cause::busy, "a refusal by what was asked for");
    require(!std::string_view(refusal.what()).empty(), "a refusal has a reason");
  }
}

void check(std::string_view input) {
  const auto node = node_at(*first_version().document, take_until(input, '\n'));
  if (!node) return;
  const bool is_field = node->kind == Node::Kind::field && !is_directory(*first_version().document, *node);
  const bool is_collection = node->kind == Node::Kind::field && node->field->type == FieldType::collection;
  if (is_field) {
    check_write({WriteRequest::Kind::set, *node, std::string(input)});
    check_write({WriteRequest::Kind::append, *node, std::string(input)});
  }
  if (is_collection) check_write({WriteRequest::Kind::add_task, *node, std::string(input)});
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
