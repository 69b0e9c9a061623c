#include "mapping/chain/verification.hpp"

#include <algorithm>

#include "mapping/chain/history_target.hpp"
#include "mapping/document/difference.hpp"
#include "mapping/document/json_patch.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/stamped_value.hpp"

namespace statusfs {
namespace {

// The path in the tree of what a pointer leads to; empty where it leads to no task that there is.
std::string tree_path(const Mapping& mapping, const Value& root, const std::string& pointer) {
  try {
    const HistoryTarget target = history_target(mapping, root, pointer);
    return path_in_tree(mapping, target.task, target.pointer);
  } catch (const Rejection&) {
    return {};
  }
}

class Verification {
 public:
  Verification(const std::shared_ptr<const Mapping>& mapping, const ChainEvidence& evidence)
      : mapping_(mapping), evidence_(evidence), replay_(mapping, ReplayDepth::verified) {}

  ChainVerdict run() {
    read_json();
    if (!evidence_.lines)
      verify_without_journal();
    else if (replay_journal())
      compare_json();
    if (evidence_.anchor) compare_with_anchor(*evidence_.anchor);
    return std::move(verdict_);
  }

 private:
  void report(const std::string& what) { verdict_.findings.push_back(what); }

  void locate(std::optional<std::uint64_t> version, const std::string& pointer, const Value& root) {
    if (verdict_.bad_version || !verdict_.bad_pointer.empty()) return;
    verdict_.bad_version = version;
    verdict_.bad_pointer = pointer;
    if (!pointer.empty()) verdict_.bad_path = tree_path(*mapping_, root, pointer);
  }

  void read_json() {
    if (!evidence_.json) return;
    try {
      json_ = parse_json(*evidence_.json);
      json_version_ = version_of(*mapping_, *json_);
    } catch (const ParseError& error) {
      report(std::string("the JSON is not readable: ") + error.what());
    }
  }

  void verify_without_journal() {
    if (!json_) return;
    verdict_.version = json_version_.value_or(0);
    try {
      const StatusDocument document(mapping_, *json_);
      if (!has_any_hash(document)) return report("it has no chain yet; statusfs adopt starts one");
      for (const Finding& finding : verify_hashes(document)) {
        locate(json_version_, finding.pointer, *json_);
        report(finding.pointer + " " + finding.message);
      }
      if (verdict_.is_good()) verdict_.notices.push_back("its hashes are right, and it has no journal yet");
    } catch (const Rejection& rejection) {
      report(rejection.what());
    }
  }

  bool replay_journal() {
    is_read_to_end_ = false;
    if (evidence_.has_torn_line) verdict_.notices.push_back("the journal's last line is torn and is passed over");
    bool is_good = true;
    try {
      evidence_.lines([&](std::string_view line) { return is_good = replay_line(line); });
    } catch (const UnreadableLines& error) {
      return stop_at(error, std::max(error.first(), verdict_.version + 1));
    } catch (const std::runtime_error& error) {
      return stop_at(error, std::nullopt);
    }
    is_read_to_end_ = is_good;
    if (replay_.lines() == 0 && is_good) report("the journal is empty");
    is_good = is_good && replay_.lines() > 0;
    verdict_.is_chained = is_good || is_chained_to_the_fault();
    if (*verdict_.is_chained) verdict_.has_right_hashes = is_good;
    return is_good;
  }

  // The first line of a journal repeats the last version of the one before, which is good.
  bool stop_at(const std::runtime_error& error, std::optional<std::uint64_t> version) {
    locate(version, {}, Value());
    report((version ? "from version " + std::to_string(*version) + " on: " : std::string()) + error.what());
    return false;
  }

