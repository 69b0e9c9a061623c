#include "mapping/schema/load_context.hpp"

#include <algorithm>
#include <array>

#include "mapping/rejection.hpp"
#include "mapping/schema/word_reader.hpp"

namespace statusfs {
namespace {

// A file's values may be nested 128 deep, and what a document holds comes on top of the pointer to it.
constexpr std::size_t longest_pointer = 64;

struct StampKind {
  Stamp stamp;
  FieldType type;
};

constexpr std::array stamp_words{
    Word<StampKind>{"version", {Stamp::version, FieldType::integer}},
    Word<StampKind>{"g", {Stamp::g, FieldType::integer}},
    Word<StampKind>{"persona", {Stamp::persona, FieldType::string}},
    Word<StampKind>{"archetype", {Stamp::archetype, FieldType::string}},
    Word<StampKind>{"trace_id", {Stamp::trace_id, FieldType::string}},
    Word<StampKind>{"signature_hash", {Stamp::signature_hash, FieldType::hash}},
    Word<StampKind>{"payload_hash_previous", {Stamp::payload_hash_previous, FieldType::hash}},
    Word<StampKind>{"payload_hash_current", {Stamp::payload_hash_current, FieldType::hash}},
};

constexpr std::array all_types{
    FieldType::string,      FieldType::text,  FieldType::integer,     FieldType::boolean,
    FieldType::enumeration, FieldType::hash,  FieldType::string_list, FieldType::log,
    FieldType::document,    FieldType::view,  FieldType::patch,       FieldType::group,
    FieldType::collection,  FieldType::board, FieldType::events,      FieldType::page,
};

const Word<StampKind>& word_of(Stamp stamp) {
  return *std::ranges::find_if(stamp_words, [&](const auto& word) { return word.meaning.stamp == stamp; });
}

}  // namespace

std::vector<std::string> read_archetypes(const YamlNode& list, const Mapping& mapping) {
  std::vector<std::string> named = list.distinct_texts();
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (std::find(mapping.archetypes.begin(), mapping.archetypes.end(), named[i]) != mapping.archetypes.end()) continue;
    list.items()[i].fail("unknown archetype " + in_quotes(named[i]) +
                         "; accepted: " + alternatives(mapping.archetypes));
  }
  return named;
}

Pointer read_pointer(const YamlNode& node) {
  try {
    Pointer pointer = Pointer::parse(node.any_text());
    if (pointer.tokens().size() > longest_pointer) {
      node.fail("the pointer is longer than the " + std::to_string(longest_pointer) + " keys that are accepted");
    }
    return pointer;
  } catch (const Rejection&) {
    node.fail(in_quotes(node.any_text()) +
              " is no JSON pointer; accepted: '', or '/' before every key, with '~' as ~0 and '/' as ~1");
  }
}

const Field& task_field(const YamlNode& node, const std::string& path, const Mapping& mapping) {
  const Field* field = mapping.task_field(path);
  if (field == nullptr) {
    node.fail("no field of a task lies at " + in_quotes(path) +
              "; accepted: a path below a task's directory, like status or readiness_check/status");
  }
  return *field;
}

const Field& task_log(const YamlNode& node, const Mapping& mapping) {
  const Field& field = task_field(node, node.any_text(), mapping);
  if (field.type == FieldType::log && field.entry) return field;
  node.fail(node.label() + " names " + in_quotes(node.any_text()) + "; accepted: a log of the task that has an entry");
}

Stamp read_stamp(const YamlNode& node) { return read_word(node, stamp_words, "stamp").stamp; }

Stamp read_stamp_of_a_write(const YamlNode& node) {
  const Stamp stamp = read_stamp(node);
  if (stamp == Stamp::g || stamp == Stamp::persona || stamp == Stamp::archetype || stamp == Stamp::trace_id) {
    return stamp;
  }
  node.fail("the stamp " + in_quotes(name_of(stamp)) +
            " cannot stand here; accepted: g, persona, archetype or trace_id");
}

FieldType type_of(Stamp stamp) { return word_of(stamp).meaning.type; }

std::string_view name_of(Stamp stamp) { return word_of(stamp).word; }

FieldType read_type(const YamlNode& node) {
  std::vector<Word<FieldType>> words;
  words.reserve(all_types.size());
  for (const FieldType type : all_types) words.push_back({name_of(type), type});
  return read_word(node, words, "type");
}

}  // namespace statusfs
