// `.history` of a status file as a directory.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/fuse/directory_entry.hpp"

namespace statusfs {

inline constexpr std::string_view history_name = ".history";

/// What a name in the directory leads to: log, head, <v>.json.
std::optional<Place> find_in_history(const HistoryPlace& directory, std::string_view name);
/// The names in it and what they lead to.
std::vector<DirectoryEntry> list_history(const HistoryPlace& directory);

struct HistoryAttributes {
  std::uint64_t size = 0;
  std::chrono::system_clock::time_point time;
};
/// Precondition of both: the place is a file.
HistoryAttributes history_attributes(const HistoryPlace& place);
std::string history_text(const HistoryPlace& place);

}  // namespace statusfs
