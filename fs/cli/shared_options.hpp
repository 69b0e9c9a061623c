// Options that several commands have, declared once.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace statusfs {

/// An option that names a file or holds a line. An empty value is refused: it is a script's variable that was never
/// set, and must not stand for "none".
template <typename Text>
CLI::Option* add_text_option(CLI::App& command, const std::string& name, Text& text, const std::string& help,
                             const std::string& type_name = "FILE") {
  const auto refuse_empty = [](const std::string& value) {
    return value.empty() ? std::string("the value is empty") : std::string();
  };
  return command.add_option(name, text, help)->type_name(type_name)->check(CLI::Validator(refuse_empty, ""));
}

inline void add_mapping_option(CLI::App& command, std::optional<std::string>& file) {
  add_text_option(command, "--mapping", file, "use this mapping instead of the one that is compiled in");
}

}  // namespace statusfs
