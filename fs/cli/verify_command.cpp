#include <iostream>

#include "fs/cli/ed25519.hpp"
#include "fs/cli/file_commands.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "mapping/chain/checkpoint.hpp"
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
  // Each statement by itself; nothing where it could not be looked at.
  std::optional<bool> is_chained;      // every journal line follows from the one before
  std::optional<bool> has_right_hashes;  // of every version
  std::optional<bool> is_head;         // the JSON says what the journal says for its version
  std::optional<bool> is_since_anchor;  // not older than the anchor, and only added to since
};

std::optional<std::int64_t> version_of(const Mapping& mapping, const Value& root) {
  const Value* version = find(root, mapping.stamped(Stamp::version, false)->pointer);
  if (!version || !version->is_integer()) return std::nullopt;
  return version->as_integer();
}

// Replays the journal and compares the JSON with the version that it says it is.
class Verification {
 public:
  Verification(std::shared_ptr<const Mapping> mapping, const StatusTarget& target, const FileSnapshot& snapshot,
               const std::optional<Checkpoint>& anchor)
      : mapping_(std::move(mapping)),
        path_(target.path),
        stem_(target.stem),
        snapshot_(snapshot),
        anchor_(anchor),
        replay_(mapping_, ReplayDepth::verified) {}

  Verdict run() {
    read_json();
    if (!snapshot_.journal)
      verify_without_journal();
    else if (replay_journal())
      compare_json();
    if (anchor_) compare_with_anchor();
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
    is_good = is_good && replay_.lines() > 0;
    verdict_.is_chained = is_good || is_chained_to_the_fault();
    if (*verdict_.is_chained) verdict_.has_right_hashes = is_good;
    return is_good;
  }

