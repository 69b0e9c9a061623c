#include <filesystem>
#include <iostream>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/status_targets.hpp"
#include "mapping/chain/check.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

void print(const StatusTarget& target, const Finding& finding) {
  std::cout << target.path << ": " << finding.pointer << (finding.pointer.empty() ? "" : ": ") << finding.message
            << '\n';
}

// The plan named like the file, where there is one that can be read; a plan that cannot is itself a finding.
std::optional<Plan> plan_of(const StatusTarget& target, std::vector<Finding>& findings) {
  const std::string number = target.stem.substr(target.stem.rfind('_') + 1);
  const std::string path = target.directory() + "/exec_plan_" + number + ".txt";
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    return Plan(parse_json(read_text_file(path)));
  } catch (const std::exception& error) {
    findings.push_back({"", path + ": " + error.what()});
    return std::nullopt;
  }
}

std::vector<Finding> findings_of(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping) {
  try {
    const FileSnapshot snapshot = take_snapshot(target.path);
    if (!snapshot.json) return {{"", "the JSON is missing; statusfs recover rebuilds it from the journal"}};
    const StatusDocument document(mapping, parse_json(*snapshot.json));
    std::vector<Finding> findings;
    const auto plan = plan_of(target, findings);
    for (Finding& finding : check_document(document, target.stem, plan ? &*plan : nullptr))
      findings.push_back(std::move(finding));
    return findings;
  } catch (const std::exception& error) {
    // A file that cannot be read or is no status file; the others are checked all the same.
    return {{"", error.what()}};
  }
}

}  // namespace

ExitStatus check_command(const std::string& argument, const std::optional<std::string>& mapping_file) {
  const auto mapping = load_mapping_file(mapping_file);
  ExitStatus status = ExitStatus::done;
  for (const StatusTarget& target : status_targets(argument)) {
    const std::vector<Finding> findings = findings_of(target, mapping);
    for (const Finding& finding : findings) print(target, finding);
    if (findings.empty())
      std::cout << target.path << ": good\n";
    else
      status = ExitStatus::unusable;
  }
  return status;
}

}  // namespace statusfs
