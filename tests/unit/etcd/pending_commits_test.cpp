// What is ready goes into one transaction, as far as etcd takes it.
#include "fs/store/etcd/pending_commits.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

class PendingCommitsTest : public ::testing::Test {
 protected:
  std::shared_ptr<PendingCommit> add(std::int64_t first_g, std::int64_t last_g, std::size_t puts = 2,
                                     std::size_t size = 2000) {
    auto commit = std::make_shared<PendingCommit>();
    commit->request.first_g = first_g;
    commit->request.last_g = last_g;
    commit->request.puts.resize(puts);
    commit->request.size = size;
    pending_.add(commit, now_);
    return commit;
  }

  PendingCommits pending_;
  PendingCommits::Clock::time_point now_ = PendingCommits::Clock::now();
};

TEST_F(PendingCommitsTest, AreTakenInTheOrderOfTheirNumbersUpToAGap) {
  add(13, 13);
  add(10, 12);
  add(15, 15);
  EXPECT_EQ(10, pending_.first_g());
  const CommitBatch batch = pending_.take();
  ASSERT_EQ(2u, batch.size());
  EXPECT_EQ(10, batch[0]->request.first_g);
  EXPECT_EQ(13, batch[1]->request.first_g);
  EXPECT_EQ(15, pending_.first_g());
}

TEST_F(PendingCommitsTest, AreNoMoreThanEtcdTakesAtOnce) {
  for (std::int64_t g = 1; g <= 3; ++g) add(g, g, 50);
  EXPECT_EQ(2u, pending_.take().size()) << "120 operations";
  EXPECT_EQ(1u, pending_.take().size());
  for (std::int64_t g = 1; g <= 3; ++g) add(g, g, 2, 500 * 1024);
  EXPECT_EQ(2u, pending_.take().size()) << "1 MiB";
}

TEST_F(PendingCommitsTest, OneIsTakenHoweverLargeItIs) {
  add(1, 1, 500, 10'000'000);
  EXPECT_EQ(1u, pending_.take().size());
  EXPECT_TRUE(pending_.is_empty());
}

TEST_F(PendingCommitsTest, AreTakenSinglyForAsLongAsWasAskedFor) {
  for (std::int64_t g = 1; g <= 5; ++g) add(g, g);
  pending_.take_singly(2);
  EXPECT_EQ(1u, pending_.take().size());
  EXPECT_EQ(1u, pending_.take().size());
  EXPECT_EQ(3u, pending_.take().size());
}

TEST_F(PendingCommitsTest, GatherFromTheFirstOnAndNotLonger) {
  add(1, 1);
  const auto by = pending_.gathered_by();
  EXPECT_GT(by, now_);
  now_ += std::chrono::milliseconds(3);
  add(2, 2);
  EXPECT_EQ(by, pending_.gathered_by());
  pending_.take();
  add(3, 3);
  EXPECT_EQ(by + std::chrono::milliseconds(3), pending_.gathered_by());
}

TEST_F(PendingCommitsTest, ThatAreGivenUpAreAllTold) {
  const auto one = add(1, 1), two = add(5, 6);
  pending_.give_up({StoreStatus::lost, "no quorum", 0});
  EXPECT_TRUE(pending_.is_empty());
  for (const auto& commit : {one, two}) {
    ASSERT_TRUE(commit->outcome);
    EXPECT_EQ(StoreStatus::lost, commit->outcome->status);
    EXPECT_EQ("no quorum", commit->outcome->reason);
  }
}

}  // namespace
}  // namespace statusfs
