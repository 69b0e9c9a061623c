// The line of hosts that write at once: everybody has its turn, and nobody waits for one who is gone.
#include "fs/store/etcd/waiting_line.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

using std::chrono::milliseconds;

class WaitingLineTest : public ::testing::Test {
 protected:
  static WaitingLine::Clock::time_point at(int milliseconds_later) {
    return WaitingLine::Clock::time_point{} + std::chrono::hours(1) + milliseconds(milliseconds_later);
  }
  static int longest() { return static_cast<int>(WaitingLine::shortest_patience.count()); }
  bool is_our_turn(int milliseconds_later) { return line_.is_our_turn(at(milliseconds_later)); }

  WaitingLine line_{"us"};
};

TEST_F(WaitingLineTest, AnEmptyOneKeepsNobodyBack) {
  EXPECT_TRUE(is_our_turn(0));
  EXPECT_FALSE(line_.turn_of_other_ends());
  EXPECT_EQ(0u, line_.others());
}

TEST_F(WaitingLineTest, WhoIsNotInItComesAfterAll) {
  line_.joined("other", 5, at(0));
  EXPECT_FALSE(is_our_turn(1));
  EXPECT_EQ(at(longest()), line_.turn_of_other_ends());
  line_.left("other", 6, at(2));
  EXPECT_TRUE(is_our_turn(3));
}

TEST_F(WaitingLineTest, IsServedInTheOrderOfRevisions) {
  line_.joined("late", 9, at(0));
  line_.joined("us", 7, at(0));
  line_.joined("early", 5, at(0));
  EXPECT_TRUE(line_.are_we_in());
  EXPECT_EQ(2u, line_.others());
  EXPECT_FALSE(is_our_turn(1));
  line_.joined("early", 10, at(2));  // it wrote, and goes to the end
  EXPECT_TRUE(is_our_turn(3));
  line_.joined("us", 11, at(4));
  EXPECT_FALSE(is_our_turn(5));
}

TEST_F(WaitingLineTest, PassesOverWhoDoesNotUseItsTurnUntilItJoinsAnew) {
  line_.joined("dead", 5, at(0));
  line_.joined("other", 6, at(0));
  EXPECT_FALSE(is_our_turn(longest() - 1));
  EXPECT_FALSE(is_our_turn(longest())) << "now it is the other's turn";
  EXPECT_FALSE(is_our_turn(2 * longest() - 1));
  line_.left("other", 7, at(2 * longest() - 1));
  EXPECT_TRUE(is_our_turn(2 * longest() - 1));
  line_.joined("dead", 8, at(2 * longest()));
  EXPECT_FALSE(is_our_turn(2 * longest()));
}

TEST_F(WaitingLineTest, IsMorePatientWhereTransactionsTakeLong) {
  line_.transaction_took(milliseconds(longest()));
  line_.joined("slow", 5, at(0));
  EXPECT_FALSE(is_our_turn(4 * longest() - 1));
  EXPECT_TRUE(is_our_turn(4 * longest()));
  line_.transaction_took(milliseconds(1));
  line_.joined("quick", 6, at(0));
  EXPECT_TRUE(is_our_turn(longest()));
}

TEST_F(WaitingLineTest, WaitsLongerForWhoWasTooSlowAndCameBack) {
  line_.joined("slow", 5, at(0));
  EXPECT_TRUE(is_our_turn(longest()));
  line_.joined("slow", 6, at(200));
  EXPECT_EQ(at(200 + 2 * longest()), line_.turn_of_other_ends());
  EXPECT_FALSE(is_our_turn(200 + 2 * longest() - 1));
  line_.joined("slow", 7, at(350));  // it wrote
  EXPECT_EQ(at(350 + 2 * longest()), line_.turn_of_other_ends());
  line_.left("slow", 8, at(400));
  line_.joined("slow", 9, at(400));
  EXPECT_EQ(at(400 + longest()), line_.turn_of_other_ends());
}

TEST_F(WaitingLineTest, WaitsForNobodyForEver) {
  int now = 0;
  for (int round = 0; round < 10; ++round) {
    line_.joined("slow", 5 + round, at(now));
    now += 8 * longest();
    EXPECT_TRUE(is_our_turn(now));
  }
}

TEST_F(WaitingLineTest, NewsThatAreOlderThanWhatIsKnownChangeNothing) {
  line_.joined("other", 5, at(0));
  line_.left("other", 4, at(1));
  EXPECT_EQ(1u, line_.others());
  line_.joined("us", 8, at(2));
  line_.left("us", 10, at(3));
  line_.joined("us", 9, at(4));  // the watch is behind what our own transaction said
  EXPECT_FALSE(line_.are_we_in());
}

TEST_F(WaitingLineTest, NewsOfOthersBehindDoNotProlongATurn) {
  line_.joined("other", 5, at(0));
  line_.joined("third", 6, at(longest() / 2));
  EXPECT_EQ(at(longest()), line_.turn_of_other_ends());
}

