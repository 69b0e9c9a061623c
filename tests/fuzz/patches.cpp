// Any two JSON texts, "DOCUMENT\nPATCH": merge and JSON patches keep what they do not name, agree with another
// implementation, and what leads from one document to another leads back.
#include <nlohmann/json.hpp>

#include "mapping/document/difference.hpp"
#include "mapping/document/fast_parse.hpp"
#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/merge_patch.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

using Json = nlohmann::json;

/// Whether both implementations read the same: the other one knows neither long integers nor digits.
bool has_only_common_numbers(const Value& value) {
  if (value.kind() == Value::Kind::number) return false;
  for (std::size_t position = 0; value.is_array() && position < value.size(); ++position)
    if (!has_only_common_numbers(value.element(position))) return false;
  if (value.is_object())
    for (const Member& member : value.members())
      if (!has_only_common_numbers(member.value)) return false;
  return true;
}

bool has_null(const Value& value) {
  if (value.is_null()) return true;
  for (std::size_t position = 0; value.is_array() && position < value.size(); ++position)
    if (has_null(value.element(position))) return true;
  if (value.is_object())
    for (const Member& member : value.members())
      if (has_null(member.value)) return true;
  return false;
}

Json other(const Value& value) { return Json::parse(compact(value)); }

void check_ways(const Value& before, const Value& after) {
  require(apply_json_patch(before, json_difference(before, after)) == after,
          "the difference leads to the other document");
  const Value restored = apply_json_patch(after, json_difference(after, before));
  require(restored == before, "undoing a patch restores the document");
  require(json_difference(before, before).empty(), "a document does not differ from itself");
}

void check_merge_patch(const Value& document, const Value& patch) {
  const Value result = apply_merge_patch(document, patch);
  require(apply_merge_patch(result, patch) == result, "the same merge patch again changes nothing");
  require(apply_merge_patch(document, document) == document, "a document merged with itself stays as it is");
  check_ways(document, result);
  if (!has_only_common_numbers(document) || !has_only_common_numbers(patch) || has_null(patch)) return;
  Json expected = other(document);
  expected.merge_patch(other(patch));
  require(expected == other(result), "another implementation merges the same");
}

void check_against_another(const Value& document, const Value& patch, const Value& result) {
  if (!has_only_common_numbers(document) || !has_only_common_numbers(patch)) return;
  try {
    require(other(document).patch(other(patch)) == other(result), "another implementation patches the same");
  } catch (const Json::exception&) {
    // It refuses some that RFC 6902 allows.
  }
}

void check_json_patch(const Value& document, const Value& patch) {
  try {
    const auto operations = decode_json_patch(patch);
    const Value encoded = encode_json_patch(operations);
    require(compact(encode_json_patch(decode_json_patch(encoded))) == compact(encoded),
            "a patch that is written is read");
    const Value result = apply_json_patch(document, operations);
    require(compact(result) == compact(apply_json_patch(document, decode_json_patch(encoded))), "and does the same");
    check_ways(document, result);
    check_against_another(document, patch, result);
  } catch (const Rejection& refusal) {
    require(refusal.cause() == Cause::invalid || refusal.cause() == Cause::stale, "a patch is wrong or comes too late");
  }
}

void check_quick_reader(std::string_view text, const Value& patch) {
  const auto quick = PlainJsonParser().parse_patch(text);
  if (!quick) return;
  require(compact(encode_json_patch(*quick)) == compact(encode_json_patch(decode_json_patch(patch))),
          "the quick reader of patches reads what the exact one does");
}

void check(std::string_view input) {
  try {
    const Value document = parse_json(take_until(input, '\n'));
    const Value patch = parse_json(input);
    const std::string before = compact(document);
    if (patch.is_object()) check_merge_patch(document, patch);
    check_quick_reader(input, patch);
    if (patch.is_array()) check_json_patch(document, patch);
    require(compact(document) == before, "the document that was patched stays as it was");
  } catch (const ParseError&) {
    // For json_document.
  }
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
