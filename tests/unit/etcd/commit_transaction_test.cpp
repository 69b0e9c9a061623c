// The transactions of a mutation, and what their answers mean: README.md of fs/store/etcd.
#include "fs/store/etcd/commit_transaction.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

using Found = FenceResult::Kind;

class CommitTransactionTest : public ::testing::Test {
 protected:
  static std::shared_ptr<PendingCommit> file(const std::string& name, std::int64_t head_revision, std::int64_t first_g,
                                             std::int64_t last_g) {
    const auto item = std::make_shared<PendingCommit>();
    CommitRequest& request = item->request;
    request.name = name;
    request.head_key = "/p/head/" + name;
    request.head_revision = head_revision;
    request.first_g = first_g;
    request.last_g = last_g;
    request.record_key = "/p/record/" + name;
    request.record = "the record of " + name;
    request.puts = {{request.record_key, request.record}, {request.head_key, "head"}};
    return item;
  }
  static EtcdRangeResult read(std::vector<EtcdKeyValue> entries) { return {0, false, std::move(entries)}; }
  static EtcdTransactionResult lost(std::vector<EtcdRangeResult> reads) { return {50, false, std::move(reads)}; }
  static EtcdTransactionResult won(std::vector<EtcdRangeResult> reads) { return {50, true, std::move(reads)}; }

  const CommitKeys keys_{"/p/counter", "/p/waiting/here"};
  const CommitBatch batch_{file("one", 7, 11, 12), file("two", 9, 13, 13)};
};

TEST_F(CommitTransactionTest, ComparesCounterAndHeadsAndPutsAll) {
  const EtcdTransaction transaction = commit_transaction(keys_, batch_, 40, {});
  ASSERT_EQ(3u, transaction.compare.size());
  EXPECT_EQ("/p/counter", transaction.compare[0].key);
  EXPECT_EQ(40, transaction.compare[0].modified);
  EXPECT_EQ("/p/head/one", transaction.compare[1].key);
  EXPECT_EQ(7, transaction.compare[1].modified);
  EXPECT_EQ("/p/head/two", transaction.compare[2].key);
  EXPECT_EQ(9, transaction.compare[2].modified);
  ASSERT_EQ(5u, transaction.puts.size());
  EXPECT_EQ("/p/counter", transaction.puts[0].key);
  EXPECT_EQ("13", transaction.puts[0].value);
  EXPECT_EQ("/p/record/one", transaction.puts[1].key);
  EXPECT_EQ("/p/head/two", transaction.puts[4].key);
  ASSERT_EQ(4u, transaction.otherwise.size());
  EXPECT_EQ("/p/record/two", transaction.otherwise[3].first);
}

TEST_F(CommitTransactionTest, TakesNoPlaceInTheLineWithoutALease) {
  const EtcdTransaction transaction = commit_transaction(keys_, batch_, 40, {});
  EXPECT_EQ(5u, transaction.puts.size());
  EXPECT_TRUE(transaction.otherwise_puts.empty());
}

TEST_F(CommitTransactionTest, TakesAPlaceInTheLineWhenItLoses) {
  const EtcdTransaction transaction = commit_transaction(keys_, batch_, 40, {77, false, false});
  ASSERT_EQ(1u, transaction.otherwise_puts.size());
  EXPECT_EQ("/p/waiting/here", transaction.otherwise_puts[0].key);
  EXPECT_EQ(77, transaction.otherwise_puts[0].lease);
  EXPECT_EQ(5u, transaction.puts.size());
  EXPECT_TRUE(transaction.deletes.empty());
}

TEST_F(CommitTransactionTest, LeavesTheLineOrGoesToItsEndWhenItWins) {
  const EtcdTransaction leaving = commit_transaction(keys_, batch_, 40, {77, false, true});
  ASSERT_EQ(1u, leaving.deletes.size());
  EXPECT_EQ("/p/waiting/here", leaving.deletes[0].first);
  const EtcdTransaction going_on = commit_transaction(keys_, batch_, 40, {77, true, true});
  EXPECT_TRUE(going_on.deletes.empty());
  ASSERT_EQ(6u, going_on.puts.size());
  EXPECT_EQ("/p/waiting/here", going_on.puts[5].key);
}

TEST_F(CommitTransactionTest, ChangesThePlaceAlone) {
  const EtcdTransaction joining = joining_transaction(keys_, 77);
  ASSERT_EQ(1u, joining.puts.size());
  EXPECT_EQ("/p/waiting/here", joining.puts[0].key);
  EXPECT_EQ(77, joining.puts[0].lease);
  const EtcdTransaction leaving = leaving_transaction(keys_);
  ASSERT_EQ(1u, leaving.deletes.size());
  EXPECT_EQ("/p/waiting/here", leaving.deletes[0].first);
  EXPECT_TRUE(leaving.puts.empty());
}

