#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/control_client.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/offline_control.hpp"

namespace statusfs {

ExitStatus rollback_command(const HistoryArguments& arguments) {
  const auto mapping = load_mapping_file(arguments.mapping);
  const StatusTarget target = single_target(arguments.file);
  Value command = Value::object()
                      .with_member("command", Value("rollback"))
                      .with_member("version", Value(static_cast<std::int64_t>(arguments.version)));
  if (!arguments.task.empty()) command = command.with_member("task", Value(std::string_view(arguments.task)));
  ControlRequest request;
  request.command = ControlRequest::Command::rollback;
  request.version = arguments.version;
  if (!arguments.task.empty()) request.task = arguments.task;
  if (!send_control(target, command)) run_offline(target, mapping, request, arguments.signing_key);
  std::cout << target.path << ": " << (arguments.task.empty() ? "" : "task " + arguments.task + " ")
            << "rolled back to version " << arguments.version << '\n';
  return ExitStatus::done;
}

}  // namespace statusfs
