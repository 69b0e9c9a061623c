#include "tests/crash/script.hpp"

#include <algorithm>

#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/side_file.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/text.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/store/chain_maker.hpp"

namespace statusfs::crash {
namespace {

const std::shared_ptr<const Mapping>& the_mapping() {
  static const auto mapping = default_mapping();
  return mapping;
}

constexpr int groups = 28;  // of one to three mutations
constexpr int attempts = 3;

LocalOptions without_threads() {
  LocalOptions options;
  options.background = false;
  options.hold.rest = {};
  options.longest_journal = 6000;  // so that the script closes some
  return options;
}

/// Plays the engine: commits, and after a refusal goes back and, where that is asked for, has the file checked.
class Engine {
 public:
  explicit Engine(SimulatedFiles& files)
      : files_(files), store_(json_path, maker_.mapping(), files, without_threads()), last_(maker_.first()) {}

  History run() {
    if (!begin()) return history_;
    for (int group = 0; group < groups; ++group) {
      commit(1 + group % 3, group % 7 == 3 ? 3000 : 40);
      if (group % 5 == 4) store_.settle();
    }
    store_.settle();
    return history_;
  }

 private:
  void acknowledge(const std::string& record) { history_.acknowledged.push_back({files_.disk().log().size(), record}); }

  /// Whether the chain stands: by adopting, or by what loading made of an adoption that died halfway.
  bool begin() {
    for (int attempt = 0; attempt < attempts; ++attempt) {
      const StoredFile stored = store_.load();
      if (stored.state == StoredFile::State::chained) {
        maker_ = ChainMaker(stored.document, stored.head);
        last_ = maker_.first();
        return true;
      }
      if (stored.state != StoredFile::State::unchained) continue;
      history_.unknown.insert(last_.record);
      if (store_.begin(last_).status != StoreStatus::done) continue;
      acknowledge(last_.record);
      return true;
    }
    return false;
  }

  void commit(int count, std::size_t size) {
    std::vector<CommitEntry> entries;
    for (int entry = 0; entry < count; ++entry) entries.push_back(maker_.next_of_size(size));
    StoreStatus status = store_.prepare().status;
    if (status == StoreStatus::conflict && reload()) return commit(count, size);  // a journal was closed
    const bool is_tried = status == StoreStatus::done;
    if (is_tried) status = store_.commit(last_.head.version, entries).status;
    for (const CommitEntry& entry : entries) note(entry, status, is_tried);
    if (status == StoreStatus::done) {
      last_ = entries.back();
      return;
    }
    maker_.back_to(last_);
    if (status == StoreStatus::failed) store_.recheck();
  }

  /// Goes on from what the store holds. Not where that fails; the next write tries again.
  bool reload() {
    const StoredFile stored = store_.load();
    if (stored.state != StoredFile::State::chained) return false;
    last_ = {"", stored.head, stored.document};
    maker_.back_to(last_);
    return true;
  }

  void note(const CommitEntry& entry, StoreStatus status, bool is_tried) {
    if (status == StoreStatus::done)
      acknowledge(entry.record);
    else if (is_tried && status == StoreStatus::failed)
      history_.unknown.insert(entry.record);
    else
      history_.refused.push_back({files_.disk().log().size(), entry.record});
  }