TEST_F(CommitTransactionTest, TellsWhatItLostTo) {
  const auto result = lost({read({{"/p/counter", "20", 44}}), read({{"/p/head/one", "", 7}}), read({}), read({})});
  const auto counter = counter_of(result);
  ASSERT_TRUE(counter);
  EXPECT_EQ(20, counter->value);
  EXPECT_EQ(44, counter->revision);
  EXPECT_FALSE(did_head_move(batch_, 0, result));
  EXPECT_TRUE(did_head_move(batch_, 1, result)) << "a head that is gone moved";
  EXPECT_FALSE(did_head_move(batch_, 0, lost({}))) << "nothing is known of a transaction that was not sent";
  EXPECT_FALSE(counter_of(lost({read({}), read({}), read({}), read({})})));
  EXPECT_FALSE(revision_written(batch_, result));
  EXPECT_FALSE(revision_written(batch_, lost({})));
}

TEST_F(CommitTransactionTest, ThatLosesToItselfWasWritten) {
  const auto counter = read({{"/p/counter", "13", 44}});
  const auto one = read({{"/p/head/one", "", 44}}), two = read({{"/p/head/two", "", 44}});
  EXPECT_EQ(44,
            revision_written(batch_, lost({counter, one, two, read({{"/p/record/two", "the record of two", 44}})})));
  EXPECT_FALSE(revision_written(batch_, lost({counter, one, two, read({{"/p/record/two", "another record", 44}})})));
}

TEST_F(CommitTransactionTest, AFencePutsTheCounterAsItIs) {
  const EtcdTransaction fence = fence_transaction(keys_, batch_, 40);
  ASSERT_EQ(1u, fence.compare.size());
  EXPECT_EQ(40, fence.compare[0].modified);
  ASSERT_EQ(1u, fence.puts.size());
  EXPECT_EQ("10", fence.puts[0].value);
  ASSERT_EQ(2u, fence.otherwise.size());
  EXPECT_EQ("/p/record/two", fence.otherwise[1].first);
}

TEST_F(CommitTransactionTest, AFenceThatSucceedsKeepsTheTransactionOut) {
  const FenceResult found = fence_result(batch_, won({}));
  EXPECT_EQ(Found::not_applied, found.kind);
  ASSERT_TRUE(found.counter);
  EXPECT_EQ(10, found.counter->value);
  EXPECT_EQ(50, found.counter->revision);
}

TEST_F(CommitTransactionTest, AFenceThatFailsFindsTheRecordOrNot) {
  const auto counter = read({{"/p/counter", "13", 44}});
  const FenceResult applied = fence_result(batch_, lost({counter, read({{"/p/record/two", "the record of two", 44}})}));
  EXPECT_EQ(Found::applied, applied.kind);
  EXPECT_EQ(44, applied.revision);
  const FenceResult others = fence_result(batch_, lost({counter, read({{"/p/record/two", "another record", 44}})}));
  EXPECT_EQ(Found::not_applied, others.kind);
  const FenceResult none = fence_result(batch_, lost({counter, read({})}));
  EXPECT_EQ(Found::not_applied, none.kind);
  ASSERT_TRUE(none.counter);
  EXPECT_EQ(13, none.counter->value);
}

TEST_F(CommitTransactionTest, WithoutAFenceTheCounterDecides) {
  const auto own = read({{"/p/record/two", "the record of two", 44}}), none = read({});
  const FenceResult applied = result_without_fence(batch_, 40, read({{"/p/counter", "13", 44}}), own);
  EXPECT_EQ(Found::applied, applied.kind);
  EXPECT_EQ(44, applied.revision);
  const FenceResult others = result_without_fence(batch_, 40, read({{"/p/counter", "12", 43}}), none);
  EXPECT_EQ(Found::not_applied, others.kind);
  ASSERT_TRUE(others.counter);
  EXPECT_EQ(12, others.counter->value);
  EXPECT_EQ(Found::not_applied, result_without_fence(batch_, 40, none, none).kind) << "somebody deleted the counter";
  EXPECT_EQ(Found::undecided, result_without_fence(batch_, 40, read({{"/p/counter", "10", 40}}), none).kind)
      << "it may be on its way";
  EXPECT_EQ(Found::undecided, result_without_fence(batch_, 0, none, none).kind);
}

TEST_F(CommitTransactionTest, ACounterThatIsNoNumberIsNone) {
  EXPECT_EQ(12, counter_value("12"));
  EXPECT_EQ(0, counter_value("twelve"));
}

TEST_F(CommitTransactionTest, AnAnswerOfAnotherShapeIsNone) {
  EXPECT_EQ(Found::no_answer, fence_result(batch_, lost({})).kind);
}

}  // namespace
}  // namespace statusfs
