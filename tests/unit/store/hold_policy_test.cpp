#include "fs/store/local/hold_policy.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(HoldPolicy, WritesSmallFilesWithinFiftyMilliseconds) {
  const HoldPolicy policy;
  const HoldPolicy::Time begin{};
  const auto cost = milliseconds(2);
  EXPECT_LE(policy.write_due(begin, cost) + cost, begin + milliseconds(50));
  EXPECT_GE(policy.write_due(begin, cost), begin + milliseconds(30));
}

TEST(HoldPolicy, SpendsATenthOfTheTimeOnLargeFiles) {
  const HoldPolicy policy;
  const HoldPolicy::Time begin{};
  EXPECT_GE(policy.write_due(begin, milliseconds(100)), begin + milliseconds(700));
  EXPECT_LE(policy.write_due(begin, milliseconds(100)) + milliseconds(100), begin + seconds(1));
}

TEST(HoldPolicy, EndsAHoldInTime) {
  const HoldPolicy policy;
  const HoldPolicy::Time begin{};
  for (const auto cost : {milliseconds(1), milliseconds(100), milliseconds(400)}) {
    EXPECT_LE(policy.drain_due(begin, cost) + cost, begin + seconds(1)) << cost.count();
    EXPECT_TRUE(policy.must_drain(policy.drain_due(begin, cost), begin, cost));
    EXPECT_FALSE(policy.must_drain(begin, begin, cost));
  }
  EXPECT_LE(policy.drain_due(begin, seconds(3)) + seconds(3), begin + 2 * seconds(3));
}

}  // namespace
}  // namespace statusfs
