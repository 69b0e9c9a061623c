// `statusfs import` and `statusfs export`: status files with their whole history, into etcd and out of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fs/cli/exit_status.hpp"

namespace statusfs {

struct TransferArguments {
  std::string from;
  std::string to;
  std::vector<std::string> options;  ///< of -o, as for mounting
  std::optional<std::string> mapping;
};

/// Puts the status files and plans of a directory into etcd. What is there already, from an import that was broken off,
/// is checked and not sent again; a file appears in etcd as a whole. Throws CommandError.
ExitStatus import_command(const TransferArguments& arguments);  // import_command.cpp

/// Writes the status files and plans below a prefix to a directory. Goes on where one that was broken off ended, and
/// replaces nothing that says what etcd does not, or that another process is writing. Throws CommandError.
ExitStatus export_command(const TransferArguments& arguments);  // export_command.cpp

}  // namespace statusfs
