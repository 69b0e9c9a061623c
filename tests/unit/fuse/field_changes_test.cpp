// What is remembered of the changes of files, and for how long.
#include "fs/fuse/field_changes.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

constexpr std::uint64_t top = 10, task = 20, other_task = 30;
constexpr ChangedFile beside{11, top, 0}, in_task{21, top, task}, in_other{31, top, other_task};

class FieldChangesTest : public ::testing::Test {
 protected:
  void change(const ChangedFile& file, int seconds) { changes_.add({&file, 1}, at(seconds)); }
  static FieldChanges::Time at(int seconds) { return FieldChanges::Time(std::chrono::seconds(seconds)); }

  FieldChanges changes_;
};

TEST_F(FieldChangesTest, CountsChangesAndKnowsTheLast) {
  EXPECT_EQ(std::nullopt, changes_.time_of(beside.number));
  change(beside, 5);
  change(beside, 7);
  EXPECT_EQ(at(7), changes_.time_of(beside.number));
  EXPECT_EQ(2u, changes_.count_of(beside.number));
}

TEST_F(FieldChangesTest, ForgetsTasksThatAreGone) {
  for (const ChangedFile& file : {beside, in_task, in_other}) change(file, 1);
  changes_.forget_tasks({task});
  EXPECT_EQ(2u, changes_.size());
  EXPECT_EQ(at(1), changes_.time_of(in_other.number));
  changes_.keep_tasks(top, {task});
  EXPECT_EQ(1u, changes_.size());
  EXPECT_EQ(at(1), changes_.time_of(beside.number));
  changes_.forget_top(top);
  EXPECT_EQ(0u, changes_.size());
}

TEST_F(FieldChangesTest, TasksThatComeAndGoTakeNoMoreRoom) {
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    change({number, top, number + 5000}, 1);
    changes_.forget_tasks({number + 5000});
  }
  EXPECT_EQ(0u, changes_.size());
}

// Each of them looked at for each other one would take longer than a test may.
TEST_F(FieldChangesTest, ManyTasksThatGoOneByOneAreForgottenAtOnce) {
  constexpr std::uint64_t count = 400'000, first_task = 1'000'000;
  for (std::uint64_t number = 1; number <= count; ++number) change({number, top, first_task + number}, 1);
  for (std::uint64_t number = 1; number <= count; ++number) changes_.forget_tasks({first_task + number});
  EXPECT_EQ(0u, changes_.size());
}

TEST_F(FieldChangesTest, WhatIsOpenIsForgottenWithItsTaskOnceThatIsKnown) {
  changes_.opened(in_task.number);
  changes_.forget_tasks({task});
  change(in_task, 1);
  changes_.forget_tasks({task});
  changes_.forget_tasks({task});
  EXPECT_EQ(1u, changes_.size());
  changes_.closed(in_task.number, 1);
  EXPECT_EQ(0u, changes_.size());
}

TEST_F(FieldChangesTest, RemembersWhatIsOpenUntilItIsClosed) {
  change(in_task, 1);
  const std::uint64_t seen = changes_.opened(in_task.number);
  EXPECT_FALSE(changes_.changed_and_wait(in_task.number, seen, 1, nullptr));
  change(in_task, 2);  // it is removed
  changes_.forget_tasks({task});
  EXPECT_TRUE(changes_.changed_and_wait(in_task.number, seen, 1, nullptr));
  changes_.closed(in_task.number, 1);
  EXPECT_EQ(0u, changes_.size());
}

TEST_F(FieldChangesTest, ATaskThatIsMadeAgainIsRemembered) {
  change(in_task, 1);
  changes_.opened(in_task.number);
  changes_.forget_tasks({task});
  change(in_task, 3);
  changes_.closed(in_task.number, 1);
  EXPECT_EQ(at(3), changes_.time_of(in_task.number));
}

TEST_F(FieldChangesTest, OpeningWhatNeverChangedLeavesNothing) {
  EXPECT_EQ(0u, changes_.opened(beside.number));
  EXPECT_EQ(std::nullopt, changes_.time_of(beside.number));
  changes_.closed(beside.number, 1);
  EXPECT_EQ(0u, changes_.size());
}

}  // namespace
}  // namespace statusfs
