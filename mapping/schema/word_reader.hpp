// Reads one of the words that the mapping language has for something.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mapping/schema/yaml_reader.hpp"

namespace statusfs {

/// A word, and what it means.
template <typename Meaning>
struct Word {
  std::string_view word;
  Meaning meaning;
};

/// What the node's word means. Fails where it is none of `words`, a range of Word, and calls it an unknown `kind` then.
template <typename Words>
auto read_word(const YamlNode& node, const Words& words, const std::string& kind) {
  std::vector<std::string> accepted;
  for (const auto& candidate : words) {
    if (node.any_text() == candidate.word) return candidate.meaning;
    accepted.emplace_back(candidate.word);
  }
  node.fail("unknown " + kind + " " + in_quotes(node.any_text()) + "; accepted: " + alternatives(accepted));
}

}  // namespace statusfs
