// The first version of a chain.
#include "mapping/document/text.hpp"
#include "tests/unit/chain/chain_writer.hpp"

namespace statusfs {
namespace {

TEST(BeginChainTest, TheFirstVersionIsComplete) {
  const StatusDocument before = sample_after(R"([{"op":"remove","path":"/os_file_header"},
      {"op":"replace","path":"/payload/tasks_status/0/status","value":"DONE"},
      {"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":100},
      {"op":"replace","path":"/payload/payload_hash_previous","value":"sha256:old"}])");
  const Version version = begun(before, 9);
  const StatusDocument& document = *version.document;
  EXPECT_EQ(value_in(document, "/os_file_header/file_id"), R"("exec_status_7")");
  EXPECT_EQ(value_in(document, "/os_file_header/v_file_instance"), "1");
  EXPECT_EQ(value_in(document, "/os_file_header/g_file_created"), "9");
  EXPECT_EQ(value_in(document, "/os_file_header/g_file_last_modified"), "9");
  EXPECT_EQ(value_in(document, "/payload/g_last_update"), "9");
  EXPECT_EQ(value_in(document, "/payload/payload_hash_previous"), "null");
  EXPECT_EQ(value_in(document, "/payload/overall_status_summary/overall_completion_percentage"), "33");
  EXPECT_EQ(value_in(document, "/payload/tasks_status/0/g_last_update"), "1") << "a task's own stamps are its own";
  EXPECT_TRUE(verify_hashes(document).empty());
  EXPECT_EQ(version.head.version, 1u);
  EXPECT_EQ(version.head.g, 9);
  EXPECT_EQ(version.head.size, indented_document(document.root()).size());
  EXPECT_TRUE(version.tasks_listed_anew);
}

TEST(BeginChainTest, TheRecordHoldsTheWholeDocument) {
  const Version version = begun(sample());
  const JournalRecord record = decode_record(version.record);
  EXPECT_EQ(record.op, "adopt");
  EXPECT_EQ(record.record_previous, std::nullopt);
  EXPECT_EQ(record.payload_hash_previous, std::nullopt);
  EXPECT_EQ(compact(record.patch), R"([{"op":"add","path":"","value":)" + compact(version.document->root()) + "}]");
}

// A file that is nested as deep as can be read.
StatusDocument deepest_document() {
  constexpr std::size_t levels_around = 2;  // the root and the payload
  Value deep = Value::array();
  for (std::size_t level = levels_around + 1; level < maximum_nesting; ++level) deep = Value::array({deep});
  return document_of(parse_json(compact(sample().with_value(Pointer::parse("/payload/deep"), deep).root())));
}

TEST(BeginChainTest, AFileAsDeepAsCanBeReadHasAJournalThatCanBeRead) {
  ChainWriter writer(deepest_document());
  const std::string first = writer.journal().front();
  EXPECT_EQ(compact(decode_record(first).patch),
            R"([{"op":"add","path":"","value":)" + compact(writer.document().root()) + "}]");
  JsonParser parser;
  EXPECT_EQ(patch_of_line(first, parser).at(0).value, writer.document().root());
  EXPECT_TRUE(first_document_without(first, "nothing"));
  EXPECT_EQ(head_of_line(first), writer.chain().head());
  writer.write({"tasks/one/percent_complete", "5"});
  expect_journal_gives_document(writer);
}

TEST(BeginChainTest, TheLineAfterARotationIsAsDeep) {
  ChainWriter writer(deepest_document());
  writer.write({"tasks/one/percent_complete", "5"});
  JournalRecord record = decode_record(writer.journal().back());
  record.op = rotation_op;
  record.patch = whole_document_patch(writer.document().root());
  record.record_previous = record.record_hash;
  std::vector<std::string> journal = writer.journal();
  journal.push_back(encode_record(record));
  EXPECT_EQ(indented_document(replayed(journal).root()), writer.text());
}

TEST(BeginChainTest, TheHeaderNeedNotBeTheFirstRow) {
  std::string text(default_mapping()->text);
  text.replace(text.find("\ntree:\n"), 7,
               "\ntree:\n  note: {pointer: /payload/note, type: string, write: [BUILDER], help: A note.}\n");
  const auto mapping = load_mapping(text, "note_first.yaml");
  EXPECT_EQ(mapping->header, mapping->top("header"));
  const StatusDocument document(mapping, parse_json(R"({"payload":{}})"));
  EXPECT_EQ(value_in(*begun(document).document, "/os_file_header/file_id"), R"("exec_status_7")");
}

TEST(BeginChainTest, TheVersionGoesOn) {
  const auto version_after = [](const std::string& value) {
    const StatusDocument document =
        sample_after(R"([{"op":"replace","path":"/os_file_header/v_file_instance","value":)" + value + "}]");
    return value_in(*begun(document).document, "/os_file_header/v_file_instance");
  };
  EXPECT_EQ(version_after("22"), "23");
  EXPECT_EQ(version_after("0"), "1");
  EXPECT_EQ(version_after("-4"), "1");
  EXPECT_EQ(version_after("\"x\""), "1");
  EXPECT_EQ(version_after("null"), "1");
}

TEST(BeginChainTest, AVersionThatNoneCanFollowIsRefused) {
  for (const char* version : {"9007199254740991", "9223372036854775807"})
    expect_refused(Cause::invalid, {"v_file_instance"}, [&] {
      begun(sample_after(R"([{"op":"replace","path":"/os_file_header/v_file_instance","value":)" +
                         std::string(version) + "}]"));
    });
}

}  // namespace
}  // namespace statusfs
