#include <algorithm>
#include <iostream>
#include <limits>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/file_snapshot.hpp"
#include "fs/cli/mapping_source.hpp"
#include "fs/cli/progress.hpp"
#include "fs/cli/status_targets.hpp"
#include "fs/signing/ed25519.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/chain/verification.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// What else was named on the command line to check against.
struct Yardsticks {
  std::optional<PublicKey> key;
  std::optional<Checkpoint> anchor;
  std::string fault_of_anchor;  // why it is not to be trusted; empty: signed by the key, if there is one
};

std::optional<PublicKey> read_key(const std::string& file) {
  if (file.empty()) return std::nullopt;
  try {
    return PublicKey::read(file);
  } catch (const KeyError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
}

std::string fault_of(const Checkpoint& anchor, const PublicKey& key) {
  if (!anchor.signature) return "the anchor is unsigned";
  if (!key.verifies(signed_part(anchor), *anchor.signature)) return "the anchor's signature is not of this key";
  return {};
}

Checkpoint read_anchor(const std::string& line) {
  try {
    return decode_checkpoint(line);
  } catch (const Rejection& rejection) {
    throw CommandError(ExitStatus::unusable, std::string("--anchor: ") + rejection.what());
  }
}

Yardsticks read_yardsticks(const VerifyOptions& options) {
  Yardsticks yardsticks{read_key(options.public_key), {}, {}};
  if (options.anchor.empty()) return yardsticks;
  yardsticks.anchor = read_anchor(options.anchor);
  if (yardsticks.key) yardsticks.fault_of_anchor = fault_of(*yardsticks.anchor, *yardsticks.key);
  return yardsticks;
}

// An anchor is a line about one file, and says nothing of the others in a directory.
std::optional<Checkpoint> anchor_of(const StatusTarget& target, const Yardsticks& yardsticks) {
  const auto& anchor = yardsticks.anchor;
  return anchor && anchor->file_id == target.stem ? anchor : std::nullopt;
}

void require_file_of_anchor(const std::vector<StatusTarget>& targets, const std::string& argument,
                            const Yardsticks& yardsticks) {
  const bool is_there = std::ranges::any_of(
      targets, [&](const StatusTarget& target) { return anchor_of(target, yardsticks).has_value(); });
  if (yardsticks.anchor && !is_there)
    throw CommandError(ExitStatus::unusable,
                       "--anchor: is of " + yardsticks.anchor->file_id + ", which is not in " + argument);
}

// A file that nobody signs may still be proven up to a signed anchor.
void verify_signature(const FileSnapshot& snapshot, const PublicKey& key, bool has_anchor, ChainVerdict& verdict) {
  const bool can_be_signed = snapshot.json && snapshot.signature;
  const char* lack = snapshot.json ? "the JSON is not signed: there is no .sig file"
                                   : "the JSON is missing, so that there is nothing that the key could have signed";
  if (!can_be_signed && has_anchor) return verdict.notices.push_back(lack);
  verdict.is_signed = can_be_signed && key.verifies(*snapshot.json, *snapshot.signature);
  if (*verdict.is_signed) return;
  verdict.findings.emplace_back(can_be_signed ? "the .sig file is no signature of the JSON by this key" : lack);
}

// A file that never had a journal has none that was closed.
void report_missing_journal(Files& files, const StatusTarget& target, ChainVerdict& verdict) {
  const auto closed = closed_journals(files, target.path, std::numeric_limits<std::uint64_t>::max());
  if (closed.empty()) return;
  verdict.notices.clear();
  verdict.bad_version = closed.back().last + 1;
  verdict.findings.push_back("its journal is missing: the closed ones end at version " +
                             std::to_string(closed.back().last));
}

ChainVerdict verify_file(const std::shared_ptr<const Mapping>& mapping, const StatusTarget& target,
                         const Yardsticks& yardsticks, Progress& progress) {
  progress.begin("reading " + target.stem, 0);
  PosixFiles files;
  const FileSnapshot snapshot = take_snapshot(target.path);
  LinePlace place;
  ChainEvidence evidence{target.stem, snapshot.json, {}, false, anchor_of(target, yardsticks)};
  evidence.place = [&] { return place.text(); };
  const bool is_anchor_bad = evidence.anchor && !yardsticks.fault_of_anchor.empty();
  if (is_anchor_bad) evidence.anchor.reset();
  if (snapshot.journal) {
    evidence.lines = [&](const std::function<bool(std::string_view)>& visit) {
      std::uint64_t done = 0;  // bytes; those of closed journals come on top
      progress.begin("verifying " + target.stem, snapshot.journal->size());
      const auto visit_line = [&](std::string_view line) {
        progress.reach(done += line.size() + 1);
        return visit(line);
      };
      read_chain(files, target.path, *snapshot.journal, 0, visit_line, nullptr, &place);
    };
    evidence.has_torn_line = !snapshot.journal->empty() && snapshot.journal->back() != '\n';
  }
  ChainVerdict verdict = verify_chain(mapping, evidence);
  if (!snapshot.journal) report_missing_journal(files, target, verdict);
  if (is_anchor_bad) verdict.findings.push_back(yardsticks.fault_of_anchor);
  if (yardsticks.key) verify_signature(snapshot, *yardsticks.key, evidence.anchor.has_value(), verdict);
  return verdict;
}

// A file that cannot be read is a finding; the others are verified all the same.
ChainVerdict verify(const std::shared_ptr<const Mapping>& mapping, const StatusTarget& target,
                    const Yardsticks& yardsticks, Progress& progress) {
  try {
    return verify_file(mapping, target, yardsticks, progress);
  } catch (const std::exception& error) {
    ChainVerdict verdict;
    verdict.findings.emplace_back(error.what());
    return verdict;
  }
}

void print_statement(const StatusTarget& target, const char* statement, const std::optional<bool>& holds) {
  if (holds) std::cout << target.path << ": " << statement << ": " << (*holds ? "yes" : "NO") << '\n';
}

Value json_of(const std::optional<bool>& holds) { return holds ? Value(*holds) : Value(); }

Value json_of(const std::vector<std::string>& lines) {
  std::vector<Value> values;
  values.reserve(lines.size());
  for (const std::string& line : lines) values.emplace_back(std::string_view(line));
  return Value::array(std::move(values));
}

Value json_of(std::uint64_t number) { return Value(static_cast<std::int64_t>(number)); }
Value json_of(const std::string& text) { return text.empty() ? Value() : Value(std::string_view(text)); }

void print_json(const StatusTarget& target, const ChainVerdict& verdict) {
  std::cout << compact(
                   Value::object()
                       .with_member("file", Value(std::string_view(target.path)))
                       .with_member("good", Value(verdict.is_good()))
                       .with_member("lines", json_of(verdict.lines))
                       .with_member("version", json_of(verdict.version))
                       .with_member("chained", json_of(verdict.is_chained))
                       .with_member("hashes", json_of(verdict.has_right_hashes))
                       .with_member("json_is_journal", json_of(verdict.is_head))
                       .with_member("since_anchor", json_of(verdict.is_since_anchor))
                       .with_member("signed", json_of(verdict.is_signed))
                       .with_member("first_bad_version", verdict.bad_version ? json_of(*verdict.bad_version) : Value())
                       .with_member("bad_pointer", json_of(verdict.bad_pointer))
                       .with_member("bad_path", json_of(verdict.bad_path))
                       .with_member("findings", json_of(verdict.findings))
                       .with_member("notices", json_of(verdict.notices)))
            << '\n';
}

void print(const StatusTarget& target, const ChainVerdict& verdict) {
  print_statement(target, "every journal line is chained", verdict.is_chained);
  print_statement(target, "every version's hashes are right", verdict.has_right_hashes);
  print_statement(target, "the JSON is what its journal says", verdict.is_head);
  print_statement(target, "only added to since the anchor", verdict.is_since_anchor);
  print_statement(target, "the JSON is signed by the key", verdict.is_signed);
  for (const std::string& notice : verdict.notices) std::cout << target.path << ": notice: " << notice << '\n';
  for (const std::string& finding : verdict.findings) std::cout << about(target.path, finding) << '\n';
  if (verdict.is_good())
    std::cout << target.path << ": good: " << verdict.lines << " journal lines, version " << verdict.version << '\n';
}

}  // namespace

ExitStatus verify_command(const std::string& argument, const std::optional<std::string>& mapping_file,
                          const VerifyOptions& options) {
  const Yardsticks yardsticks = read_yardsticks(options);
  const auto mapping = load_mapping_file(mapping_file);
  ExitStatus status = ExitStatus::done;
  Progress progress;
  const auto targets = status_targets(argument);
  require_file_of_anchor(targets, argument, yardsticks);
  for (const StatusTarget& target : targets) {
    const ChainVerdict verdict = verify(mapping, target, yardsticks, progress);
    progress.without_bar([&] { options.json ? print_json(target, verdict) : print(target, verdict); });
    if (!verdict.is_good()) status = ExitStatus::unusable;
  }
  return status;
}

}  // namespace statusfs
