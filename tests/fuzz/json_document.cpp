// Any bytes as JSON text, and what parses as a status document: printing and reading are inverse, the canonical form is
// one, and the tree shows what is there.
#include <algorithm>
#include <optional>
#include <vector>

#include "mapping/chain/check.hpp"
#include "mapping/document/canonical.hpp"
#include "mapping/document/fast_parse.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/node.hpp"
#include "mapping/tree/node_text.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

/// The same value with the members of every object in the opposite order.
Value with_members_reversed(const Value& value) {
  if (value.is_array()) {
    std::vector<Value> elements;
    for (std::size_t position = 0; position < value.size(); ++position)
      elements.push_back(with_members_reversed(value.element(position)));
    return Value::array(std::move(elements));
  }
  if (!value.is_object()) return value;
  std::vector<Member> members;
  for (const Member& member : value.members()) members.emplace_back(member.key, with_members_reversed(member.value));
  std::ranges::reverse(members);
  return Value::object(std::move(members));
}

/// The quick reader answers only what the exact one answers, to the digit.
void check_quick_reader(std::string_view text) {
  const auto quick = PlainJsonParser().parse(text);
  if (!quick) return;
  std::optional<Value> exact;
  try {
    exact = parse_json_exactly(text);
  } catch (const ParseError&) {
  }
  require(exact.has_value(), "the quick reader accepts nothing that the exact one refuses");
  require(compact(*quick) == compact(*exact), "both readers read the same");
}

void check_printing(const Value& value) {
  const std::string short_text = compact(value);
  const Value again = parse_json(short_text);
  require(again == value, "a value equals what its text says");
  require(compact(again) == short_text, "compact text is stable, with order and digits");
  const std::string long_text = indented_document(value);
  require(indented_document(parse_json(long_text)) == long_text, "indented text is stable");
  require(indented_size(value) + 1 == long_text.size(), "the size of the text is known beforehand");
}

void check_canonical(const Value& value) {
  const std::string text = canonical(value);
  require(canonical(parse_json(text)) == text, "the canonical form is stable");
  const Value reversed = with_members_reversed(value);
  require(reversed == value, "the order of members makes no difference");
  require(canonical(reversed) == text, "the canonical form does not depend on the order of members");
}

void check_directory(const StatusDocument& document, const Node& directory, int depth) {
  for (const NamedNode& entry : children(document, directory)) {
    const auto found = child(document, directory, entry.name);
    require(found && *found == entry.node, "what is listed is found");
    require(!entry.name.empty() && entry.name.find('/') == std::string::npos, "a name is a name");
    require(exists(document, entry.node), "what is listed exists");
    if (entry.node.kind == Node::Kind::field && entry.node.field->type == FieldType::board) continue;
    if (is_directory(document, entry.node)) {
      if (depth > 0) check_directory(document, entry.node, depth - 1);
    } else {
      require(node_text(document, entry.node).size() == node_size(document, entry.node), "a file's size is its text's");
    }
  }
}

void check_tree(const Value& root) {
  try {
    const StatusDocument document(default_mapping(), root);
    check_directory(document, Node{}, 8);
    verify_hashes(document);
    check_document(document, "exec_status_7", nullptr);
  } catch (const Rejection& refusal) {
    require(refusal.cause() == Cause::invalid, "a document that cannot be shown is invalid");
  }
}

void check(std::string_view text) {
  check_quick_reader(text);
  try {
    const Value value = parse_json(text);
    check_printing(value);
    check_canonical(value);
    check_tree(value);
  } catch (const ParseError& error) {
    require(error.line() >= 1 && error.column() >= 1, "an error has a place");
    require(error.line() <= text.size() + 1 && error.column() <= text.size() + 1, "the place is in the text");
  }
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