TEST_F(WaitingLineTest, ForgetsOfOthersWhatItMayHaveMissed) {
  line_.joined("other", 5, at(0));
  line_.joined("us", 6, at(0));
  line_.forget_others(at(1));
  EXPECT_TRUE(line_.are_we_in()) << "our own place is ours to give up";
  EXPECT_EQ(0u, line_.others());
  EXPECT_TRUE(is_our_turn(1));
}

TEST_F(WaitingLineTest, TransactionsTakeNoPlaceWhileNobodyElseWrites) {
  const LineChange change = line_.change(77, at(0));
  EXPECT_EQ(77, change.lease);
  EXPECT_FALSE(change.goes_to_end);
  EXPECT_FALSE(change.leaves);
  line_.won(change, 5, at(1));
  EXPECT_FALSE(line_.are_we_in());
}

TEST_F(WaitingLineTest, ALostRaceTakesAPlaceAndTheNextTransactionGoesToTheEnd) {
  line_.lost(line_.change(77, at(0)), 5, at(1));
  EXPECT_TRUE(line_.are_we_in());
  const LineChange change = line_.change(77, at(2));
  EXPECT_TRUE(change.goes_to_end);
  line_.joined("other", 6, at(3));
  line_.won(change, 7, at(4));
  EXPECT_FALSE(is_our_turn(5)) << "the other is before us now";
}

TEST_F(WaitingLineTest, ThePlaceIsGivenUpWhenNobodyElseWroteForAWhile) {
  line_.lost(line_.change(77, at(0)), 5, at(0));
  const LineChange change = line_.change(77, at(1000));
  EXPECT_FALSE(change.goes_to_end);
  EXPECT_TRUE(change.leaves);
  line_.won(change, 6, at(1001));
  EXPECT_FALSE(line_.are_we_in());
}

TEST_F(WaitingLineTest, NoPlaceIsTakenWithoutALease) {
  line_.lost({}, 0, at(0));
  EXPECT_FALSE(line_.are_we_in());
  line_.joined("other", 5, at(1));
  EXPECT_FALSE(line_.change(0, at(2)).goes_to_end);
}

TEST_F(WaitingLineTest, JoiningAloneIsDueWhereSeveralOthersGoRound) {
  line_.joined("one", 5, at(0));
  EXPECT_FALSE(line_.is_joining_due(at(1)));
  line_.joined("two", 6, at(1));
  EXPECT_TRUE(line_.is_joining_due(at(2)));
  line_.could_not_change(at(2));
  EXPECT_FALSE(line_.is_joining_due(at(3)));
  EXPECT_TRUE(line_.is_joining_due(at(2 + longest())));
  line_.joined_alone(7, at(3));
  EXPECT_FALSE(line_.is_joining_due(at(2 + longest())));
}

TEST_F(WaitingLineTest, JoiningAloneIsDueForWhoLosesAgainAndAgainBeforeItSends) {
  EXPECT_FALSE(line_.is_joining_due(at(0)));
  line_.lost_unsent(at(0));
  EXPECT_FALSE(line_.is_joining_due(at(1))) << "once is by chance";
  line_.lost_unsent(at(2));
  EXPECT_TRUE(line_.is_joining_due(at(3))) << "though nobody else is in the line";
  line_.could_not_change(at(3));
  EXPECT_FALSE(line_.is_joining_due(at(4)));
  line_.joined_alone(5, at(5));
  EXPECT_FALSE(line_.is_joining_due(at(3 + longest())));
  const LineChange change = line_.change(77, at(6));
  EXPECT_TRUE(change.goes_to_end) << "others write, too";
}

TEST_F(WaitingLineTest, LossesBeforeSendingCountWhileNothingIsWon) {
  for (int time = 0; time < 10; ++time) {
    line_.lost_unsent(at(time));
    EXPECT_FALSE(line_.is_joining_due(at(time)));
    line_.won({}, 5 + time, at(time));
  }
}

TEST_F(WaitingLineTest, WhoIsPassedOverAgainAndAgainJoinsAnew) {
  line_.joined_alone(5, at(0));
  line_.lost_unsent(at(1));
  line_.lost_unsent(at(2));
  EXPECT_TRUE(line_.are_we_in());
  EXPECT_TRUE(line_.is_joining_due(at(3)));
  line_.joined_alone(6, at(4));
  EXPECT_FALSE(line_.is_joining_due(at(5)));
}

TEST_F(WaitingLineTest, WhoIsPassedOverDoesNotCountAsWriting) {
  line_.joined("dead", 5, at(0));
  EXPECT_TRUE(is_our_turn(longest()));
  EXPECT_EQ(0u, line_.others());
  EXPECT_FALSE(line_.change(77, at(longest())).goes_to_end);
}

TEST_F(WaitingLineTest, LeavingAloneIsDueWhereItIsOurTurn) {
  EXPECT_FALSE(line_.is_leaving_due(at(0)));
  line_.joined("other", 4, at(0));
  line_.joined_alone(5, at(0));
  EXPECT_FALSE(line_.is_leaving_due(at(1)));
  line_.left("other", 6, at(2));
  EXPECT_TRUE(line_.is_leaving_due(at(3)));
  line_.left_alone(7, at(4));
  EXPECT_FALSE(line_.is_leaving_due(at(5)));
}

}  // namespace
}  // namespace statusfs
