// Messages byte for byte, as `protoc --encode` makes them of etcd's own rpc.proto.
#include "fs/store/etcd/watch_messages.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

using namespace std::literals;

TEST(WatchMessagesTest, AsksForAllBelowAPrefix) {
  EXPECT_EQ("\x0a\x0c\x0a\x03/a/\x12\x03/a0\x18\x07"sv, watch_question("/a/", 7));
}

TEST(WatchMessagesTest, ReadsEventsAndTheEnd) {
  const auto news = watch_news(
      "\x0a\x02\x18\x09"
      "\x5a\x0a\x12\x08\x0a\1k\x18\x09\x2a\1v"
      "\x5a\x09\x08\1\x12\x05\x0a\1d\x18\x09"sv);
  EXPECT_FALSE(news.is_over);
  ASSERT_EQ(2U, news.events.size());
  EXPECT_EQ(EtcdEvent::Kind::put, news.events[0].kind);
  EXPECT_EQ("k", news.events[0].entry.key);
  EXPECT_EQ("v", news.events[0].entry.value);
  EXPECT_EQ(9, news.events[0].entry.modified);
  EXPECT_EQ(EtcdEvent::Kind::deleted, news.events[1].kind);
  EXPECT_EQ("d", news.events[1].entry.key);

  const auto compacted = watch_news("\x20\1\x28\x64"sv);
  EXPECT_TRUE(compacted.is_over);
  EXPECT_TRUE(compacted.are_some_missing);
  const auto denied = watch_news("\x18\1\x20\1\x32\2no"sv);
  EXPECT_TRUE(denied.is_over);
  EXPECT_FALSE(denied.are_some_missing);
}

}  // namespace
}  // namespace statusfs
