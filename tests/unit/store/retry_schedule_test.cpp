#include "fs/store/local/retry_schedule.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RetryScheduleTest : public ::testing::Test {
 protected:
  /// How long the pause is before the attempt that follows when this one fails.
  RetrySchedule::Duration pause_after_failure() {
    schedule_.attempt();
    schedule_.failed(now_);
    const auto pause = schedule_.next_attempt().value_or(now_) - now_;
    now_ += pause;
    return pause;
  }

  RetrySchedule schedule_;
  RetrySchedule::Time now_{seconds(100)};
};

TEST_F(RetryScheduleTest, HasNoAttemptBeforeAFailure) {
  EXPECT_FALSE(schedule_.next_attempt());
  EXPECT_FALSE(schedule_.succeeded());
  EXPECT_FALSE(schedule_.next_attempt());
}

TEST_F(RetryScheduleTest, PausesTwiceAsLongEachTimeUpToTheLongest) {
  for (const int pause : {100, 200, 400, 800, 1600, 3200, 5000, 5000})
    EXPECT_EQ(pause_after_failure(), milliseconds(pause));
  schedule_.succeeded();
  EXPECT_FALSE(schedule_.next_attempt());
  EXPECT_EQ(pause_after_failure(), milliseconds(100));
}

TEST_F(RetryScheduleTest, LeavesAnAttemptThatIsStillToComeWhereItIs) {
  schedule_.failed(now_);
  const auto attempt = schedule_.next_attempt();
  schedule_.failed(now_ + milliseconds(99));
  EXPECT_EQ(schedule_.next_attempt(), attempt);
  schedule_.failed(now_ + milliseconds(100));
  EXPECT_EQ(schedule_.next_attempt(), now_ + milliseconds(300));
}

TEST_F(RetryScheduleTest, HasNoneWhileOneIsMade) {
  schedule_.failed(now_);
  schedule_.attempt();
  EXPECT_FALSE(schedule_.next_attempt());
}

TEST_F(RetryScheduleTest, TellsTheFirstFailureAndTheSuccessAfterIt) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(schedule_.failed(now_));
    EXPECT_FALSE(schedule_.failed(now_ += seconds(1)));
    EXPECT_FALSE(schedule_.failed(now_ += seconds(1)));
    EXPECT_TRUE(schedule_.succeeded());
    EXPECT_FALSE(schedule_.succeeded());
  }
}

}  // namespace
}  // namespace statusfs
