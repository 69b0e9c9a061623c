#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/control_client.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/offline_control.hpp"

namespace statusfs {
namespace {

Resolution resolution_of(const HistoryArguments& arguments) {
  if (arguments.theirs) return Resolution::theirs;
  if (arguments.merge) return Resolution::merge;
  if (arguments.ours) return Resolution::ours;
  throw CommandError(ExitStatus::usage, "reconcile takes --ours, --theirs or --merge");
}

const char* name_of(Resolution resolution) {
  switch (resolution) {
    case Resolution::ours:
      return "ours";
    case Resolution::theirs:
      return "theirs";
    case Resolution::merge:
      break;
  }
  return "merge";
}

}  // namespace

ExitStatus reconcile_command(const HistoryArguments& arguments) {
  ControlRequest request;
  request.command = ControlRequest::Command::reconcile;
  request.resolution = resolution_of(arguments);
  if (!arguments.prefer.empty()) request.preferred = arguments.prefer == "ours" ? Side::ours : Side::theirs;
  const auto mapping = load_mapping_file(arguments.mapping);
  const StatusTarget target = single_target(arguments.file);
  Value command = Value::object()
                      .with_member("command", Value("reconcile"))
                      .with_member("resolution", Value(name_of(request.resolution)));
  if (request.preferred) command = command.with_member("prefer", Value(std::string_view(arguments.prefer)));
  std::string warnings;
  if (!send_control(target, command, &warnings)) run_offline(target, mapping, request, arguments.signing_key);
  std::cerr << warnings;
  std::cout << target.path << ": reconciled (" << name_of(request.resolution) << ")\n";
  return ExitStatus::done;
}

}  // namespace statusfs
