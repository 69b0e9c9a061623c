// Numbers that are drawn ahead: no gap and no duplicate, whatever becomes of those who drew.
#include "fs/store/etcd/drawn_numbers.hpp"

#include <gtest/gtest.h>

#include "fs/counter/global_counter.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

class DrawnNumbersTest : public ::testing::Test {
 protected:
  // A lease that draws so many.
  NumberRange promised(int count) {
    numbers_.open_lease(true);
    NumberRange range;
    for (int drawn = 0; drawn < count; ++drawn) {
      range.last = numbers_.draw(numbers_.epoch());
      if (range.is_empty()) range.first = range.last;
    }
    numbers_.promise(numbers_.epoch(), range);
    return range;
  }
  void be_at(std::int64_t value, std::int64_t revision) { numbers_.seen(value, revision, true); }

  DrawnNumbers numbers_;
};

TEST_F(DrawnNumbersTest, BeginAtOne) {
  const NumberRange range = promised(3);
  EXPECT_EQ(1, range.first);
  EXPECT_EQ(3, range.last);
}

TEST_F(DrawnNumbersTest, OfALeaseFollowOnTheLeaseBeforeThoughThatIsNotDurable) {
  be_at(10, 5);
  EXPECT_EQ(11, promised(2).first);
  EXPECT_EQ(13, promised(1).first);
  EXPECT_EQ(10, numbers_.durable());
}

TEST_F(DrawnNumbersTest, GivenBackByTheOpenLeaseAreDrawnAgain) {
  be_at(10, 5);
  numbers_.open_lease(true);
  EXPECT_TRUE(numbers_.is_lease_open());
  EXPECT_EQ(11, numbers_.draw(numbers_.epoch()));
  numbers_.give_back(numbers_.epoch(), {11, 11});
  EXPECT_FALSE(numbers_.is_lease_open());
  EXPECT_EQ(11, promised(1).first);
}

TEST_F(DrawnNumbersTest, AreHandedInOnceAndAsTheyWerePromised) {
  const NumberRange range = promised(2);
  EXPECT_FALSE(numbers_.hand_in({range.first, range.last + 1}));
  EXPECT_TRUE(numbers_.is_owed(numbers_.epoch(), range));
  EXPECT_TRUE(numbers_.hand_in(range));
  EXPECT_FALSE(numbers_.is_owed(numbers_.epoch(), range));
  EXPECT_FALSE(numbers_.hand_in(range));
}

TEST_F(DrawnNumbersTest, BehindOthersThatAreOwedMustWait) {
  const NumberRange first = promised(1), second = promised(1);
  EXPECT_TRUE(numbers_.hand_in(second));
  EXPECT_TRUE(numbers_.is_one_owed_before(second.first));
  EXPECT_TRUE(numbers_.hand_in(first));
  EXPECT_FALSE(numbers_.is_one_owed_before(second.first));
}

TEST_F(DrawnNumbersTest, OfAnEpochThatEndedAreWorthless) {
  be_at(10, 5);
  const NumberRange range = promised(2);
  const std::uint64_t epoch = numbers_.epoch();
  numbers_.end_epoch();
  EXPECT_FALSE(numbers_.is_owed(epoch, range));
  EXPECT_FALSE(numbers_.hand_in(range));
  numbers_.open_lease(true);
  EXPECT_EQ(DrawnNumbers::worthless, numbers_.draw(epoch));
  EXPECT_EQ(11, numbers_.draw(numbers_.epoch()));
}

// File X loses to another host while A's lease is open, draws anew, and A hands in before X does.
TEST_F(DrawnNumbersTest, DrawnAfterTheEpochEndedAreNotTakenForThoseOfTheNext) {
  be_at(10, 5);
  const NumberRange first_of_x = promised(1);
  ASSERT_TRUE(numbers_.hand_in(first_of_x));
  numbers_.open_lease(true);  // A's
  const std::uint64_t epoch_of_a = numbers_.epoch();
  numbers_.seen(11, 6, true);  // the other host's
  numbers_.end_epoch();
  NumberRange of_a;
  of_a.first = numbers_.draw(epoch_of_a);
  of_a.last = numbers_.draw(epoch_of_a);
  numbers_.promise(epoch_of_a, of_a);
  const NumberRange of_x = promised(1);
  EXPECT_EQ(12, of_x.first);
  EXPECT_FALSE(numbers_.hand_in(of_a)) << "two records would have one number";
  EXPECT_TRUE(numbers_.hand_in(of_x));
}

