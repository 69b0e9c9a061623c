#include "fs/store/etcd/stored_head.hpp"

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

// Calls `visit` with name and value of every member, in the order in which they stand. Head: StoredHead, const or not.
template <typename Head, typename Visit>
void visit_members(Head& head, const Visit& visit) {
  visit("v", head.chain.version);
  visit("g", head.chain.g);
  visit("size", head.chain.size);
  visit("payload_hash_current", head.chain.payload_hash_current);
  visit("record_hash", head.chain.record_hash);
  visit("time", head.chain.time);
  visit("host", head.host);
  visit("document_version", head.document_version);
  visit("document_id", head.document_id);
  visit("document_parts", head.document_parts);
  visit("document_size", head.document_size);
  visit("document_sha256", head.document_sha256);
  visit("records_size", head.records_size);
}

void append(std::string& out, const std::string& text) { append_quoted(out, text); }
void append(std::string& out, std::integral auto number) { out += std::to_string(number); }

[[noreturn]] void no_head(std::string_view name, const char* expected) {
  throw std::runtime_error("it is no head of a status file: " + std::string(name) + " must be " + expected);
}

void take(const Value& value, std::string_view name, std::string& text) {
  if (!value.is_string()) no_head(name, "a string");
  text = value.as_string();
}

void take(const Value& value, std::string_view name, std::integral auto& number) {
  if (!value.is_integer() || value.as_integer() < 0) no_head(name, "a whole number that is not negative");
  number = static_cast<std::remove_reference_t<decltype(number)>>(value.as_integer());
}

}  // namespace

std::string encode_head(const StoredHead& head) {
  std::string text;
  visit_members(head, [&](std::string_view name, const auto& value) {
    text += text.empty() ? '{' : ',';
    append_quoted(text, name);
    text += ':';
    append(text, value);
  });
  return text + '}';
}

StoredHead decode_head(const std::string& text) {
  const Value json = parse_json(text);
  StoredHead head;
  visit_members(head, [&](std::string_view name, auto& member) {
    const Value* value = json.find(name);
    take(value ? *value : Value(), name, member);
  });
  return head;
}

}  // namespace statusfs
