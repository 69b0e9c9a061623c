#include "fs/store/etcd/file_feed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace statusfs {
namespace {

FileFeed::News record(std::uint64_t version) {
  return {{{version, "record " + std::to_string(version), 10}}, {}, false, false};
}

TEST(FileFeedTest, WhatThisHostWritesIsNoNews) {
  FileFeed feed;
  feed.expect("record 1");
  EXPECT_FALSE(feed.add(record(1)));
  EXPECT_TRUE(feed.take().records.empty());
  EXPECT_TRUE(feed.add(record(1))) << "it is expected once";
  feed.expect("record 2");
  feed.expect_no_more("record 2");
  EXPECT_TRUE(feed.add(record(2)));
  EXPECT_EQ(2u, feed.take().records.size());
  EXPECT_FALSE(feed.has_news());
}

TEST(FileFeedTest, NewsAreGatheredUntilTheyAreTaken) {
  FileFeed feed;
  EXPECT_FALSE(feed.add({{}, "head 1", false, false})) << "a head is no news by itself";
  EXPECT_TRUE(feed.add(record(2)));
  EXPECT_TRUE(feed.add({{}, {}, false, true}));
  EXPECT_TRUE(feed.add({{}, "head 2", false, false}));
  feed.lose_track();
  const FileFeed::News news = feed.take();
  EXPECT_EQ(1u, news.records.size());
  EXPECT_EQ("head 2", news.head);
  EXPECT_TRUE(news.is_incomplete);
  EXPECT_TRUE(news.was_touched);
  EXPECT_FALSE(feed.has_news());
}

TEST(FileFeedTest, TheRecordsOfARevisionAreTakenTogether) {
  FileFeed feed;
  std::atomic<bool> is_over{false};
  std::thread watch([&] {
    for (std::uint64_t version = 1; version < 20'000; version += 2) {
      FileFeed::News news = record(version);
      news.records.push_back(record(version + 1).records.front());
      feed.add(std::move(news));
    }
    is_over = true;
  });
  std::uint64_t newest = 0;
  for (bool is_last = false; !is_last;) {
    is_last = is_over;
    for (const FileFeed::Record& taken : feed.take().records) EXPECT_EQ(++newest, taken.version);
    EXPECT_EQ(0u, newest % 2) << "half of a revision was taken";
  }
  watch.join();
  EXPECT_EQ(20'000u, newest);
}

}  // namespace
}  // namespace statusfs
