// Each statement that is made of a file, its chain and an anchor.
#include "mapping/chain/verification.hpp"

#include "tests/unit/chain/chain_writer.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ChainLines lines_of_chain(const std::vector<std::string>& lines) {
  return [lines](const std::function<bool(std::string_view)>& visit) {
    for (const std::string& line : lines)
      if (!visit(line)) return;
  };
}

// A chain of three versions, with the file at its head and an anchor of its second line.
class VerificationTest : public testing::Test {
 protected:
  VerificationTest() {
    writer_.write({"tasks/one/percent_complete", "5"});
    writer_.write({"tasks/two/percent_complete", "6"});
    const JournalRecord second = decode_record(writer_.journal()[1]);
    anchor_ = {"exec_status_7", second.version, 2, second.record_hash, second.payload_hash_current,
               second.time,     std::nullopt};
    evidence_ = {"exec_status_7", writer_.text(), lines_of_chain(writer_.journal()), false, anchor_};
  }
  ChainVerdict verdict() const { return verify_chain(default_mapping(), evidence_); }

  ChainWriter writer_;
  Checkpoint anchor_;
  ChainEvidence evidence_;
};

TEST_F(VerificationTest, OfWhatIsGood) {
  const ChainVerdict verdict = this->verdict();
  EXPECT_TRUE(verdict.is_good());
  EXPECT_EQ(verdict.lines, 3u);
  EXPECT_EQ(verdict.version, 4u);
  EXPECT_EQ(verdict.is_chained, true);
  EXPECT_EQ(verdict.has_right_hashes, true);
  EXPECT_EQ(verdict.is_head, true);
  EXPECT_EQ(verdict.is_since_anchor, true);
  EXPECT_EQ(verdict.is_signed, std::nullopt);
}

TEST_F(VerificationTest, OfAValueThatWasChangedWithoutItsHash) {
  JournalRecord record = decode_record(writer_.journal()[1]);
  record.patch = record.patch.with_appended(
      parse_json(R"({"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":9})"));
  std::vector<std::string> forged = writer_.journal();
  forged[1] = encode_record(record);
  evidence_.lines = lines_of_chain(forged);
  const ChainVerdict verdict = this->verdict();
  EXPECT_FALSE(verdict.is_good());
  EXPECT_EQ(verdict.lines, 1u);
  EXPECT_EQ(verdict.is_chained, true) << "the record hash fits";
  EXPECT_EQ(verdict.has_right_hashes, false);
  EXPECT_EQ(verdict.bad_version, 3u);
  EXPECT_EQ(verdict.bad_pointer, "/payload/tasks_status/0/signature_hash");
  EXPECT_EQ(verdict.bad_path, "tasks/one/signature_hash");
}

TEST_F(VerificationTest, OfALineThatIsGone) {
  evidence_.lines = lines_of_chain({writer_.journal()[0], writer_.journal()[2]});
  const ChainVerdict verdict = this->verdict();
  EXPECT_EQ(verdict.is_chained, false);
  EXPECT_EQ(verdict.has_right_hashes, std::nullopt);
  EXPECT_EQ(verdict.bad_version, 3u) << "the first that is missing";
  EXPECT_THAT(verdict.findings, ElementsAre(HasSubstr("the versions from 3 to 3 are missing")));
}

TEST_F(VerificationTest, NamesThePlaceOfALineWhereItIsKnown) {
  evidence_.lines = lines_of_chain({writer_.journal()[0], "garbage"});
  evidence_.place = [] { return std::string("a closed journal line 7"); };
  const ChainVerdict verdict = this->verdict();
  EXPECT_THAT(verdict.findings, ElementsAre(HasSubstr("version 3: a closed journal line 7: ")));
  EXPECT_EQ(verdict.bad_version, 3u) << "which the line itself does not tell";
}

// The lines behind may be there as they were: nothing is known of them.
TEST_F(VerificationTest, OfLinesThatCannotBeRead) {
  const std::string first = writer_.journal()[0];
  evidence_.lines = [&](const std::function<bool(std::string_view)>& visit) {
    if (visit(first)) throw UnreadableLines(2, "2-4.jsonl.gz is damaged");
  };
  const ChainVerdict verdict = this->verdict();
  EXPECT_THAT(verdict.findings, ElementsAre("from version 3 on: 2-4.jsonl.gz is damaged")) << "no tail was cut off";
  EXPECT_EQ(verdict.bad_version, 3u);
  EXPECT_EQ(verdict.is_chained, std::nullopt);
  EXPECT_EQ(verdict.is_since_anchor, false);
}

TEST_F(VerificationTest, OfAnAnchorThatSaysOtherwise) {
  const auto told = [&](const std::function<void(Checkpoint&)>& change) {
    evidence_.anchor = anchor_;
    change(*evidence_.anchor);
    const ChainVerdict verdict = this->verdict();
    EXPECT_EQ(verdict.is_since_anchor, false);
    EXPECT_EQ(verdict.is_chained, true);
    return verdict.findings;
  };
  EXPECT_THAT(told([](Checkpoint& anchor) { anchor.file_id = "exec_status_8"; }),
              ElementsAre(HasSubstr("another file")));
  EXPECT_THAT(told([](Checkpoint& anchor) { anchor.record_hash = std::string(64, '0'); }),
              ElementsAre(HasSubstr("record_hash")));
  EXPECT_THAT(told([](Checkpoint& anchor) { anchor.lines = 3; }), ElementsAre(HasSubstr("the anchor says")));
  EXPECT_EQ(told([](Checkpoint& anchor) { anchor.lines = 4; }).size(), 1u) << "the journal was shortened";
}

TEST_F(VerificationTest, OfAFileThatIsNotTheHead) {
  ChainWriter other;
  other.write({"tasks/one/percent_complete", "7"});
  evidence_.json = other.text();
  EXPECT_FALSE(verdict().is_good());
  EXPECT_EQ(verdict().is_head, false);
  evidence_.json.reset();
  EXPECT_NE(verdict().is_head, true);
}

TEST_F(VerificationTest, OfNothingButTheFile) {
  evidence_.lines = {};
  evidence_.anchor.reset();
  EXPECT_TRUE(verdict().is_good());
  EXPECT_EQ(verdict().version, 4u);
  evidence_.json = indented_document(sample().root());
  EXPECT_THAT(verdict().findings, ElementsAre(HasSubstr("no chain yet")));
  evidence_.json = "{";
  EXPECT_THAT(verdict().findings, ElementsAre(HasSubstr("not readable")));
}

}  // namespace
}  // namespace statusfs
