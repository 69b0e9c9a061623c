#include "fs/fuse/history_view.hpp"

#include <charconv>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::string_view version_suffix = ".json";

using Kind = HistoryPlace::Kind;

// The version of "<v>.json", written as numbers are: no sign, no leading zero.
std::optional<std::uint64_t> version_in(std::string_view name) {
  if (!name.ends_with(version_suffix)) return std::nullopt;
  name.remove_suffix(version_suffix.size());
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (name.empty() || error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return std::to_string(version) == name ? std::optional(version) : std::nullopt;
}

// Who lists mostly asks for the attributes of all. Where they cannot all be read, whoever asks for one is told.
bool can_read_all(const HistoryPlace& directory, const FileState& state) {
  try {
    directory.file->history().read_attributes(state);
    return true;
  } catch (const Rejection&) {
    return false;
  }
}

}  // namespace

std::optional<Place> find_in_history(const HistoryPlace& directory, std::string_view name) {
  if (name == "log") return HistoryPlace{directory.file, Kind::log, 0, directory.file->state()};
  if (name == "head") return HistoryPlace{directory.file, Kind::head, 0, directory.file->state()};
  const auto version = version_in(name);
  if (!version) return std::nullopt;
  const auto range = directory.file->history().range(*directory.file->state());
  if (*version < range.first || *version > range.last) return std::nullopt;
  return HistoryPlace{directory.file, Kind::version, *version};
}

std::vector<DirectoryEntry> list_history(const HistoryPlace& directory) {
  std::vector<DirectoryEntry> entries;
  const auto state = directory.file->state();
  entries.push_back({"log", HistoryPlace{directory.file, Kind::log, 0, state}});
  entries.push_back({"head", HistoryPlace{directory.file, Kind::head, 0, state}});
  History& history = directory.file->history();
  const bool is_read = can_read_all(directory, *state);
  const auto range = history.range(*state);
  for (std::uint64_t version = range.first; version <= range.last; ++version) {
    if (is_read && !history.has(version)) continue;  // its closed journal is missing
    entries.push_back(
        {std::to_string(version) + std::string(version_suffix), HistoryPlace{directory.file, Kind::version, version}});
  }
  return entries;
}

HistoryAttributes history_attributes(const HistoryPlace& place) {
  const auto state = place.state ? place.state : place.file->state();
  switch (place.kind) {
    case Kind::log:
      return {place.file->history().log_size(*state), state->modified};
    case Kind::head:
      return {head_text(state->head).size(), state->modified};
    case Kind::version: {
      const auto attributes = place.file->history().attributes(*state, place.version);
      return {attributes.size, attributes.time};
    }
    case Kind::directory:
      break;
  }
  return {};
}

std::string history_text(const HistoryPlace& place) {
  const auto state = place.state ? place.state : place.file->state();
  switch (place.kind) {
    case Kind::log:
      return place.file->history().log(*state);
    case Kind::head:
      return head_text(state->head);
    case Kind::version:
      return place.file->history().text(place.version);
    case Kind::directory:
      break;
  }
  return {};
}

}  // namespace statusfs
