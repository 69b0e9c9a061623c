#include <cerrno>
#include <filesystem>
#include <iostream>
#include <optional>
#include <system_error>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/offline_author.hpp"
#include "fs/cli/progress.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/plan_reader.hpp"
#include "fs/store/local/posix_files.hpp"
#include "fs/store/timestamp.hpp"
#include "mapping/chain/chain.hpp"
#include "mapping/document/parse.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

Plan read_plan(const std::string& path) {
  try {
    const auto text = read_plan_text(path);
    if (!text) throw std::system_error(ENOENT, std::generic_category());
    return Plan(parse_json(*text));
  } catch (const std::exception& error) {
    throw CommandError(ExitStatus::unusable, path + ": " + error.what());
  }
}

// exec_status_<g> of .../exec_plan_<g>.txt
std::string status_stem(const std::string& path) {
  const std::string name = filesystem::path(path).filename().string();
  if (!is_plan_name(name)) throw CommandError(ExitStatus::unusable, path + ": a plan file is named exec_plan_<g>.txt");
  return stem_of_plan(name);
}

StatusDocument document_for(const std::shared_ptr<const Mapping>& mapping, const Plan& plan, const TemplateNames& names,
                            Progress& progress) {
  StatusDocument document(mapping, initial_document(*mapping, names));
  std::uint64_t added = 0;
  progress.begin("making " + names.stem, plan.tasks().size());
  for (const PlannedTask& task : plan.tasks()) {
    document = document.with_added_task(initial_task(*mapping, {names.stem, names.plan_id, task.id, names.g}));
    progress.reach(++added);
  }
  return document;
}

// Else the new file would name a plan that does not lie beside it, and `check` would complain of it at once.
void require_own_id(const Plan& plan, const std::string& path) {
  const std::string own_id = filesystem::path(path).stem().string();
  if (plan.id() != own_id)
    throw CommandError(ExitStatus::unusable, path + ": /payload/execution_plan_id is \"" + plan.id() +
                                                 "\"; in a file of this name it must be " + own_id);
}

void require_absent(const std::string& path) {
  for (const std::string& taken : {path, journal_of(path)})
    if (filesystem::exists(filesystem::symlink_status(taken)))
      throw CommandError(ExitStatus::unusable, taken + ": exists already; init never writes over a status file");
}

}  // namespace

ExitStatus init_command(const std::string& plan_file, const std::optional<std::string>& mapping_file) {
  const auto mapping = load_mapping_file(mapping_file);
  const std::string stem = status_stem(plan_file);
  const Plan plan = read_plan(plan_file);
  require_own_id(plan, plan_file);
  const filesystem::path directory = filesystem::absolute(plan_file).parent_path();
  const std::string path = (directory / file_name_of(stem)).string();
  require_absent(path);
  Progress progress;
  progress.begin("looking at the other status files", 0);
  const std::int64_t g = next_g_in_directory(directory.string());
  const TemplateNames names{stem, plan.id(), {}, g};
  const StatusDocument document = document_for(mapping, plan, names, progress);
  const Version version = begin_chain(
      document, names, {g, format_timestamp(std::chrono::system_clock::now()), offline_author(*mapping)}, "init");
  PosixFiles files;
  LocalStore store(path, mapping, files);
  store.load();
  const StoreResult result = store.begin({version.record, version.head, version.document});
  if (result.status != StoreStatus::done) throw CommandError(ExitStatus::unusable, about(path, result.reason));
  progress.without_bar([&] { std::cout << path << ": made with " << plan.tasks().size() << " tasks\n" << std::flush; });
  return ExitStatus::done;
}

}  // namespace statusfs
