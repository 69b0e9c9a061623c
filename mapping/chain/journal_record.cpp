#include "mapping/chain/journal_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

constexpr std::string_view hash_member = ",\"record_hash\":";
constexpr std::size_t hash_tail_size = hash_member.size() + 64 + 3;  // two quotes and the closing brace

// Appends `,"name":`, or `{"name":` for the first member.
class MemberWriter {
 public:
  explicit MemberWriter(std::string& out) : out_(out) {}
  void text(std::string_view name, std::string_view value) {
    begin(name);
    append_quoted(out_, value);
  }
  void optional_text(std::string_view name, const std::optional<std::string>& value) {
    begin(name);
    if (value)
      append_quoted(out_, *value);
    else
      out_ += "null";
  }
  template <typename Number>
  void number(std::string_view name, Number value) {
    begin(name);
    std::array<char, 24> digits;  // 64 bits have at most 20, and a sign
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }
  void json(std::string_view name, std::string_view text) {
    begin(name);
    out_ += text;
  }

 private:
  void begin(std::string_view name) {
    out_ += out_.empty() ? '{' : ',';
    append_quoted(out_, name);
    out_ += ':';
  }
  std::string& out_;
};

class MemberReader {
 public:
  explicit MemberReader(const Value& object) : object_(object) {}
  std::string text(std::string_view name) const {
    const Value& value = required(name);
    if (!value.is_string()) fail(name, "a string");
    return std::string(value.as_string());
  }
  std::optional<std::string> optional_text(std::string_view name) const {
    if (required(name).is_null()) return std::nullopt;
    return text(name);
  }
  std::int64_t number(std::string_view name) const {
    const Value& value = required(name);
    if (!value.is_integer()) fail(name, "an integer");
    return value.as_integer();
  }
  std::uint64_t count(std::string_view name) const {
    const std::int64_t value = number(name);
    if (value < 0) fail(name, "an integer that is not negative");
    return static_cast<std::uint64_t>(value);
  }
  std::uint32_t user(std::string_view name) const {
    const std::uint64_t value = count(name);
    if (value > std::numeric_limits<std::uint32_t>::max()) fail(name, "a user's number");
    return static_cast<std::uint32_t>(value);
  }
  const Value& required(std::string_view name) const {
    const Value* value = object_.find(name);
    if (!value) throw RecordError("the record has no member " + std::string(name));
    return *value;
  }

 private:
  [[noreturn]] static void fail(std::string_view name, const char* wanted) {
    throw RecordError("the record's member " + std::string(name) + " is not " + wanted);
  }
  const Value& object_;
};

std::optional<IdempotencyMark> read_mark(const MemberReader& reader, const Value& object) {
  if (!object.find("idempotency_key")) return std::nullopt;
  return IdempotencyMark{reader.text("idempotency_key"), reader.text("request_hash")};
}

Value parse_line(std::string_view line, JsonParser& parser) {
  try {
    return parser.parse(line, maximum_record_nesting);
  } catch (const ParseError& error) {
    throw RecordError(std::string("not a JSON object: ") + error.what());
  }
}

void require_hash(std::string_view line, const std::string& claimed) {
  if (line.size() < hash_tail_size || !line.substr(line.size() - hash_tail_size).starts_with(hash_member))
    throw RecordError("record_hash is not its last member");
  const std::string actual = sha256_hex(line.substr(0, line.size() - hash_tail_size));
  if (actual != claimed) throw RecordError("record_hash is " + claimed + ", but the line hashes to " + actual);
}

}  // namespace

Value whole_document_patch(const Value& root) {
  return encode_json_patch({{PatchOperation::Kind::add, Pointer(), {}, root}});
}

std::string encode_record(JournalRecord& record) { return encode_record(record, compact(record.patch)); }

