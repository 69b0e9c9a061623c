#include "mapping/document/json_patch_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

using Kind = PatchOperation::Kind;

[[noreturn]] void refuse_text(const std::string& reason) { throw Rejection(Cause::invalid, reason); }

constexpr std::array<std::pair<std::string_view, Kind>, 6> kind_names{{{"add", Kind::add},
                                                                       {"remove", Kind::remove},
                                                                       {"replace", Kind::replace},
                                                                       {"move", Kind::move},
                                                                       {"copy", Kind::copy},
                                                                       {"test", Kind::test}}};

std::string_view name_of(Kind kind) noexcept {
  const auto matches = [kind](const auto& entry) { return entry.second == kind; };
  return std::find_if(kind_names.begin(), kind_names.end(), matches)->first;
}

const Value& required_member(const Value& operation, std::string_view name) {
  const Value* member = operation.find(name);
  if (member == nullptr) refuse_text("\"" + std::string(name) + "\" is missing");
  return *member;
}

std::string_view required_string(const Value& operation, std::string_view name) {
  const Value& member = required_member(operation, name);
  if (!member.is_string()) refuse_text("\"" + std::string(name) + "\" must be a string");
  return member.as_string();
}

Kind decode_kind(std::string_view name) {
  const auto kind = patch_operation_kind(name);
  if (!kind) refuse_text("\"op\" must be add, remove, replace, move, copy or test, not \"" + std::string(name) + "\"");
  return *kind;
}

PatchOperation decode_operation(const Value& operation) {
  if (!operation.is_object()) refuse_text("it must be an object");
  PatchOperation result{decode_kind(required_string(operation, "op")), {}, {}, {}};
  result.path = Pointer::parse(required_string(operation, "path"));
  if (has_from(result.kind)) result.from = Pointer::parse(required_string(operation, "from"));
  if (has_value(result.kind)) result.value = required_member(operation, "value");
  return result;
}

Value encode_operation(const PatchOperation& operation) {
  std::vector<Member> members;
  members.emplace_back("op", Value(name_of(operation.kind)));
  if (has_from(operation.kind)) members.emplace_back("from", Value(operation.from.text()));
  members.emplace_back("path", Value(operation.path.text()));
  if (has_value(operation.kind)) members.emplace_back("value", operation.value);
  return Value::object(std::move(members));
}

}  // namespace

std::optional<Kind> patch_operation_kind(std::string_view name) noexcept {
  const auto matches = [name](const auto& entry) { return entry.first == name; };
  const auto found = std::find_if(kind_names.begin(), kind_names.end(), matches);
  return found == kind_names.end() ? std::nullopt : std::optional(found->second);
}

bool has_from(Kind kind) noexcept { return kind == Kind::move || kind == Kind::copy; }
bool has_value(Kind kind) noexcept { return kind == Kind::add || kind == Kind::replace || kind == Kind::test; }

std::vector<PatchOperation> decode_json_patch(const Value& patch) {
  if (!patch.is_array()) refuse_text("a JSON patch must be an array of operations");
  std::vector<PatchOperation> operations;
  operations.reserve(patch.size());
  for (std::size_t index = 0; index < patch.size(); ++index) {
    try {
      operations.push_back(decode_operation(patch.element(index)));
    } catch (const Rejection& rejection) {
      throw Rejection(rejection.cause(), "operation " + std::to_string(index) + ": " + rejection.what());
    }
  }
  return operations;
}

Value encode_json_patch(const std::vector<PatchOperation>& operations) {
  std::vector<Value> encoded;
  encoded.reserve(operations.size());
  for (const PatchOperation& operation : operations) encoded.push_back(encode_operation(operation));
  return Value::array(std::move(encoded));
}

std::string description(std::size_t index, const PatchOperation& operation) {
  std::string result = "operation " + std::to_string(index) + " (" + std::string(name_of(operation.kind));
  if (has_from(operation.kind)) result += " from \"" + operation.from.text() + "\" to";
  return result + " \"" + operation.path.text() + "\")";
}

PatchText::PatchText() {
  constexpr std::size_t usual_size = 1024;
  text_.reserve(usual_size);
}

void PatchText::begin(Kind kind, std::string_view around, const Pointer& path, std::string_view behind) {
  text_ += text_.empty() ? "[{\"op\":\"" : ",{\"op\":\"";
  text_ += name_of(kind);
  text_ += "\",\"path\":\"";
  append_quoted_content(text_, around);
  for (const std::string& token : path.tokens()) {
    text_ += '/';
    if (token.find_first_of("~/") == std::string::npos)
      append_quoted_content(text_, token);
    else
      append_quoted_content(text_, Pointer({token}).text().substr(1));
  }
  text_ += behind;
  text_ += '"';
}

void PatchText::end(const Value& value) {
  text_ += ",\"value\":";
  append_compact(text_, value);
  text_ += '}';
}

void PatchText::add(std::string_view around, const Pointer& path, const Value& value) {
  begin(Kind::add, around, path);
  end(value);
}

void PatchText::append(std::string_view around, const Pointer& array, const Value& element) {
  begin(Kind::add, around, array, "/-");
  end(element);
}

void PatchText::replace(std::string_view around, const Pointer& path, const Value& value) {
  begin(Kind::replace, around, path);
  end(value);
}

void PatchText::remove(std::string_view around, const Pointer& path) {
  begin(Kind::remove, around, path);
  text_ += '}';
}

std::string PatchText::finish() {
  text_ += text_.empty() ? "[]" : "]";
  return std::move(text_);
}

}  // namespace statusfs