TEST_F(DrawnNumbersTest, DrawnPartlyAfterTheEpochEndedAreWorthless) {
  be_at(10, 5);
  numbers_.open_lease(true);
  const std::uint64_t epoch_before = numbers_.epoch();
  NumberRange before;
  before.first = numbers_.draw(epoch_before);
  numbers_.end_epoch();
  before.last = numbers_.draw(epoch_before);
  numbers_.promise(epoch_before, before);
  promised(3);
  EXPECT_FALSE(numbers_.hand_in(before));
}

TEST_F(DrawnNumbersTest, FollowTheCounterThatOthersPut) {
  be_at(10, 5);
  be_at(20, 9);
  EXPECT_EQ(21, promised(1).first);
  be_at(15, 7);
  EXPECT_EQ(9, numbers_.revision()) << "an older state is passed over";
  EXPECT_EQ(20, numbers_.durable());
}

TEST_F(DrawnNumbersTest, DoNotFollowItWhileSomeAreInSomebodysHands) {
  be_at(10, 5);
  promised(2);
  be_at(11, 6);
  EXPECT_EQ(13, promised(1).first);
  numbers_.end_epoch();
  EXPECT_EQ(12, promised(1).first);
}

TEST_F(DrawnNumbersTest, DoNotFollowItWhileSomeAreHandedInAndNotSent) {
  be_at(10, 5);
  const NumberRange range = promised(2);
  ASSERT_TRUE(numbers_.hand_in(range));
  numbers_.seen(11, 6, false);
  numbers_.open_lease(false);
  EXPECT_EQ(13, numbers_.draw(numbers_.epoch()));
}

TEST_F(DrawnNumbersTest, DoNotFollowItWhileALeaseIsOpen) {
  be_at(10, 5);
  numbers_.open_lease(true);
  EXPECT_EQ(11, numbers_.draw(numbers_.epoch()));
  be_at(10, 6);
  EXPECT_EQ(12, numbers_.draw(numbers_.epoch()));
}

TEST_F(DrawnNumbersTest, PassOverAnOlderRevisionThatWasWritten) {
  be_at(20, 9);
  numbers_.written(15, 8);
  EXPECT_EQ(20, numbers_.durable());
  EXPECT_EQ(9, numbers_.revision());
}

TEST_F(DrawnNumbersTest, OfAnEpochThatEndedAreNotPromised) {
  be_at(10, 5);
  const std::uint64_t epoch = numbers_.epoch();
  numbers_.open_lease(true);
  const std::int64_t number = numbers_.draw(epoch);
  numbers_.end_epoch();
  numbers_.promise(epoch, {number, number});
  EXPECT_FALSE(numbers_.are_some_owed());
  EXPECT_FALSE(numbers_.is_lease_open());
}

TEST_F(DrawnNumbersTest, NeverComeAgainWhenTheCounterWasSetBackOrDeleted) {
  be_at(10, 5);
  be_at(3, 6);
  EXPECT_EQ(6, numbers_.revision());
  EXPECT_EQ(11, promised(1).first);
  numbers_.counter_is_gone();
  EXPECT_EQ(0, numbers_.revision());
  EXPECT_EQ(10, numbers_.durable());
}

TEST_F(DrawnNumbersTest, AreDurableOnceWritten) {
  const NumberRange range = promised(4);
  ASSERT_TRUE(numbers_.hand_in(range));
  numbers_.written(range.last, 8);
  EXPECT_EQ(range.last, numbers_.durable());
  EXPECT_EQ(8, numbers_.revision());
}

TEST_F(DrawnNumbersTest, EndWithTheLargest) {
  be_at(largest_g, 5);
  numbers_.open_lease(true);
  try {
    numbers_.draw(numbers_.epoch());
    FAIL() << "a number beyond the largest";
  } catch (const Rejection& rejection) {
    EXPECT_EQ(Cause::read_only, rejection.cause());
  }
}

}  // namespace
}  // namespace statusfs
