#include "fs/store/file_names.hpp"

namespace statusfs {
namespace {

constexpr std::string_view status_prefix = "exec_status_";
constexpr std::string_view plan_prefix = "exec_plan_";
constexpr std::string_view text_suffix = ".txt";
constexpr std::string_view journal_suffix = ".journal";
constexpr std::string_view foreign_infix = ".foreign-";

// What stands between them; nothing where the name is another one, or has nothing there.
std::optional<std::string_view> between(std::string_view name, std::string_view prefix, std::string_view suffix) {
  const bool matches =
      name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) && name.ends_with(suffix);
  if (!matches) return std::nullopt;
  return name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
}

std::string joined(std::string_view beginning, std::string_view end) {
  std::string name(beginning);
  name += end;
  return name;
}

}  // namespace

std::optional<std::string> stem_of(std::string_view file_name) {
  const auto number = between(file_name, status_prefix, text_suffix);
  return number ? std::optional(joined(status_prefix, *number)) : std::nullopt;
}

std::string file_name_of(std::string_view stem) { return joined(stem, text_suffix); }

bool is_plan_name(std::string_view file_name) {
  return between(file_name, plan_prefix, text_suffix) && file_name.find('/') == std::string_view::npos;
}

std::string plan_name_of_id(std::string_view plan_id) { return joined(plan_id, text_suffix); }

std::string stem_of_plan(std::string_view plan_name) {
  return joined(status_prefix, between(plan_name, plan_prefix, text_suffix).value_or(std::string_view()));
}

std::string plan_name_of_stem(std::string_view stem) {
  return joined(joined(plan_prefix, stem.substr(status_prefix.size())), text_suffix);
}

std::string journal_of(std::string_view path) { return joined(path, journal_suffix); }
std::string closed_journal_directory(std::string_view path) { return joined(journal_of(path), ".d"); }
std::string lock_of(std::string_view path) { return joined(path, ".lock"); }
std::string signature_of(std::string_view path) { return joined(path, ".sig"); }

std::string foreign_copy_of(std::string_view path, std::uint64_t number) {
  return joined(joined(path, foreign_infix), std::to_string(number));
}

std::string_view number_of_foreign_copy(std::string_view name) {
  const std::size_t infix = name.rfind(foreign_infix);
  return infix == std::string_view::npos ? name : name.substr(infix + foreign_infix.size());
}

std::string without_journal_suffix(std::string_view path) {
  if (path.ends_with(journal_suffix)) path.remove_suffix(journal_suffix.size());
  return std::string(path);
}

}  // namespace statusfs
