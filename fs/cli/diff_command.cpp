#include <unistd.h>

#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "mapping/chain/version_difference.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {
namespace {

constexpr const char* red = "\033[31m";
constexpr const char* green = "\033[32m";

void print_side(char sign, const std::optional<Value>& value, const char* colour) {
  if (!value) return;
  std::cout << "  " << colour << sign << ' ' << compact(*value) << (*colour ? "\033[0m" : "") << '\n';
}

}  // namespace

ExitStatus diff_command(const HistoryArguments& arguments) {
  const auto mapping = load_mapping_file(arguments.mapping);
  const ChainCopy chain(single_target(arguments.file), mapping);
  const Value before = chain.document_at(arguments.version);
  const Value after = chain.document_at(arguments.other_version);
  const bool is_coloured = isatty(STDOUT_FILENO) == 1;
  for (const HistoryChange& change : differences(*mapping, before, after)) {
    std::cout << path_in_tree(*mapping, change.task, change.pointer) << '\n';
    print_side('-', change.before, is_coloured ? red : "");
    print_side('+', change.after, is_coloured ? green : "");
  }
  return ExitStatus::done;
}

}  // namespace statusfs
