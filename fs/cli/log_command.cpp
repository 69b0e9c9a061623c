#include <algorithm>
#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "mapping/chain/history_changes.hpp"
#include "mapping/document/text.hpp"
#include "mapping/tree/task_lookup.hpp"

namespace statusfs {

ExitStatus log_command(const HistoryArguments& arguments) {
  const auto mapping = load_mapping_file(arguments.mapping);
  const StatusTarget target = single_target(arguments.file);
  bool is_known = arguments.task.empty();
  ChainCopy(target, mapping).walk([&](const ChainStep& step) {
    is_known = is_known || task_in(*mapping, step.after, arguments.task);
    std::vector<HistoryChange> changes = changes_of(*mapping, step.before, step.record);
    if (!arguments.task.empty()) {
      std::erase_if(changes, [&](const HistoryChange& change) { return change.task != arguments.task; });
      if (changes.empty()) return true;
    }
    std::cout << (arguments.json ? compact(log_object(*mapping, step.record, changes))
                                 : log_line(*mapping, step.record, changes))
              << '\n';
    return true;
  });
  if (!is_known) throw CommandError(ExitStatus::unusable, target.path + ": no version has a task " + arguments.task);
  return ExitStatus::done;
}

}  // namespace statusfs