  // Whether the line at which verifying ended is chained, so that its hashes alone are wrong.
  bool is_chained_to_the_fault() const {
    Replay chained(mapping_, ReplayDepth::chained);
    try {
      read_chain(path_, *snapshot_.journal, 0, [&](std::string_view line) {
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
      const auto version = version_of_line(line);
      find((version ? "version " + std::to_string(*version) + ": " : std::string()) + error.what());
      return false;
    }
    if (anchor_ && replay_.lines() == anchor_->lines) contradiction_ = contradiction(*anchor_, replay_.last());
    verdict_.lines = replay_.lines();
    verdict_.version = replay_.head().version;
    if (json_version_ && static_cast<std::uint64_t>(*json_version_) == replay_.head().version)
      version_of_json_ = replay_.root();
    return true;
  }

  void compare_with_anchor() {
    verdict_.is_since_anchor = false;
    if (anchor_->file_id != stem_) return find("the anchor is of " + anchor_->file_id + ", another file");
    const std::string end = "it ends at version " + std::to_string(verdict_.version) + " (line " +
                            std::to_string(verdict_.lines) + "), and the anchor saw version " +
                            std::to_string(anchor_->version) + " (line " + std::to_string(anchor_->lines) + ")";
    if (verdict_.lines < anchor_->lines) {
      const bool is_json_newer = json_version_ && static_cast<std::uint64_t>(*json_version_) > verdict_.version;
      if (verdict_.is_chained == false) return;  // it was found damaged before the anchor's line
      return find((is_json_newer ? "the journal's tail was cut off: " : "this is an older copy: ") + end);
    }
    if (contradiction_)
      return find("the history was rewritten: journal line " + std::to_string(anchor_->lines) + " " + *contradiction_);
    verdict_.is_since_anchor = true;
  }

  void compare_json() {
    const std::size_t findings_before = verdict_.findings.size();
    compare_json_with_its_version();
    if (snapshot_.json) verdict_.is_head = verdict_.findings.size() == findings_before && json_.has_value();
  }

  void compare_json_with_its_version() {
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
  const std::string& stem_;
  const FileSnapshot& snapshot_;
  const std::optional<Checkpoint>& anchor_;
  std::optional<std::string> contradiction_;  // of the anchor and the line that it names
  Replay replay_;
  Verdict verdict_;
  std::optional<Value> json_;
  std::optional<std::int64_t> json_version_;
  std::optional<Value> version_of_json_;
};

void print_statement(const StatusTarget& target, const char* statement, const std::optional<bool>& holds) {
  if (holds) std::cout << target.path << ": " << statement << ": " << (*holds ? "yes" : "NO") << '\n';
}

Value json_of(const std::optional<bool>& holds) { return holds ? Value(*holds) : Value(); }

Value json_of(const std::vector<std::string>& lines) {
  std::vector<Value> values;
  for (const std::string& line : lines) values.emplace_back(std::string_view(line));
  return Value::array(std::move(values));
}

void print_json(const StatusTarget& target, const Verdict& verdict) {
  std::cout << compact(Value::object()
                           .with_member("file", Value(std::string_view(target.path)))
                           .with_member("good", Value(verdict.findings.empty()))
                           .with_member("lines", Value(static_cast<std::int64_t>(verdict.lines)))
                           .with_member("version", Value(static_cast<std::int64_t>(verdict.version)))
                           .with_member("chained", json_of(verdict.is_chained))
                           .with_member("hashes", json_of(verdict.has_right_hashes))
                           .with_member("json_is_journal", json_of(verdict.is_head))
                           .with_member("since_anchor", json_of(verdict.is_since_anchor))
                           .with_member("findings", json_of(verdict.findings))
                           .with_member("notices", json_of(verdict.notices)))
            << '\n';
}

void print(const StatusTarget& target, const Verdict& verdict) {
  print_statement(target, "every journal line is chained", verdict.is_chained);
  print_statement(target, "every version's hashes are right", verdict.has_right_hashes);
  print_statement(target, "the JSON is what its journal says", verdict.is_head);
  print_statement(target, "only added to since the anchor", verdict.is_since_anchor);
  for (const std::string& notice : verdict.notices) std::cout << target.path << ": notice: " << notice << '\n';
  for (const std::string& finding : verdict.findings) std::cout << target.path << ": " << finding << '\n';
  if (verdict.findings.empty())
    std::cout << target.path << ": good: " << verdict.lines << " journal lines, version " << verdict.version << '\n';
}

}  // namespace

namespace {

// The anchor, if one was given. Throws CommandError(unusable) for a line that is none, or that the key has not signed.
std::optional<Checkpoint> read_anchor(const VerifyOptions& options) {
  if (options.anchor.empty()) return std::nullopt;
  try {
    Checkpoint anchor = decode_checkpoint(options.anchor);
    if (options.public_key.empty()) return anchor;
    if (!anchor.signature) throw CommandError(ExitStatus::unusable, "the anchor is unsigned");
    if (!is_signature_right(options.public_key, signed_part(anchor), *anchor.signature))
      throw CommandError(ExitStatus::unusable, "the anchor's signature is not of this key");
    return anchor;
  } catch (const Rejection& rejection) {
    throw CommandError(ExitStatus::unusable, std::string("--anchor: ") + rejection.what());
  }
}

}  // namespace

ExitStatus verify_command(const std::string& argument, const std::optional<std::string>& mapping_file,
                          const VerifyOptions& options) {
  const auto anchor = read_anchor(options);
  const auto mapping = load_mapping_file(mapping_file);
  ExitStatus status = ExitStatus::done;
  for (const StatusTarget& target : status_targets(argument)) {
    const FileSnapshot snapshot = take_snapshot(target.path);
    const Verdict verdict = Verification(mapping, target, snapshot, anchor).run();
    if (options.json)
      print_json(target, verdict);
    else
      print(target, verdict);
    if (!verdict.findings.empty()) status = ExitStatus::unusable;
  }
  return status;
}

}  // namespace statusfs
