#include "fs/store/status_source.hpp"

namespace statusfs {
namespace {

constexpr std::string_view prefix = "exec_status_";
constexpr std::string_view suffix = ".txt";

}  // namespace

std::optional<std::string> stem_of(std::string_view file_name) {
  const bool matches =
      file_name.size() > prefix.size() + suffix.size() && file_name.starts_with(prefix) && file_name.ends_with(suffix);
  if (!matches) return std::nullopt;
  return std::string(file_name.substr(0, file_name.size() - suffix.size()));
}

std::string file_name_of(std::string_view stem) { return std::string(stem) + std::string(suffix); }

}  // namespace statusfs
