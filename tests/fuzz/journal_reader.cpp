// Any bytes as a journal: forwards, backwards and from its end the same lines, and a replay that finds nothing or says
// where. Since no fuzzer guesses a SHA-256, the lines are replayed once more with hashes that fit.
#include "fs/store/local/journal_reader.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "fs/store/local/backward_reader.hpp"
#include "fs/store/local/files.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "tests/fuzz/property.hpp"

namespace statusfs::fuzz {
namespace {

/// Bytes in memory, to be read only.
class TextFile final : public File {
 public:
  explicit TextFile(std::string_view text) : text_(text) {}
  std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
    if (offset >= text_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(buffer.size(), text_.size() - offset);
    std::memcpy(buffer.data(), text_.data() + offset, count);
    return count;
  }
  std::size_t write_at(std::string_view, std::uint64_t) override { return refuse(); }
  void truncate(std::uint64_t) override { refuse(); }
  void sync() override { refuse(); }
  void sync_data() override { refuse(); }
  FileStatus status() override {
    FileStatus status;
    status.size = text_.size();
    return status;
  }
  void set_mode(mode_t) override { refuse(); }
  void set_owner(uid_t, gid_t) override { refuse(); }
  void mark_modified() override { refuse(); }
  bool try_lock() override { return true; }
  void lock() override {}

 private:
  static std::size_t refuse() {
    require(false, "a reader changes nothing");
    return 0;
  }
  std::string_view text_;
};

std::vector<std::string> lines_forwards(File& file, std::uint64_t end) {
  JournalReader reader(file, end);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.emplace_back(*line);
  return lines;
}

std::vector<std::string> check_reading(std::string_view text) {
  TextFile file(text);
  const auto [end, last_seen, part_of_line] = look_at_end(file, text.size());
  require(end <= text.size() && text.find('\n', end) == std::string_view::npos, "a torn tail has no newline");
  const std::vector<std::string> lines = lines_forwards(file, end);
  std::string joined;
  for (const std::string& line : lines) (joined += line) += '\n';
  require(joined == text.substr(0, end), "the lines are the text");
  BackwardReader backwards(file, end);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    require(backwards.next() == *line, "backwards the same lines");
  require(!backwards.next(), "and no more");
  const auto last = read_last_line(file, end);
  require(lines.empty() ? !last : last == lines.back(), "the last line is the last");
  require(!last_seen || last_seen == last, "what the first look shows of it is right");
  require(part_of_line.empty() || (!last_seen && last && last->ends_with(part_of_line)), "and so is a part of it");
  return lines;
}

void check_record(const std::string& line) {
  try {
    JournalRecord record = decode_record(line);
    require(head_of_line(line) == head_of(record), "the head is read both ways");
    if (const auto version = version_of_line(line))
      require(*version == record.version, "the version is read both ways");
    const std::string written = encode_record(record);
    JournalRecord again = decode_record(written);
    require(encode_record(again) == written, "a record is written again byte for byte");
    require(head_of(again) == head_of(record), "and says the same");
    const Value read = parse_json(line);
    const Value rewritten = parse_json(written);
    for (const Member& member : rewritten.members())
      if (member.name() != "record_hash") require(*read.find(member.name()) == member.value, "every member is kept");
  } catch (const RecordError&) {
    // As it should be for most lines.
  }
}

void replay(const std::vector<std::string>& lines, ReplayDepth depth) {
  Replay replay(default_mapping(), depth);
  std::uint64_t number = 0;
  try {
    for (const std::string& line : lines) {
      replay.apply(line);
      require(replay.lines() == ++number, "lines are counted");
    }
    if (number > 0 && depth == ReplayDepth::verified)
      require(indented_document(replay.root()).size() == replay.last().size, "a verified version has its size");
  } catch (const TamperError& error) {
    require(error.line() == number + 1, "the first bad line is named");
    require(replay.lines() == number, "the replay stands at the line before");
  }
}

/// The line with a record_hash that is its own.
std::string hashed(const std::string& line) {
  const std::size_t tail = line.rfind(",\"record_hash\":");
  std::string body = tail == std::string::npos ? line : line.substr(0, tail);
  if (tail == std::string::npos && body.ends_with('}')) body.pop_back();
  return body + ",\"record_hash\":\"" + sha256_hex(body) + "\"}";
}

/// The line as it would stand behind the one before; as it is where it is no record.
std::string chained(const std::string& line, std::optional<std::string>& previous) {
  try {
    JournalRecord record = decode_record(line);
    record.record_previous = previous;
    std::string again = encode_record(record);
    previous = record.record_hash;
    return again;
  } catch (const RecordError&) {
    return line;
  }
}

void check(std::string_view input) {
  const std::vector<std::string> lines = check_reading(input);
  std::vector<std::string> fitting;
  std::optional<std::string> previous;
  for (const std::string& line : lines) {
    check_record(line);
    const std::string with_hash = hashed(line);
    check_record(with_hash);
    fitting.push_back(chained(with_hash, previous));
  }
  for (const ReplayDepth depth : {ReplayDepth::chained, ReplayDepth::verified}) {
    replay(lines, depth);
    replay(fitting, depth);
  }
}

}  // namespace
}  // namespace statusfs::fuzz

STATUSFS_FUZZ_TARGET(statusfs::fuzz::check)
