#include <charconv>
#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "mapping/document/text.hpp"

namespace statusfs {

ExitStatus show_command(const HistoryArguments& arguments) {
  const std::string& text = arguments.file;
  const std::size_t at = text.rfind('@');
  std::uint64_t version = 0;
  if (at == std::string::npos ||
      std::from_chars(text.data() + at + 1, text.data() + text.size(), version).ptr != text.data() + text.size() ||
      at + 1 == text.size())
    throw CommandError(ExitStatus::usage, text + ": a version is named FILE@V, V being a number");
  const auto mapping = load_mapping_file(arguments.mapping);
  std::cout << indented_document(ChainCopy(single_target(text.substr(0, at)), mapping).document_at(version));
  return ExitStatus::done;
}

}  // namespace statusfs
