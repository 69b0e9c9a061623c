// Changes as lines of text, for comparisons.
#pragma once

#include <string>
#include <vector>

#include "mapping/chain/history_changes.hpp"

namespace statusfs {

inline std::vector<std::string> told_changes(const Mapping& mapping, const std::vector<HistoryChange>& changes) {
  std::vector<std::string> texts;
  for (const HistoryChange& change : changes) texts.push_back(change_text(mapping, change));
  return texts;
}

}  // namespace statusfs
