#include "mapping/chain/journal_record.hpp"

#include "mapping/document/sha256.hpp"
#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

JournalRecord some_record() {
  JournalRecord record;
  record.version = 23;
  record.g = 146;
  record.time = example_time;
  record.op = "set";
  record.path = "tasks/one/status";
  record.author = {"CODING_ASSISTANT", "BUILDER", 1000, 4711, "0af7651916cd43dd8448eb211c80319c"};
  record.patch = parse_json(R"([{"op":"replace","path":"/payload/tasks_status/0/status","value":"DONE \"\n\u20ac"}])");
  record.size = 1612;
  record.payload_hash_previous = "sha256:1";
  record.payload_hash_current = "sha256:2";
  record.record_previous = "abc";
  return record;
}

TEST(JournalRecordTest, IsOneCompactLineInItsOrder) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  const std::string body =
      R"({"v":23,"g":146,"time":"2025-06-09T12:00:00.000000Z","op":"set","path":"tasks/one/status",)"
      R"("persona":"CODING_ASSISTANT","archetype":"BUILDER","uid":1000,"pid":4711,)"
      R"("trace_id":"0af7651916cd43dd8448eb211c80319c","patch":[{"op":"replace",)"
      R"("path":"/payload/tasks_status/0/status","value":"DONE \"\n)"
      "\u20ac"
      R"("}],"size":1612,)"
      R"("payload_hash_previous":"sha256:1","payload_hash_current":"sha256:2","record_previous":"abc")";
  EXPECT_EQ(record.record_hash, sha256_hex(body));
  EXPECT_EQ(line, body + R"(,"record_hash":")" + record.record_hash + "\"}");
}

TEST(JournalRecordTest, ALineTellsWhetherItBeginsAJournalThatGoesOn) {
  JournalRecord record = some_record();
  record.path = R"(","op":"rotate")";
  EXPECT_FALSE(is_rotation_line(encode_record(record)));
  record.op = "rotated";
  EXPECT_FALSE(is_rotation_line(encode_record(record)));
  record.op = std::string(rotation_op);
  EXPECT_TRUE(is_rotation_line(encode_record(record)));
  EXPECT_FALSE(is_rotation_line(""));
}

TEST(JournalRecordTest, TheDocumentOfAFirstLineIsReadWithoutItsLargestMember) {
  JournalRecord record = some_record();
  const auto without_payload = [&](const char* patch) {
    record.patch = parse_json(patch);
    const auto document = first_document_without(encode_record(record), "payload");
    return document ? compact(*document) : "nothing";
  };
  EXPECT_EQ(without_payload(R"([{"op":"add","path":"","value":{"header":{"v":1},"payload":{"tasks":[{}]}}}])"),
            R"({"header":{"v":1}})");
  EXPECT_EQ(without_payload(R"([{"op":"add","path":"","value":{"header":"\u0001","payload":{}}}])"),
            R"({"header":"\u0001"})");
  for (const char* other : {R"([{"op":"add","path":"/a","value":{}}])", R"([{"op":"add","path":"","value":[]}])", "[]",
                            R"([{"op":"add","path":"","value":{}},{"op":"add","path":"","value":{}}])"})
    EXPECT_EQ(without_payload(other), "nothing") << other;
  record.patch = parse_json(R"([{"op":"add","path":"","value":{"header":{"v":1}}}])");
  std::string changed = encode_record(record);
  changed[changed.find("header")] = 'H';
  EXPECT_THROW(first_document_without(changed, "payload"), RecordError);
}

TEST(JournalRecordTest, TheHeadIsReadWithoutThePatch) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  EXPECT_EQ(head_of_line(line), head_of(decode_record(line)));
  EXPECT_EQ(head_of_line(line), head_of(record));
}

TEST(JournalRecordTest, TheHeadOfALineThatIsChangedAnywhereIsNotRead) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  for (std::size_t position = 0; position < line.size(); ++position) {
    std::string changed = line;
    changed[position] ^= 1;
    EXPECT_THROW(head_of_line(changed), RecordError) << position;
  }
}

TEST(JournalRecordTest, TheHeadIsToldByPartsOfALineAtItsEnds) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  EXPECT_EQ(head_of_ends(line, line), head_of(record));
  EXPECT_EQ(head_of_ends(line.substr(0, 60), line.substr(line.find(",\"size\""))), head_of(record));
}

TEST(JournalRecordTest, PartsThatAreTooShortOrOfOtherLinesTellNoHead) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  for (std::size_t length = 0; length < line.find("\",\"op\""); ++length)
    EXPECT_FALSE(head_of_ends(line.substr(0, length), line)) << length;
  for (std::size_t begin = line.find(",\"size\"") + 1; begin < line.size(); ++begin)
    EXPECT_FALSE(head_of_ends(line, line.substr(begin))) << begin;
  for (std::size_t length = 1; length < line.size(); ++length)
    EXPECT_FALSE(head_of_ends(line, line.substr(0, length))) << length;
  EXPECT_FALSE(head_of_ends("{\"v\":23,\"g\":99999999999999999999,\"time\":\"t\"", line));
  EXPECT_FALSE(head_of_ends("{\"v\":23,\"g\":9223372036854775808,\"time\":\"t\"", line));
  EXPECT_FALSE(head_of_ends("{\"v\":23,\"time\":\"t\",\"g\":5,", line));
}

