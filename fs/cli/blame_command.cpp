#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/integrity_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "mapping/chain/history_target.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// The last version that set the value, and what it was before.
struct Origin {
  JournalRecord record;
  std::optional<Value> before;
};

std::optional<Value> copy_of(const Value* value) { return value ? std::optional(*value) : std::nullopt; }

// Precondition: the chain has a version.
Origin origin_of(const ChainCopy& chain, const Mapping& mapping, const HistoryTarget& place) {
  std::optional<Origin> origin;
  chain.walk([&](const ChainStep& step) {
    const auto changes = changes_of(mapping, step.before, step.record);
    bool is_touched = !origin || changes.empty();
    for (const HistoryChange& change : changes) is_touched = is_touched || touches(mapping, change, place);
    if (!is_touched) return true;
    const auto before = copy_of(value_at(mapping, step.before, place));
    const auto after = copy_of(value_at(mapping, step.after, place));
    if (!origin || !(before == after)) origin = Origin{step.record, before};
    return true;
  });
  return origin.value();
}

std::string shown(const std::optional<Value>& value) { return value ? compact(*value) : "(absent)"; }

void print(const std::string& path, const std::optional<Value>& now, const Origin& origin) {
  const JournalRecord& record = origin.record;
  // statusfs itself, which begins chains and restores files, is of none.
  const std::string archetype = record.author.archetype.empty() ? "" : record.author.archetype + ", ";
  std::cout << path << " = " << shown(now) << '\n'
            << "  since version " << record.version << ", g " << record.g << ", " << record.time << '\n'
            << "  by " << record.author.persona << " (" << archetype << "uid " << record.author.uid << ", pid "
            << record.author.pid << "), op " << record.op << ", trace " << record.author.trace_id << '\n'
            << "  before: " << shown(origin.before) << '\n';
}

void print_json(const std::string& path, const std::optional<Value>& now, const Origin& origin) {
  const JournalRecord& record = origin.record;
  std::cout << compact(Value::object()
                           .with_member("path", Value(path))
                           .with_member("value", now.value_or(Value()))
                           .with_member("old", origin.before.value_or(Value()))
                           .with_member("v", Value(static_cast<std::int64_t>(record.version)))
                           .with_member("g", Value(record.g))
                           .with_member("time", Value(record.time))
                           .with_member("op", Value(record.op))
                           .with_member("persona", Value(record.author.persona))
                           .with_member("archetype", Value(record.author.archetype))
                           .with_member("uid", Value(static_cast<std::int64_t>(record.author.uid)))
                           .with_member("trace_id", Value(record.author.trace_id)))
            << '\n';
}

}  // namespace

ExitStatus blame_command(const HistoryArguments& arguments) {
  const auto mapping = load_mapping_file(arguments.mapping);
  const StatusTarget target = single_target(arguments.file);
  const ChainCopy chain(target, mapping);
  const Value head = chain.newest().root;
  try {
    const HistoryTarget place = history_target(*mapping, head, arguments.path);
    const auto now = copy_of(value_at(*mapping, head, place));
    const Origin origin = origin_of(chain, *mapping, place);
    if (!now && !origin.before)
      throw CommandError(ExitStatus::unusable,
                         target.path + ": " + arguments.path + " is nothing in it, now or before");
    if (arguments.json)
      print_json(arguments.path, now, origin);
    else
      print(arguments.path, now, origin);
  } catch (const Rejection& rejection) {
    throw CommandError(ExitStatus::unusable, target.path + ": " + rejection.what());
  }
  return ExitStatus::done;
}

}  // namespace statusfs