std::string encode_record(JournalRecord& record, std::string_view patch) {
  constexpr std::size_t usual_rest = 1024;  // what stands around the patch
  std::string line;
  line.reserve(patch.size() + usual_rest);
  MemberWriter writer(line);
  writer.number("v", record.version);
  writer.number("g", record.g);
  writer.text("time", record.time);
  writer.text("op", record.op);
  writer.text("path", record.path);
  writer.text("persona", record.author.persona);
  writer.text("archetype", record.author.archetype);
  writer.number("uid", record.author.uid);
  writer.number("pid", record.author.pid);
  writer.text("trace_id", record.author.trace_id);
  if (!record.author.host.empty()) writer.text("host", record.author.host);
  if (record.idempotency) {
    writer.text("idempotency_key", record.idempotency->key);
    writer.text("request_hash", record.idempotency->request_hash);
  }
  writer.json("patch", patch);
  writer.number("size", record.size);
  writer.optional_text("payload_hash_previous", record.payload_hash_previous);
  writer.text("payload_hash_current", record.payload_hash_current);
  writer.optional_text("record_previous", record.record_previous);
  record.record_hash = sha256_hex(line);
  writer.text("record_hash", record.record_hash);
  line += '}';
  return line;
}

namespace {

// The record that these members are, its hash not looked at.
JournalRecord record_of(const Value& object) {
  const MemberReader reader(object);
  JournalRecord record;
  record.record_hash = reader.text("record_hash");
  record.version = reader.count("v");
  record.g = reader.number("g");
  record.time = reader.text("time");
  record.op = reader.text("op");
  record.path = reader.text("path");
  record.author = {reader.text("persona"),  reader.text("archetype"),
                   reader.user("uid"),      reader.number("pid"),
                   reader.text("trace_id"), object.find("host") ? reader.text("host") : std::string()};
  record.idempotency = read_mark(reader, object);
  record.patch = reader.required("patch");
  record.size = reader.count("size");
  record.payload_hash_previous = reader.optional_text("payload_hash_previous");
  record.payload_hash_current = reader.text("payload_hash_current");
  record.record_previous = reader.optional_text("record_previous");
  return record;
}

}  // namespace

JournalRecord decode_record(std::string_view line) {
  JsonParser parser;
  return decode_record(line, parser);
}

JournalRecord decode_record(std::string_view line, JsonParser& parser) {
  const Value object = parse_line(line, parser);
  if (!object.is_object()) throw RecordError("the record is not a JSON object");
  require_hash(line, MemberReader(object).text("record_hash"));
  return record_of(object);
}

bool is_rotation(const JournalRecord& record) noexcept { return record.op == rotation_op; }

// Quotes within strings are escaped, and nothing but numbers and the time stands before the member.
bool is_rotation_line(std::string_view line) noexcept {
  constexpr std::string_view member = ",\"op\":\"";
  const std::size_t at = line.find(member);
  if (at == std::string_view::npos) return false;
  line.remove_prefix(at + member.size());
  return line.starts_with(rotation_op) && line.substr(rotation_op.size()).starts_with('"');
}

