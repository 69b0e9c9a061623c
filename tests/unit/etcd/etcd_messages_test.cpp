// Messages byte for byte, as `protoc --encode` makes them of etcd's own rpc.proto.
#include "fs/store/etcd/etcd_messages.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace statusfs {
namespace {

using namespace std::literals;

TEST(EtcdMessagesTest, ARangeIsWhatEtcdTakes) {
  EtcdRange range{"a", "b", 50, 300, true, true};
  EXPECT_EQ("\x0a\1a\x12\1b\x18\x32\x20\xac\x02\x28\2\x40\1"sv, message_of(range));
  EXPECT_EQ("\x0a\1k"sv, message_of(EtcdRange{"k"})) << "what is zero is left out";
}

TEST(EtcdMessagesTest, ATransactionIsWhatEtcdTakes) {
  EtcdTransaction transaction;
  transaction.compare = {{"k", 7}, {"n", 0}};
  transaction.puts.push_back({"k", "v", 5});
  transaction.deletes.push_back({"a", "b"});
  transaction.otherwise.push_back({"k"});
  transaction.otherwise_puts.push_back({"w", "", 6});
  EXPECT_EQ(
      "\x0a\x07\x10\2\x1a\1k\x30\7"
      "\x0a\x07\x10\2\x1a\1n\x30\0"  // a key that is not there is compared, too
      "\x12\x0a\x12\x08\x0a\1k\x12\1v\x18\5"
      "\x12\x08\x1a\x06\x0a\1a\x12\1b"
      "\x1a\x05\x0a\x03\x0a\1k"
      "\x1a\x07\x12\x05\x0a\1w\x18\6"sv,
      message_of(transaction));
}

TEST(EtcdMessagesTest, ReadsWhatEtcdAnswers) {
  // header {cluster_id 1 revision 9}, responses {response_range {header {revision 9} kvs {key k create_revision 2
  // mod_revision 8 version 2 value 2 lease 300} more count 1}}
  const auto lost = transaction_result(
      "\x0a\x04\x08\1\x18\x09"
      "\x1a\x1b\x0a\x19\x0a\x02\x18\x09\x12\x0f\x0a\1k\x10\2\x18\x08\x20\2\x2a\1\x32\x30\xac\x02\x18\1\x20\1"sv);
  EXPECT_EQ(9, lost.revision);
  EXPECT_FALSE(lost.succeeded);
  ASSERT_EQ(1U, lost.reads.size());
  EXPECT_TRUE(lost.reads[0].has_more);
  ASSERT_EQ(1U, lost.reads[0].entries.size());
  EXPECT_EQ("k", lost.reads[0].entries[0].key);
  EXPECT_EQ("2", lost.reads[0].entries[0].value);
  EXPECT_EQ(8, lost.reads[0].entries[0].modified);
  EXPECT_EQ(300, lost.reads[0].entries[0].lease);

  const auto won = transaction_result("\x0a\x02\x18\x0a\x10\1\x1a\x06\x12\x04\x0a\x02\x18\x0a"sv);
  EXPECT_TRUE(won.succeeded);
  EXPECT_EQ(10, won.revision);
  EXPECT_TRUE(won.reads.empty()) << "the answer to a put";
  EXPECT_THROW(transaction_result("\x0a\xff"sv), std::runtime_error);
  EXPECT_THROW(range_result("no message"sv), std::runtime_error);
}

}  // namespace
}  // namespace statusfs
