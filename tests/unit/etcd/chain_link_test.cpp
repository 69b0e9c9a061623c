// A record that somebody else wrote is followed only where it continues the chain.
#include "fs/store/etcd/chain_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "mapping/chain/journal_record.hpp"
#include "mapping/document/parse.hpp"
#include "tests/unit/store/chain_maker.hpp"

namespace statusfs {
namespace {

using testing::HasSubstr;

class ChainLinkTest : public ::testing::Test {
 protected:
  std::string refusal(const ChainHead& head, const std::string& line) const try {
    next_version(*document_, head, line);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  std::string refusal_of(JournalRecord record) const { return refusal(head_, encode_record(record)); }

  ChainMaker maker_;
  const std::shared_ptr<const StatusDocument> document_ = maker_.document();
  const ChainHead head_ = maker_.head();
  const CommitEntry next_ = maker_.next();
};

TEST_F(ChainLinkTest, LeadsToTheNextVersion) {
  const CommitEntry entry = next_version(*document_, head_, next_.record);
  EXPECT_EQ(entry.head, next_.head);
  EXPECT_EQ(entry.record, next_.record);
  EXPECT_EQ(entry.document->root(), next_.document->root());
}

TEST_F(ChainLinkTest, SkipsNoVersion) {
  EXPECT_THAT(refusal(head_, maker_.next().record),
              HasSubstr("does not follow on version " + std::to_string(head_.version)));
}

TEST_F(ChainLinkTest, FollowsOnTheRecordBeforeAlone) {
  JournalRecord record = decode_record(next_.record);
  record.record_previous = std::string(64, '0');
  EXPECT_THAT(refusal_of(record), HasSubstr("is not chained to the one before"));
}

TEST_F(ChainLinkTest, FollowsOnThePayloadBeforeAlone) {
  JournalRecord record = decode_record(next_.record);
  record.payload_hash_previous = "sha256:" + std::string(64, '0');
  EXPECT_THAT(refusal_of(record), HasSubstr("has another payload_hash_previous"));
}

TEST_F(ChainLinkTest, LeadsToADocumentThatBearsItsHash) {
  JournalRecord record = decode_record(next_.record);
  record.payload_hash_current = "sha256:" + std::string(64, '0');
  EXPECT_THAT(refusal_of(record), HasSubstr("does not bear its version and hash"));
}

TEST_F(ChainLinkTest, LeadsToADocumentThatBearsItsVersion) {
  JournalRecord record = decode_record(next_.record);
  record.patch = parse_json("[]");
  record.payload_hash_current = head_.payload_hash_current;
  EXPECT_THAT(refusal_of(record), HasSubstr("does not bear its version and hash"));
}

TEST_F(ChainLinkTest, IsNoOtherText) { EXPECT_NE(refusal(head_, "no record"), ""); }

}  // namespace
}  // namespace statusfs
