#include "fs/counter/memory_counter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

TEST(MemoryCounter, GoesOnAfterTheLargestInSource) {
  MemoryCounter counter(41);
  const auto lease = counter.begin();
  EXPECT_EQ(lease->next(), 42);
  EXPECT_EQ(lease->next(), 43);
  lease->commit();
  EXPECT_EQ(counter.begin()->next(), 44);
}

TEST(MemoryCounter, DrawsADroppedLeaseAgain) {
  MemoryCounter counter(0);
  {
    const auto dropped = counter.begin();
    dropped->next();
    dropped->next();
  }
  EXPECT_EQ(counter.begin()->next(), 1);
}

TEST(MemoryCounter, LeavesAGapWhereAnotherLeaseDrewMeanwhile) {
  MemoryCounter counter(0);
  auto dropped = counter.begin();
  const auto kept = counter.begin();
  EXPECT_EQ(dropped->next(), 1);
  EXPECT_EQ(kept->next(), 2);
  dropped.reset();
  EXPECT_EQ(kept->next(), 3);
}

TEST(MemoryCounter, NeverGivesBackWhatAnotherLeaseDrewInBetween) {
  MemoryCounter counter(0);
  auto dropped = counter.begin();
  const auto kept = counter.begin();
  EXPECT_EQ(dropped->next(), 1);
  EXPECT_EQ(kept->next(), 2);
  EXPECT_EQ(dropped->next(), 3);
  kept->commit();
  dropped.reset();
  EXPECT_GT(counter.begin()->next(), 2);
}

TEST(MemoryCounter, DrawsOnlyAboveWhatItWasRaisedTo) {
  MemoryCounter counter(5);
  counter.raise(3);
  EXPECT_EQ(counter.begin()->next(), 6);
  counter.raise(100);
  EXPECT_EQ(counter.begin()->next(), 101);
}

TEST(MemoryCounter, NeverGivesBackWhatItWasRaisedTo) {
  MemoryCounter counter(0);
  auto dropped = counter.begin();
  EXPECT_EQ(dropped->next(), 1);
  counter.raise(1);  // a file with this very number appeared
  dropped.reset();
  EXPECT_EQ(counter.begin()->next(), 2);
}

TEST(MemoryCounter, EndsAtTheLargestNumber) {
  MemoryCounter counter(largest_g - 1);
  const auto lease = counter.begin();
  EXPECT_EQ(lease->next(), largest_g);
  EXPECT_THROW(lease->next(), Rejection);
}

TEST(MemoryCounter, GivesManyThreadsDifferentNumbersWithoutAGap) {
  constexpr int threads = 4, leases = 500, draws = 3;
  MemoryCounter counter(0);
  std::vector<std::vector<std::int64_t>> drawn(threads);
  std::vector<std::thread> running;
  for (auto& mine : drawn) {
    running.emplace_back([&counter, &mine] {
      for (int i = 0; i < leases; ++i) {
        const auto lease = counter.begin();
        for (int k = 0; k < draws; ++k) mine.push_back(lease->next());
        lease->commit();
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  std::vector<std::int64_t> all;
  for (const auto& mine : drawn) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), static_cast<std::size_t>(threads * leases * draws));
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(i + 1));
}

TEST(MemoryCounter, LeavesOutWhatIsClaimed) {
  MemoryCounter counter(5);
  EXPECT_EQ(counter.claim(5), nullptr) << "a mutation may have it";
  {
    const auto claim = counter.claim(6);
    ASSERT_NE(claim, nullptr);
    EXPECT_EQ(counter.claim(6), nullptr) << "once";
    const auto lease = counter.begin();
    EXPECT_EQ(lease->next(), 7);
    lease->commit();
  }
  EXPECT_EQ(counter.claim(6), nullptr) << "it was passed over";
  EXPECT_NE(counter.claim(8), nullptr);
  EXPECT_NE(counter.claim(8), nullptr) << "the claim before has ended";
  EXPECT_EQ(counter.begin()->next(), 8);
}

}  // namespace
}  // namespace statusfs