  // Whether the line at which verifying ended is chained, so that its hashes alone are wrong.
  bool is_chained_to_the_fault() const {
    Replay chained(mapping_, ReplayDepth::chained);
    try {
      evidence_.lines([&](std::string_view line) {
        chained.apply(line);
        return chained.lines() <= replay_.lines();
      });
      return chained.lines() > replay_.lines();
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  bool replay_line(std::string_view line) {
    try {
      replay_.apply(line);
    } catch (const TamperError& error) {
      const auto version = first_bad_version(line);
      locate(version, error.pointer(), replay_.lines() > 0 ? replay_.root() : Value());
      const std::string what = evidence_.place ? evidence_.place() + ": " + error.reason() : std::string(error.what());
      report((version ? "version " + std::to_string(*version) + ": " : std::string()) + what + place());
      return false;
    }
    const auto& anchor = evidence_.anchor;
    if (anchor && replay_.lines() == anchor->lines) contradiction_ = contradiction(*anchor, replay_.last());
    verdict_.lines = replay_.lines();
    verdict_.version = replay_.last().version;
    if (json_version_ == verdict_.version) version_of_json_ = replay_.root();
    return true;
  }

  // By the line that is no good: versions that are missing before it come first, and it may not tell its own.
  std::optional<std::uint64_t> first_bad_version(std::string_view line) const {
    const auto version = version_of_line(line);
    if (replay_.lines() == 0) return version;
    const std::uint64_t next = replay_.last().version + 1;
    return std::min(version.value_or(next), next);
  }

  std::string place() const { return verdict_.bad_path.empty() ? std::string() : " (" + verdict_.bad_path + ")"; }

  void compare_with_anchor(const Checkpoint& anchor) {
    verdict_.is_since_anchor = false;
    if (anchor.file_id != evidence_.file_id) return report("the anchor is of " + anchor.file_id + ", another file");
    if (verdict_.lines < anchor.lines) {
      if (is_read_to_end_) report(shortage(anchor));  // else it is damaged before the anchor's line
      return;
    }
    if (contradiction_)
      return report("the history was rewritten: journal line " + std::to_string(anchor.lines) + " " + *contradiction_);
    verdict_.is_since_anchor = true;
  }

  std::string shortage(const Checkpoint& anchor) const {
    const bool is_json_newer = json_version_ && *json_version_ > verdict_.version;
    return std::string(is_json_newer ? "the journal's tail was cut off" : "this is an older copy") +
           ": it ends at version " + std::to_string(verdict_.version) + " (line " + std::to_string(verdict_.lines) +
           "), and the anchor saw version " + std::to_string(anchor.version) + " (line " +
           std::to_string(anchor.lines) + ")";
  }

  void compare_json() {
    const std::size_t findings_before = verdict_.findings.size();
    compare_json_with_its_version();
    if (evidence_.json) verdict_.is_head = verdict_.findings.size() == findings_before && json_.has_value();
  }

  void compare_json_with_its_version() {
    if (!evidence_.json)
      return verdict_.notices.push_back("the JSON is missing; recovery rebuilds it from the journal");
    if (!json_) return;
    if (!version_of_json_)
      return report("the JSON says it is version " +
                    (json_version_ ? std::to_string(*json_version_) : std::string("none")) +
                    ", which the journal does not have");
    if (!(*version_of_json_ == *json_)) return report_difference(*version_of_json_);
    if (*json_version_ != verdict_.version)
      verdict_.notices.push_back("the JSON is at version " + std::to_string(*json_version_) +
                                 " and follows its journal, which is at " + std::to_string(verdict_.version));
  }

  void report_difference(const Value& wanted) {
    std::string pointer;
    for (const PatchOperation& operation : json_difference(wanted, *json_)) {
      pointer = operation.path.text();
      break;
    }
    locate(json_version_, pointer, wanted);
    report("version " + std::to_string(*json_version_) +
           ": the JSON is not what its journal says for this version: " + pointer + place());
  }

  const std::shared_ptr<const Mapping>& mapping_;
  const ChainEvidence& evidence_;
  std::optional<std::string> contradiction_;  // of the anchor and the line that it names
  bool is_read_to_end_ = true;                // of a journal that there is
  Replay replay_;
  ChainVerdict verdict_;
  std::optional<Value> json_;
  std::optional<std::uint64_t> json_version_;
  std::optional<Value> version_of_json_;
};

}  // namespace

ChainVerdict verify_chain(const std::shared_ptr<const Mapping>& mapping, const ChainEvidence& evidence) {
  return Verification(mapping, evidence).run();
}

}  // namespace statusfs
