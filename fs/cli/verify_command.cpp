#include <iostream>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// What was found out about one file.
struct Verdict {
  std::vector<std::string> findings;  // anything here is damage
  std::vector<std::string> notices;
  std::uint64_t lines = 0;
  std::uint64_t version = 0;
};

std::optional<std::int64_t> version_of(const Mapping& mapping, const Value& root) {
  const Value* version = find(root, mapping.stamped(Stamp::version, false)->pointer);
  if (!version || !version->is_integer()) return std::nullopt;
  return version->as_integer();
}

// Replays the journal and compares the JSON with the version that it says it is.
class Verification {
 public:
  Verification(std::shared_ptr<const Mapping> mapping, const std::string& path, const FileSnapshot& snapshot)
      : mapping_(std::move(mapping)), path_(path), snapshot_(snapshot), replay_(mapping_, ReplayDepth::verified) {}

  Verdict run() {
    read_json();
    if (!snapshot_.journal)
      verify_without_journal();
    else if (replay_journal())
      compare_json();
    return std::move(verdict_);
  }

 private:
  void find(const std::string& what) { verdict_.findings.push_back(what); }

  void read_json() {
    if (!snapshot_.json) return;
    try {
      json_ = parse_json(*snapshot_.json);
      json_version_ = version_of(*mapping_, *json_);
    } catch (const ParseError& error) {
      find(std::string("the JSON is not readable: ") + error.what());
    }
  }

  void verify_without_journal() {
    if (!json_) return;
    try {
      const StatusDocument document(mapping_, *json_);
      if (!has_any_hash(document)) return find("it has no chain yet; statusfs adopt starts one");
      for (const Finding& finding : verify_hashes(document)) find(finding.pointer + " " + finding.message);
      if (verdict_.findings.empty()) verdict_.notices.push_back("its hashes are right, and it has no journal yet");
    } catch (const Rejection& rejection) {
      find(rejection.what());
    }
  }

  bool replay_journal() {
    if (!snapshot_.journal->empty() && snapshot_.journal->back() != '\n')
      verdict_.notices.push_back("the journal's last line is torn and is passed over");
    bool is_good = true;
    try {
      read_chain(path_, *snapshot_.journal, 0, [&](std::string_view line) { return is_good = replay_line(line); });
    } catch (const std::runtime_error& error) {
      find(error.what());
      return false;
    }
    if (replay_.lines() == 0 && is_good) find("the journal is empty");
    return is_good && replay_.lines() > 0;
  }

  bool replay_line(std::string_view line) {
    try {
      replay_.apply(line);
    } catch (const TamperError& error) {
      find(error.what());
      return false;
    }
    verdict_.lines = replay_.lines();
    verdict_.version = replay_.head().version;
    if (json_version_ && static_cast<std::uint64_t>(*json_version_) == replay_.head().version)
      version_of_json_ = replay_.root();
    return true;
  }

  void compare_json() {
    if (!snapshot_.json) return verdict_.notices.push_back("the JSON is missing; recovery rebuilds it from the journal");
    if (!json_) return;
    if (!version_of_json_) return find("the JSON says it is version " +
                                       (json_version_ ? std::to_string(*json_version_) : std::string("none")) +
                                       ", which the journal does not have");
    if (!(*version_of_json_ == *json_)) return find("the JSON is not what its journal says for this version");
    if (static_cast<std::uint64_t>(*json_version_) != verdict_.version)
      verdict_.notices.push_back("the JSON is at version " + std::to_string(*json_version_) +
                                 " and follows its journal, which is at " + std::to_string(verdict_.version));
  }

  const std::shared_ptr<const Mapping> mapping_;
  const std::string& path_;
  const FileSnapshot& snapshot_;
  Replay replay_;
  Verdict verdict_;
  std::optional<Value> json_;
  std::optional<std::int64_t> json_version_;
  std::optional<Value> version_of_json_;
};

void print(const StatusTarget& target, const Verdict& verdict) {
  for (const std::string& notice : verdict.notices) std::cout << target.path << ": notice: " << notice << '\n';
  for (const std::string& finding : verdict.findings) std::cout << target.path << ": " << finding << '\n';
  if (verdict.findings.empty())
    std::cout << target.path << ": good: " << verdict.lines << " journal lines, version " << verdict.version << '\n';
}

}  // namespace

ExitStatus verify_command(const std::string& argument, const std::optional<std::string>& mapping_file) {
  const auto mapping = load_mapping_file(mapping_file);
  ExitStatus status = ExitStatus::done;
  for (const StatusTarget& target : status_targets(argument)) {
    const FileSnapshot snapshot = take_snapshot(target.path);
    const Verdict verdict = Verification(mapping, target.path, snapshot).run();
    print(target, verdict);
    if (!verdict.findings.empty()) status = ExitStatus::unusable;
  }
  return status;
}

}  // namespace statusfs
