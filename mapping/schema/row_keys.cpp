#include "mapping/schema/row_keys.hpp"

#include <algorithm>
#include <array>

namespace statusfs {
namespace {

using TypeSet = unsigned;

template <typename... Types>
constexpr TypeSet set_of(Types... types) {
  return ((1U << static_cast<unsigned>(types)) | ...);
}

constexpr TypeSet one_line_types =
    set_of(FieldType::string, FieldType::integer, FieldType::boolean, FieldType::enumeration, FieldType::hash);
constexpr TypeSet nullable_types = one_line_types | set_of(FieldType::text, FieldType::document);
constexpr TypeSet value_types = nullable_types | set_of(FieldType::string_list, FieldType::log);
constexpr TypeSet every_type = ~TypeSet{0};

struct KeyUse {
  std::string_view key;
  TypeSet types;
};

constexpr std::array key_uses{
    KeyUse{"type", every_type},
    KeyUse{"pointer", every_type},
    KeyUse{"help", every_type},
    KeyUse{"access", value_types | set_of(FieldType::view, FieldType::patch)},
    KeyUse{"write", value_types},
    KeyUse{"nullable", nullable_types},
    KeyUse{"hidden", value_types},
    KeyUse{"initial", value_types},
    KeyUse{"absent", one_line_types},
    KeyUse{"names_plan", set_of(FieldType::string)},
    KeyUse{"mirrors_plan", set_of(FieldType::string)},
    KeyUse{"repeats_group", set_of(FieldType::string)},
    KeyUse{"minimum", set_of(FieldType::integer)},
    KeyUse{"maximum", set_of(FieldType::integer)},
    KeyUse{"enum", set_of(FieldType::enumeration)},
    KeyUse{"or_document", set_of(FieldType::text)},
    KeyUse{"stamp", set_of(FieldType::string, FieldType::integer, FieldType::hash)},
    KeyUse{"stamp_with", set_of(FieldType::string, FieldType::integer)},
    KeyUse{"derived", set_of(FieldType::integer)},
    KeyUse{"entry", set_of(FieldType::log)},
    KeyUse{"override_log", set_of(FieldType::patch)},
    KeyUse{"fields", set_of(FieldType::group, FieldType::collection)},
    KeyUse{"by", set_of(FieldType::board)},
    KeyUse{"format", set_of(FieldType::page)},
    KeyUse{"id", set_of(FieldType::collection)},
    KeyUse{"create", set_of(FieldType::collection)},
    KeyUse{"remove", set_of(FieldType::collection)},
    KeyUse{"remove_unplanned", set_of(FieldType::collection)},
};

std::string keys_of(FieldType type) {
  std::vector<std::string> keys;
  for (const KeyUse& use : key_uses)
    if ((use.types & set_of(type)) != 0) keys.emplace_back(use.key);
  return alternatives(keys);
}

}  // namespace

void check_row_keys(const YamlNode& row, FieldType type) {
  for (const YamlNode& entry : row.entries()) {
    const auto use =
        std::find_if(key_uses.begin(), key_uses.end(), [&](const auto& u) { return u.key == entry.key(); });
    const bool is_known = use != key_uses.end();
    if (is_known && (use->types & set_of(type)) != 0) continue;
    entry.fail((is_known ? "the key " + entry.label() + " does not go with" : "unknown key " + entry.label() + " in") +
               " a row of type " + std::string(name_of(type)) + "; accepted here: " + keys_of(type));
  }
}

}  // namespace statusfs
