#include <iostream>

#include "fs/cli/chain_walk.hpp"
#include "fs/cli/exit_status.hpp"
#include "fs/cli/file_commands.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/file_names.hpp"
#include "fs/store/local/last_newline.hpp"
#include "fs/store/local/plan_reader.hpp"
#include "mapping/chain/check.hpp"
#include "mapping/chain/journal_record.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/stamped_value.hpp"

namespace statusfs {
namespace {

void print(const StatusTarget& target, const Finding& finding) {
  std::cout << (finding.pointer.empty() ? about(target.path, finding.message)
                                        : target.path + ": " + finding.pointer + ": " + finding.message)
            << '\n';
}

void print_notice(const StatusTarget& target, const std::string& text) {
  std::cout << target.path << ": notice: " << text << '\n';
}

// The plan named like the file, where there is one that can be read; a plan that cannot is itself a finding.
std::optional<Plan> plan_of(const StatusTarget& target, std::vector<Finding>& findings) {
  const std::string path = target.directory() + "/" + plan_name_of_stem(target.stem);
  try {
    const auto text = read_plan_text(path);
    return text ? std::optional(Plan(parse_json(*text))) : std::nullopt;
  } catch (const std::exception& error) {
    findings.push_back({"", path + ": " + error.what()});
    return std::nullopt;
  }
}

// The version of a journal's last whole line.
std::optional<std::uint64_t> version_of_journal(const std::optional<std::string>& journal) {
  if (!journal) return std::nullopt;
  const std::string_view whole = std::string_view(*journal).substr(0, last_newline(*journal) + 1);
  if (whole.empty()) return std::nullopt;
  const std::string_view lines = whole.substr(0, whole.size() - 1);
  return version_of_line(lines.substr(last_newline(lines) + 1));
}

// A JSON may lag behind its journal while it is mounted, and after a crash.
void notice_lag(const StatusTarget& target, const StatusDocument& document, const FileSnapshot& snapshot) {
  const auto at = version_of(document.mapping(), document.root());
  const auto last = version_of_journal(snapshot.journal);
  if (at && last && *at < *last)
    print_notice(target, "the JSON is at version " + std::to_string(*at) + " and follows its journal, which is at " +
                             std::to_string(*last));
}

// What the JSON will be once it was rebuilt.
Value rebuilt_from_journal(const StatusTarget& target, const ChainCopy& chain) {
  NewestVersion newest = chain.newest();
  print_notice(target, "the JSON is missing; recovery rebuilds it from the journal, which is at version " +
                           std::to_string(newest.version));
  return std::move(newest.root);
}

StatusDocument document_of(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping) {
  const FileSnapshot snapshot = take_snapshot(target.path);
  if (!snapshot.json)
    return StatusDocument(mapping, rebuilt_from_journal(target, ChainCopy(target, mapping, snapshot)));
  StatusDocument document(mapping, parse_json(*snapshot.json));
  notice_lag(target, document, snapshot);
  return document;
}

std::vector<Finding> findings_of(const StatusTarget& target, const std::shared_ptr<const Mapping>& mapping) {
  try {
    const StatusDocument document = document_of(target, mapping);
    std::vector<Finding> findings;
    const auto plan = plan_of(target, findings);
    for (Finding& finding : check_document(document, target.stem, plan ? &*plan : nullptr))
      findings.push_back(std::move(finding));
    for (const Finding& warning : warnings_about(document))
      print_notice(target, warning.pointer + ": " + warning.message);
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