  SimulatedFiles& files_;
  ChainMaker maker_;
  LocalStore store_;
  CommitEntry last_;
  History history_;
};

bool is_among(const std::vector<History::Mark>& marks, const std::string& record) {
  return std::any_of(marks.begin(), marks.end(), [&](const History::Mark& mark) { return mark.record == record; });
}

/// In flight, or made by load() for a JSON that an adoption left behind.
bool may_stand(const std::string& line, const History& history) {
  return history.unknown.contains(line) || line.find("\"op\":\"begin\"") != std::string::npos;
}

/// Every acknowledged record, in order, and behind them only what was in flight. A journal that load() began is another
/// first line.
std::string problem_of_lines(std::vector<std::string> lines, const History& history) {
  std::erase_if(lines, [](const std::string& line) { return is_rotation(decode_record(line)); });
  const auto& acknowledged = history.acknowledged;
  if (!acknowledged.empty() && lines.front() != acknowledged.front().record && may_stand(lines.front(), history))
    lines.erase(lines.begin());
  if (lines.size() < acknowledged.size())
    return "only " + std::to_string(lines.size()) + " of " + std::to_string(acknowledged.size()) +
           " acknowledged records";
  for (std::size_t line = 0; line < acknowledged.size(); ++line)
    if (lines[line] != acknowledged[line].record)
      return "line " + std::to_string(line + 1) + " is not what was acknowledged";
  for (std::size_t line = acknowledged.size(); line < lines.size(); ++line) {
    if (is_among(history.refused, lines[line])) return "a refused record is in the journal";
    if (!may_stand(lines[line], history)) return "a record that nobody made is in the journal";
  }
  return {};
}

std::string problem_of_names(const DiskState& state) {
  for (const auto& [name, inode] : state.names) {
    const bool is_closed_journal =
        directory_of(name) == closed_journal_directory(json_path) && !is_temporary_name(name_of_path(name));
    if (name != json_path && name != journal_path && name != json_path + ".lock" && !is_closed_journal)
      return name + " was left over";
  }
  return {};
}

/// Of the closed journals and of the live one.
std::vector<std::string> lines_of_chain(Files& files, const std::string& live) {
  std::vector<std::string> lines;
  read_chain(files, json_path, live, 0, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  return lines;
}

std::string problem_of_content(SimulatedFiles& files, const History& history) {
  const DiskState& state = files.disk().now();
  const auto journal = state.text_of(journal_path);
  const auto json = state.text_of(json_path);
  if (!json) return "there is no JSON";
  if (!journal) return history.acknowledged.empty() ? "" : "there is no journal";
  Replay replay(the_mapping(), ReplayDepth::verified);
  std::vector<std::string> lines;
  try {
    lines = lines_of_chain(files, *journal);
    for (const auto& line : lines) replay.apply(line);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  if (lines.empty()) return "the journal is empty";
  if (!journal->ends_with('\n')) return "the journal ends in a torn line";
  if (indented_document(replay.root()) != *json) return "the JSON is not the journal's head";
  return problem_of_lines(lines, history);
}

std::string recover(SimulatedFiles& files, const History& history) {
  {
    LocalStore store(json_path, the_mapping(), files, without_threads());
    const StoredFile stored = store.load();
    if (stored.state != StoredFile::State::chained && !history.acknowledged.empty())
      return "unusable: " + stored.reason;
  }
  std::string problem = problem_of_names(files.disk().now());
  if (problem.empty()) problem = problem_of_content(files, history);
  return problem;
}

}  // namespace

History History::before(std::size_t operations) const {
  History earlier;
  earlier.unknown = unknown;
  const auto divide = [&](const std::vector<Mark>& marks, std::vector<Mark>& known) {
    for (const Mark& mark : marks) {
      if (mark.operations <= operations)
        known.push_back(mark);
      else
        earlier.unknown.insert(mark.record);
    }
  };
  divide(acknowledged, earlier.acknowledged);
  divide(refused, earlier.refused);
  return earlier;
}

SimulatedFiles fresh_files() {
  SimulatedFiles files;
  files.put(json_path, plain_status_text());
  return files;
}

History run_script(SimulatedFiles& files) { return Engine(files).run(); }

std::string problem_after(const DiskState& state, const History& history, SimulatedFiles* recovery) {
  SimulatedFiles first(state);
  std::string problem = recover(first, history);
  if (!problem.empty()) return problem;
  SimulatedFiles second(first.disk().now());
  problem = recover(second, history);
  if (!problem.empty()) return "the second time: " + problem;
  for (const std::string& name : {json_path, journal_path})
    if (first.disk().now().text_of(name) != second.disk().now().text_of(name)) return name + " differs the second time";
  if (recovery) *recovery = std::move(first);
  return {};
}

void load_once(SimulatedFiles& files) {
  LocalStore store(json_path, the_mapping(), files, without_threads());
  store.load();
}

}  // namespace statusfs::crash