namespace {

// The number behind `mark`, which must end with a comma.
std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view mark) noexcept {
  if (!text.starts_with(mark)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + mark.size(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ',') return std::nullopt;
  return number;
}

// Where `mark`, which has one comma, at its beginning, stands last. rfind() would compare at every byte, this does at
// the commas.
std::size_t find_last_member(std::string_view text, std::string_view mark) noexcept {
  while (const void* found = ::memrchr(text.data(), ',', text.size())) {
    const std::size_t comma = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (text.substr(comma).starts_with(mark)) return comma;
    text = text.substr(0, comma);
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::uint64_t> version_of_line(std::string_view line) noexcept { return number_behind(line, "{\"v\":"); }

namespace {

constexpr std::string_view size_mark = ",\"size\":";
constexpr std::size_t longest_beginning = 128;  // up to the time and with it
constexpr std::size_t longest_end = 512;        // behind the patch

// The string behind `mark`, which ends with its first quote: one that has nothing escaped.
std::optional<std::string_view> text_behind(std::string_view text, std::string_view mark) noexcept {
  const std::size_t found = text.find(mark);
  if (found == std::string_view::npos) return std::nullopt;
  text = text.substr(found + mark.size());
  const std::size_t end = text.find('"');
  return end == std::string_view::npos ? std::nullopt : std::optional(text.substr(0, end));
}

std::optional<std::string_view> time_of_beginning(std::string_view first) noexcept {
  return text_behind(first.substr(0, longest_beginning), ",\"time\":\"");
}

std::optional<std::int64_t> g_of_beginning(std::string_view first) noexcept {
  const std::size_t comma = first.find(',');  // behind the version
  if (comma == std::string_view::npos) return std::nullopt;
  const auto number = number_behind(first.substr(comma), ",\"g\":");
  if (!number || !std::in_range<std::int64_t>(*number)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

// From its size on, which stands behind the patch.
std::optional<std::string_view> end_of_line(std::string_view last) noexcept {
  last = last.substr(last.size() - std::min(last.size(), longest_end));
  const std::size_t size = find_last_member(last, size_mark);
  return size == std::string_view::npos ? std::nullopt : std::optional(last.substr(size));
}

}  // namespace

std::optional<RecordOutline> outline_of_line(std::string_view line) noexcept {
  const auto version = version_of_line(line);
  const auto time = time_of_beginning(line);
  const auto end = end_of_line(line);
  const auto size = end ? number_behind(*end, size_mark) : std::nullopt;
  if (!version || !time || !size) return std::nullopt;
  return RecordOutline{*version, *time, *size};
}

std::optional<ChainHead> head_of_ends(std::string_view first, std::string_view last) {
  const auto version = version_of_line(first);
  const auto g = g_of_beginning(first);
  const auto time = time_of_beginning(first);
  const auto end = end_of_line(last);
  if (!version || !g || !time || !end) return std::nullopt;
  const auto size = number_behind(*end, size_mark);
  const auto payload_hash = text_behind(*end, ",\"payload_hash_current\":\"");
  const auto record_hash = text_behind(*end, ",\"record_hash\":\"");
  const bool is_whole = record_hash && end->ends_with(std::string(*record_hash) + "\"}");
  if (!size || !payload_hash || !is_whole) return std::nullopt;
  return ChainHead{*version, *g, *size, std::string(*payload_hash), std::string(*record_hash), std::string(*time)};
}

namespace {

// What stands around a line's patch, and the patch.
struct LineParts {
  std::string_view before;
  std::string_view patch;
  std::string_view behind;
};

// Nothing where the line is not written as encode_record does. Throws where its hash is wrong.
std::optional<LineParts> parts_of_line(std::string_view line) {
  // Quotes within strings are escaped, so that no value before the patch or behind it can look like these.
  constexpr std::string_view patch_mark = ",\"patch\":", size_mark = ",\"size\":";
  const std::size_t mark = line.find(patch_mark), size = find_last_member(line, size_mark);
  const bool is_as_encoded =
      mark != std::string_view::npos && size != std::string_view::npos && mark < size && line.size() > hash_tail_size;
  if (!is_as_encoded) return std::nullopt;
  require_hash(line, std::string(line.substr(line.size() - hash_tail_size + hash_member.size() + 1, 64)));
  const std::size_t patch = mark + patch_mark.size();
  return LineParts{line.substr(0, patch), line.substr(patch, size - patch), line.substr(size)};
}

}  // namespace

std::optional<Value> first_document_without(std::string_view line, std::string_view member) try {
  constexpr std::string_view begin = R"([{"op":"add","path":"","value":{)", end = "}}]";
  const auto parts = parts_of_line(line);
  if (!parts || !parts->patch.starts_with(begin) || !parts->patch.ends_with(end)) return std::nullopt;
  const std::size_t object = begin.size() - 1;
  return JsonParser().parse_without(parts->patch.substr(object, parts->patch.size() - object - 2), member);
} catch (const ParseError&) {
  return std::nullopt;
}

std::vector<PatchOperation> patch_of_line(std::string_view line, JsonParser& parser) try {
  const auto parts = parts_of_line(line);
  return parts ? parser.parse_patch(parts->patch) : decode_json_patch(decode_record(line, parser).patch);
} catch (const ParseError& error) {
  throw RecordError(std::string("its patch is no JSON: ") + error.what());
} catch (const Rejection& rejection) {
  throw RecordError(std::string("its patch: ") + rejection.what());
}

ChainHead head_of_line(std::string_view line) {
  const auto parts = parts_of_line(line);
  if (!parts) return head_of(decode_record(line));
  JsonParser parser;
  const Value object = parse_line(std::string(parts->before) + "null" + std::string(parts->behind), parser);
  if (!object.is_object()) throw RecordError("the record is not a JSON object");
  return head_of(record_of(object));
}

ChainHead head_of(const JournalRecord& record) {
  return {record.version, record.g, record.size, record.payload_hash_current, record.record_hash, record.time};
}

}  // namespace statusfs
