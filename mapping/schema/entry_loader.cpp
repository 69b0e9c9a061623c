#include "mapping/schema/entry_loader.hpp"

#include "mapping/schema/value_reader.hpp"

namespace statusfs {
namespace {

void check_member_type(const YamlNode& node, FieldType type) {
  switch (type) {
    case FieldType::string:
    case FieldType::text:
    case FieldType::integer:
    case FieldType::boolean:
    case FieldType::hash:
    case FieldType::string_list:
    case FieldType::document:
      return;
    default:
      break;
  }
  node.fail("a member of an entry cannot be of type " + std::string(name_of(type)) +
            "; accepted: string, text, integer, boolean, hash, string_list, document or any");
}

FieldType type_of_value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean:
      return FieldType::boolean;
    case Value::Kind::integer:
      return FieldType::integer;
    case Value::Kind::array:
      return FieldType::string_list;
    case Value::Kind::object:
      return FieldType::document;
    default:
      return FieldType::string;
  }
}

// Where the row gives no type, the value that the driver writes tells it.
FieldType member_type(const YamlNode& node, const EntryMember& member) {
  if (const YamlNode* type = node.find("type")) {
    const FieldType named = read_type(*type);
    check_member_type(*type, named);
    return named;
  }
  if (member.stamp != Stamp::none) return type_of(member.stamp);
  const YamlNode* always = node.find("always");
  if (always == nullptr) return FieldType::string;
  const Value value = read_any_value(*always);
  if (value.kind() == Value::Kind::number) {
    always->fail("no type takes the number " + value.number_text() + "; accepted: an integer, or quotes around it");
  }
  return type_of_value(value);
}

void check_one_source(const YamlNode& node, std::string_view source) {
  if (node.find(source) == nullptr) return;
  for (const std::string_view other : {"stamp", "always", "initial", "required", "references", "nullable"}) {
    if (other == source || node.find(other) == nullptr) continue;
    if (source == "stamp" && other == "nullable") continue;  // what other programs wrote may be null all the same
    node.at(other).fail(in_quotes(other) + " does not go with " + in_quotes(source) +
                        ", which overwrites what the writer gives; leave one of them out");
  }
}

// A member of this type has the place that its row gives it among the others, and takes any JSON value.
bool takes_any(const YamlNode& node) {
  const YamlNode* type = node.find("type");
  return type != nullptr && type->any_text() == "any";
}

void read_member_values(const YamlNode& node, EntryMember& member) {
  const ValueShape shape{member.type, member.nullable, false, nullptr};
  if (const YamlNode* always = node.find("always")) member.always = read_value(*always, shape);
  if (const YamlNode* initial = node.find("initial")) member.initial = read_value(*initial, shape);
  if (member.required && member.initial) {
    node.at("initial").fail("'initial' does not go with 'required'; a required member is never made up");
  }
}

EntryMember read_member(const YamlNode& node) {
  node.accept_only({"type", "stamp", "always", "initial", "nullable", "required", "references"});
  check_one_source(node, "stamp");
  check_one_source(node, "always");
  EntryMember member;
  member.key = node.key();
  if (const YamlNode* stamp = node.find("stamp")) member.stamp = read_stamp_of_a_write(*stamp);
  member.takes_any = takes_any(node);
  if (member.takes_any) {
    node.accept_only({"type", "required"});
    member.required = node.flag_at("required");
    return member;
  }
  member.type = member_type(node, member);
  if (member.stamp != Stamp::none && member.type != type_of(member.stamp)) {
    node.at("type").fail("the stamp " + in_quotes(name_of(member.stamp)) + " is of type " +
                         std::string(name_of(type_of(member.stamp))) + "; accepted: that type, or none");
  }
  member.nullable = node.flag_at("nullable");
  member.required = node.flag_at("required");
  member.references_tasks = node.find("references") != nullptr;
  if (member.references_tasks && member.type != FieldType::string) {
    node.at("references").fail("'references' goes only with type: string");
  }
  read_member_values(node, member);
  return member;
}

void check_main(const YamlNode& node, const LogEntry& entry) {
  for (const EntryMember& member : entry.members) {
    if (member.key != entry.main) continue;
    const bool is_plain_text = member.type == FieldType::string || member.type == FieldType::text;
    if (is_plain_text && member.stamp == Stamp::none && !member.always) return;
  }
  node.fail("'main' names " + in_quotes(entry.main) +
            "; accepted: a member of type string or text that the writer gives (without stamp and always)");
}

}  // namespace

std::optional<LogEntry> read_log_entry(const YamlNode& row, const Field& field) {
  const YamlNode* node = row.find("entry");
  const bool is_needed = field.access == Access::append_only;
  if (field.type != FieldType::log || (node == nullptr && !is_needed)) return std::nullopt;
  const YamlNode& given = row.at("entry");
  given.accept_only({"main", "members"});
  LogEntry entry;
  entry.main = given.at("main").line_of_text();
  for (const YamlNode& member : given.at("members").entries()) entry.members.push_back(read_member(member));
  check_main(given.at("main"), entry);
  return entry;
}

}  // namespace statusfs
