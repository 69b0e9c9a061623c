// What Prometheus reads of a mount.
#include "fs/engine/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace statusfs {
namespace {

TEST(MetricsTest, SumsAreNotRounded) {
  Metrics metrics;
  metrics.observe_commit(std::chrono::seconds(1'234'567), 1);
  metrics.observe_commit(std::chrono::milliseconds(250), 1);
  EXPECT_THAT(metrics.text({}), testing::HasSubstr("statusfs_commit_seconds_sum 1234567.25\n"));
}

}  // namespace
}  // namespace statusfs
