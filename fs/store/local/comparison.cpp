#include "fs/store/local/comparison.hpp"

#include <algorithm>
#include <limits>

#include "fs/store/file_names.hpp"
#include "fs/store/local/chain_reader.hpp"
#include "mapping/chain/hashes.hpp"
#include "mapping/chain/replay.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/rejection.hpp"
#include "mapping/tree/stamped_value.hpp"

namespace statusfs {
namespace {

std::string_view top_of(const Pointer& pointer) {
  return pointer.is_root() ? std::string_view() : std::string_view(pointer.tokens().front());
}

/// The member that the payload hash covers.
std::string_view payload_member(const Mapping& mapping) {
  return top_of(mapping.stamped(Stamp::payload_hash_current, false)->pointer);
}

/// What the payload hash does not cover, without what every mutation stamps; `frame` may have the rest or not.
Value frame_of(const Mapping& mapping, Value frame) {
  const std::string_view payload = payload_member(mapping);
  frame = frame.without_member(payload);
  for (const Field* field : mapping.file_fields()) {
    if (field->stamp == Stamp::none || top_of(field->pointer) == payload) continue;
    frame = with_value_at(frame, field->pointer, std::nullopt);
  }
  return frame;
}

/// Whether a change at this pointer leaves the frame (frame_of) as it is.
bool is_outside_of_frame(const Mapping& mapping, std::string_view pointer) {
  const std::string payload = "/" + std::string(payload_member(mapping));
  if (pointer.starts_with(payload) && (pointer.size() == payload.size() || pointer[payload.size()] == '/')) return true;
  return std::ranges::any_of(mapping.file_fields(), [&](const Field* field) {
    return field->stamp != Stamp::none && field->pointer.text() == pointer;
  });
}

/// Whether a line may have changed the frame. Its text is looked at and not decoded: what only looks like a pointer
/// costs a replay and does no harm. Quotes within strings are escaped, so that no pointer is missed.
bool may_change_frame(const Mapping& mapping, std::string_view line) {
  for (const std::string_view mark : {R"("path":")", R"("from":")"}) {
    for (std::size_t at = line.find(",\"patch\":"); (at = line.find(mark, at)) != std::string_view::npos;) {
      at += mark.size();
      if (!is_outside_of_frame(mapping, line.substr(at, line.find('"', at) - at))) return true;
    }
  }
  return false;
}

/// Whether the frame is that of the first line's document, and still that, so far as the lines behind it show.
bool has_first_frame(const Mapping& mapping, JournalFile& journal, const Value& root) {
  auto reader = journal.read();
  const auto first_line = reader.next();
  if (!first_line) return false;
  const auto first = first_document_without(*first_line, payload_member(mapping));
  if (!first || !(frame_of(mapping, *first) == frame_of(mapping, root))) return false;
  while (const auto line = reader.next())
    if (may_change_frame(mapping, *line)) return false;
  return true;
}

bool bears(const Mapping& mapping, const Value& root, const ChainHead& head) {
  const Value* hash = stamped_value(mapping, root, Stamp::payload_hash_current);
  return hash && hash->is_string() && hash->as_string() == head.payload_hash_current &&
         version_of(mapping, root) == head.version;
}

/// Whether every stamp g of what the hash does not cover is the head's.
bool bears_g(const Mapping& mapping, const Value& root, const ChainHead& head) {
  for (const Field* field : mapping.file_fields()) {
    if (field->stamp != Stamp::g) continue;
    const Value* g = find(root, field->pointer);
    if (g && (!g->is_integer() || g->as_integer() != head.g)) return false;
  }
  return true;
}

/// The JSON as the head, if its own hashes say so; nothing where that has to be found out by replaying. A file of
/// another length says the same in other words, and then the words are the journal's.
std::optional<Comparison> compare_by_hash(const std::shared_ptr<const Mapping>& mapping, JournalFile& journal,
                                          const Value& root, std::uint64_t length) try {
  const auto line = journal.last_line();
  if (!line) return std::nullopt;
  const ChainHead head = head_of_line(*line);
  if (head.size != length || !bears(*mapping, root, head) || !bears_g(*mapping, root, head)) return std::nullopt;
  if (!has_first_frame(*mapping, journal, root)) return std::nullopt;
  auto document = std::make_shared<const StatusDocument>(mapping, root);
  if (!verify_hashes(*document, 1).empty()) return std::nullopt;
  return Comparison{JsonState::head, head, std::move(document)};
} catch (const RecordError&) {
  return std::nullopt;  // replaying tells in which line
} catch (const Rejection&) {
  return std::nullopt;
}

JsonState state_without_version(const JsonText& json) {
  if (json.is_missing) return JsonState::missing;
  return json.is_torn ? JsonState::torn : JsonState::foreign;
}

/// A journal that goes on where a closed one ended is taken at its word; verifying looks at both.
void go_on_from_closed(Replay& replay, std::string_view line) try {
  const JournalRecord record = decode_record(line);
  if (is_rotation(record) && record.record_previous) replay.continue_from(*record.record_previous);
} catch (const RecordError&) {
  return;  // the replay says what is wrong with it
}

/// Whether a closed journal has the document as the version that it says it is. One of them is enough, since each
/// begins with the whole document; the lock is held meanwhile.
bool is_in_closed_journal(const std::shared_ptr<const Mapping>& mapping, Files& files, const std::string& path,
                          std::string_view live, std::uint64_t version, const Value& root) try {
  Replay replay(mapping, ReplayDepth::chained);
  bool found = false;
  read_journal_of(files, path, live, version, [&](std::string_view line) {
    if (replay.lines() == 0) go_on_from_closed(replay, line);
    replay.apply(line);
    found = replay.last().version == version && replay.root() == root;
    return !found && replay.last().version < version;
  });
  return found;
} catch (const std::runtime_error&) {
  return false;
}

std::string first_line(JournalFile& journal) {
  auto reader = journal.read();
  const auto line = reader.next();
  return line ? std::string(*line) + '\n' : std::string();
}

/// A line that is chained may still bear other hashes than what it makes of the document, and the JSON would be written
/// with them.
void require_hashes_of_head(const Replay& replay, const StatusDocument& document) {
  const auto findings = verify_hashes(document, 1);
  if (!findings.empty())
    throw TamperError(replay.lines(), findings.front().pointer + " " + findings.front().message,
                      findings.front().pointer);
  if (!bears(document.mapping(), document.root(), replay.head()))
    throw TamperError(replay.lines(), "the document does not bear the version and the payload hash of its record");
}

Comparison compare_by_replay(const std::shared_ptr<const Mapping>& mapping, JournalFile& journal,
                             const JsonText& json) {
  Replay replay(mapping, ReplayDepth::chained);
  constexpr std::uint64_t no_version = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t version = json.root ? version_of(*mapping, *json.root).value_or(no_version) : no_version;
  Comparison result;
  result.json = state_without_version(json);
  auto reader = journal.read();
  while (const auto line = reader.next()) {
    if (replay.lines() == 0) go_on_from_closed(replay, *line);
    replay.apply(*line);
    if (version == replay.last().version && replay.root() == *json.root) result.json = JsonState::earlier;
  }
  if (replay.lines() == 0) throw TamperError(1, "there is no record in the journal");
  result.head = replay.head();
  const auto first_version = journal.first_version();
  if (result.json == JsonState::foreign && json.root && first_version && version < *first_version) {
    const std::string status_path = without_journal_suffix(journal.path());
    if (is_in_closed_journal(mapping, journal.files(), status_path, first_line(journal), version, *json.root))
      result.json = JsonState::earlier;
  }
  if (result.json == JsonState::earlier && version == result.head.version) result.json = JsonState::head;
  result.document = std::make_shared<const StatusDocument>(mapping, replay.root());
  require_hashes_of_head(replay, *result.document);
  return result;
}

}  // namespace

JsonText::JsonText(const std::optional<std::string>& text) : is_missing(!text) {
  if (!text) return;
  // A file system that lost the data of a file but not its length fills it with zero bytes.
  const auto length = text->find_last_not_of('\0');
  is_torn = length == std::string::npos || length + 1 < text->size();
  if (is_torn) return;
  size = text->size();
  try {
    root = parse_json(*text);
  } catch (const ParseError& error) {
    is_torn = error.is_incomplete();
  }
}

Comparison compare(const std::shared_ptr<const Mapping>& mapping, JournalFile& journal, const JsonText& json) {
  if (json.root)
    if (auto result = compare_by_hash(mapping, journal, *json.root, json.size)) return *result;
  return compare_by_replay(mapping, journal, json);
}

}  // namespace statusfs
