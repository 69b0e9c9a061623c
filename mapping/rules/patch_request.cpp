#include "mapping/rules/patch_request.hpp"

#include <algorithm>

#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/rules/field_text.hpp"
#include "mapping/rules/validity.hpp"

namespace statusfs {
namespace {

constexpr std::string_view key_member = "idempotency_key";
constexpr std::string_view version_member = "if_version";
constexpr std::string_view patch_member = "patch";
constexpr std::size_t maximum_key_size = 256;

// A wrapper has "patch", at least one condition, and nothing else; any other object is itself a merge patch.
bool is_wrapper(const Value& value) {
  if (!value.is_object() || !value.find(patch_member) || value.size() < 2) return false;
  return std::ranges::all_of(value.members(), [](const Member& member) {
    return member.name() == key_member || member.name() == version_member || member.name() == patch_member;
  });
}

std::int64_t version_of(const Value& value) {
  if (!value.is_integer()) throw Rejection(Cause::invalid, "if_version takes an integer, not " + shown(value));
  return value.as_integer();
}

void require_patch(const Value& patch) {
  if (!patch.is_object() && !patch.is_array())
    throw Rejection(
        Cause::invalid,
        "a patch is a JSON object (RFC 7396) or a JSON array of operations (RFC 6902), not " + shown(patch));
}

}  // namespace

PatchRequest read_patch_request(std::string_view text) {
  PatchRequest request;
  request.patch = document_of_text(text);
  if (is_wrapper(request.patch)) {
    const Value wrapper = request.patch;
    request.patch = *wrapper.find(patch_member);
    if (const Value* version = wrapper.find(version_member)) request.if_version = version_of(*version);
    if (const Value* key = wrapper.find(key_member)) request.idempotency = idempotency_mark(*key, compact(wrapper));
  }
  require_patch(request.patch);
  return request;
}

IdempotencyMark idempotency_mark(const Value& key, std::string_view request) {
  const auto is_printable = [](char byte) { return static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7F; };
  if (!key.is_string() || key.as_string().empty() || key.as_string().size() > maximum_key_size ||
      !std::ranges::all_of(key.as_string(), is_printable))
    throw Rejection(Cause::invalid, "idempotency_key takes a string of 1 to 256 printable bytes");
  return {std::string(key.as_string()), sha256_hex(request)};
}

std::optional<std::string> take_idempotency_key(Value& entry) {
  const Value* key = entry.is_object() ? entry.find(key_member) : nullptr;
  if (!key) return std::nullopt;
  std::string text = idempotency_mark(*key, {}).key;
  entry = entry.without_member(key_member);
  return text;
}

}  // namespace statusfs