TEST(JournalRecordTest, TheFirstHasNothingBeforeIt) {
  JournalRecord record = some_record();
  record.payload_hash_previous.reset();
  record.record_previous.reset();
  const std::string line = encode_record(record);
  EXPECT_THAT(line, testing::HasSubstr(R"("payload_hash_previous":null,)"));
  EXPECT_THAT(line, testing::HasSubstr(R"("record_previous":null,)"));
  EXPECT_EQ(decode_record(line).payload_hash_previous, std::nullopt);
  EXPECT_EQ(decode_record(line).record_previous, std::nullopt);
}

TEST(JournalRecordTest, AnIdempotencyKeyIsKept) {
  JournalRecord record = some_record();
  record.idempotency = IdempotencyMark{"key \u20ac", "1234"};
  const std::string line = encode_record(record);
  EXPECT_THAT(line, testing::HasSubstr("\"idempotency_key\":\"key \u20ac\",\"request_hash\":\"1234\",\"patch\":"));
  const JournalRecord decoded = decode_record(line);
  EXPECT_EQ(decoded.idempotency->key, "key \u20ac");
  EXPECT_EQ(decoded.idempotency->request_hash, "1234");
  EXPECT_FALSE(decode_record(encode_record(record = some_record())).idempotency);
}

void expect_equal(const JournalRecord& left, const JournalRecord& right) {
  EXPECT_TRUE(head_of(left) == head_of(right));
  EXPECT_EQ(left.op, right.op);
  EXPECT_EQ(left.path, right.path);
  EXPECT_EQ(left.author.persona, right.author.persona);
  EXPECT_EQ(left.author.archetype, right.author.archetype);
  EXPECT_EQ(left.author.uid, right.author.uid);
  EXPECT_EQ(left.author.pid, right.author.pid);
  EXPECT_EQ(left.author.trace_id, right.author.trace_id);
  EXPECT_EQ(compact(left.patch), compact(right.patch));
  EXPECT_EQ(left.payload_hash_previous, right.payload_hash_previous);
  EXPECT_EQ(left.record_previous, right.record_previous);
}

TEST(JournalRecordTest, AnyContentIsReadBack) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 500; ++round) {
    JournalRecord record = some_record();
    record.version = random.below(1u << 30);
    record.author = {random.text(), random.text(), static_cast<std::uint32_t>(random.below(4294967296u)),
                     static_cast<std::int64_t>(random.below(1u << 22)), random.text()};
    record.path = random.text();
    record.patch = random.value();
    if (random.below(2) == 0) record.idempotency = IdempotencyMark{random.text(), random.text()};
    const std::string line = encode_record(record);
    ASSERT_EQ(line.find('\n'), std::string::npos);
    expect_equal(decode_record(line), record);
  }
}

TEST(JournalRecordTest, EveryChangedBitIsRefused) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  for (std::size_t position = 0; position < line.size(); ++position)
    for (int flip = 1; flip < 256; flip *= 2) {
      std::string bad = line;
      bad[position] = static_cast<char>(bad[position] ^ flip);
      EXPECT_THROW(decode_record(bad), RecordError) << position << ": " << bad;
    }
}

TEST(JournalRecordTest, EveryMissingOrDoubledByteIsRefused) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  for (std::size_t position = 0; position < line.size(); ++position) {
    EXPECT_THROW(decode_record(std::string(line).erase(position, 1)), RecordError) << position;
    EXPECT_THROW(decode_record(std::string(line).insert(position, 1, line[position])), RecordError) << position;
    EXPECT_THROW(decode_record(line.substr(0, position)), RecordError) << position;
  }
}

// A line with a right record_hash whose members are not as they must be.
std::string sealed(const std::string& body) { return body + R"(,"record_hash":")" + sha256_hex(body) + "\"}"; }

TEST(JournalRecordTest, MembersAreOfTheirType) {
  JournalRecord record = some_record();
  const std::string line = encode_record(record);
  const std::string body = line.substr(0, line.find(R"(,"record_hash":)"));
  EXPECT_NO_THROW(decode_record(sealed(body)));
  const auto expect_bad = [&](const std::string& from, const std::string& to, const std::string& part) {
    std::string bad = body;
    bad.replace(bad.find(from), from.size(), to);
    try {
      decode_record(sealed(bad));
      ADD_FAILURE() << bad;
    } catch (const RecordError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(part));
    }
  };
  expect_bad(R"("v":23)", R"("v":"23")", "member v is not an integer");
  expect_bad(R"("v":23)", R"("v":-1)", "not negative");
  expect_bad(R"("v":23,)", "", "no member v");
  expect_bad(R"("size":1612)", R"("size":1612.5)", "member size is not an integer");
  expect_bad(R"("op":"set")", R"("op":null)", "member op is not a string");
  expect_bad(R"("patch":)", R"("patched":)", "no member patch");
  expect_bad(R"("record_previous":"abc")", R"("record_previous":7)", "record_previous is not a string");
  expect_bad(R"("time":)", R"("v":)", "not a JSON object");
}

TEST(JournalRecordTest, OtherLinesAreNoRecords) {
  for (const char* line : {"", "{}", "[]", "null", "x", R"({"record_hash":"x"})", R"({"record_hash":5})"})
    EXPECT_THROW(decode_record(line), RecordError) << line;
  JournalRecord record = some_record();
  EXPECT_THROW(decode_record(encode_record(record) + " "), RecordError);
  EXPECT_THROW(decode_record(" " + encode_record(record)), RecordError);
}

}  // namespace
}  // namespace statusfs
