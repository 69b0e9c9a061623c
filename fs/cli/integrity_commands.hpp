// Commands about the history of a status file: what it was, who changed it, and going back.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "fs/cli/exit_status.hpp"

namespace CLI {
class App;
}

namespace statusfs {

/// What the command line said.
struct HistoryArguments {
  std::string file;  ///< of show: FILE@V
  std::string path;  ///< in the tree, or a JSON pointer
  std::uint64_t version = 0, other_version = 0;
  std::string task;  ///< id; empty: the whole file
  std::optional<std::string> mapping;
  bool json = false;
  bool ours = false, theirs = false, merge = false;
  std::string signing_key;  ///< of anchor, rollback and reconcile: PEM file, or empty
  std::string prefer;       ///< ours, theirs, or empty
};

// Each throws CommandError.
ExitStatus log_command(const HistoryArguments& arguments);        // log_command.cpp
ExitStatus show_command(const HistoryArguments& arguments);       // show_command.cpp
ExitStatus diff_command(const HistoryArguments& arguments);       // diff_command.cpp
ExitStatus blame_command(const HistoryArguments& arguments);      // blame_command.cpp
ExitStatus rollback_command(const HistoryArguments& arguments);   // rollback_command.cpp
ExitStatus reconcile_command(const HistoryArguments& arguments);  // reconcile_command.cpp
ExitStatus anchor_command(const HistoryArguments& arguments);     // anchor_command.cpp

/// Adds these commands to the command line. `set_run` is told what to run when one of them was named.
void add_integrity_commands(CLI::App& app, const std::function<void(std::function<ExitStatus()>)>& set_run);

}  // namespace statusfs
