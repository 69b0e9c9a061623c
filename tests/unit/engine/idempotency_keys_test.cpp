#include "fs/engine/idempotency_keys.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cerrno>
#include <system_error>

#include "fs/store/timestamp.hpp"
#include "mapping/chain/journal_record.hpp"
#include "tests/unit/expect_refused.hpp"

namespace statusfs {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

// Nothing but lines, and how many of them were asked for.
class Lines final : public Store {
 public:
  std::vector<std::string> lines;  // oldest first
  std::size_t visited = 0;
  std::optional<std::size_t> readable;  // so many of them; then reading fails

  void visit_records_backwards(const std::function<bool(std::string_view line)>& visit) override {
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      if (visited == readable) throw std::system_error(EIO, std::system_category(), "the journal");
      ++visited;
      if (!visit(*line)) return;
    }
  }
  StoredFile load() override { return {}; }
  StoreResult prepare() override { return {}; }
  StoreResult commit(std::uint64_t, std::span<const CommitEntry>) override { return {}; }
  std::optional<ForeignChange> foreign_change() override { return std::nullopt; }
  void accept_foreign() override {}
  StoreResult write_over_accepted() override { return {}; }
  void withdraw_acceptance() override {}
  StoreResult set_foreign_aside(std::string&) override { return {}; }
  StoreResult begin(const CommitEntry&) override { return {}; }
  StoreResult recheck() override { return {}; }
  StoreResult settle() override { return {}; }
  bool looks_changed() override { return false; }
  std::vector<std::string> take_notices() override { return {}; }
  void read_records(std::uint64_t, const std::function<bool(std::string_view record)>&) override {}
  std::string read_foreign(const std::string&) override { return {}; }
};

std::string line(const std::optional<std::string>& key, hours age, const std::string& path = "achievements") {
  JournalRecord record;
  record.time = format_timestamp(system_clock::now() - age);
  record.path = path;
  record.author.uid = 7;
  record.patch = Value::array();
  if (key) record.idempotency = IdempotencyMark{*key, "hash of " + *key};
  return encode_record(record);
}

class IdempotencyKeysTest : public ::testing::Test {
 protected:
  Lines store_;
  IdempotencyKeys keys_{store_};
};

TEST_F(IdempotencyKeysTest, AreReadFromTheJournalWhenTheFirstIsAskedFor) {
  store_.lines = {line("a", hours(2)), line(std::nullopt, hours(1)), line("b \"quoted\"", hours(0))};
  EXPECT_EQ(0u, store_.visited);
  EXPECT_EQ("hash of a", keys_.find(7, "achievements", "a"));
  EXPECT_EQ("hash of b \"quoted\"", keys_.find(7, "achievements", "b \"quoted\""));
  EXPECT_EQ(std::nullopt, keys_.find(7, "achievements", "c"));
  EXPECT_EQ(std::nullopt, keys_.find(8, "achievements", "a"));
  EXPECT_EQ(std::nullopt, keys_.find(7, "patch", "a"));
  EXPECT_EQ(3u, store_.visited);
}

TEST_F(IdempotencyKeysTest, AJournalThatCannotBeReadRefusesAndIsReadAgain) {
  store_.lines = {line("a", hours(2)), line("b", hours(1))};
  for (const std::size_t readable : {0u, 1u}) {
    store_.readable = readable;
    store_.visited = 0;
    expect_refused(Cause::io_failure, {"the keys in the journal cannot be read", "the journal"},
                   [&] { keys_.find(7, "achievements", "b"); });
  }
  store_.readable.reset();
  EXPECT_EQ("hash of a", keys_.find(7, "achievements", "a"));
  EXPECT_EQ("hash of b", keys_.find(7, "achievements", "b"));
}

TEST_F(IdempotencyKeysTest, TheJournalIsReadNoFurtherThanADay) {
  store_.lines = {line("older", hours(27)), line("old", hours(25)), line("new", hours(23))};
  EXPECT_EQ("hash of new", keys_.find(7, "achievements", "new"));
  EXPECT_EQ(std::nullopt, keys_.find(7, "achievements", "old"));
  EXPECT_EQ(2u, store_.visited);
}

TEST_F(IdempotencyKeysTest, AreForgottenAfterADay) {
  EXPECT_EQ(std::nullopt, keys_.find(7, "p", "k"));
  keys_.add(7, "p", {"k", "h"}, system_clock::now() - hours(25));
  EXPECT_EQ(std::nullopt, keys_.find(7, "p", "k"));
  keys_.add(7, "p", {"k", "h"}, system_clock::now());
  EXPECT_EQ("h", keys_.find(7, "p", "k"));
}

TEST_F(IdempotencyKeysTest, OnlyTheLastTenThousandAreKept) {
  for (std::size_t i = 0; i < IdempotencyKeys::most_keys + 2; ++i)
    store_.lines.push_back(line("k" + std::to_string(i), hours(0)));
  EXPECT_EQ(std::nullopt, keys_.find(7, "achievements", "k1"));
  EXPECT_EQ("hash of k2", keys_.find(7, "achievements", "k2"));
  EXPECT_EQ(IdempotencyKeys::most_keys, store_.visited);
  keys_.add(7, "achievements", {"another", "h"}, system_clock::now());
  EXPECT_EQ(std::nullopt, keys_.find(7, "achievements", "k2"));
  EXPECT_EQ("hash of k3", keys_.find(7, "achievements", "k3"));
}

TEST_F(IdempotencyKeysTest, WhatHasNoRecordOutlivesAnotherReadingOfTheJournal) {
  store_.lines = {line("a", hours(2))};
  EXPECT_EQ("hash of a", keys_.find(7, "achievements", "a"));
  keys_.add(7, "p", {"changed nothing", "h"}, system_clock::now());
  keys_.confirm();
  store_.lines.push_back(line("b", hours(1)));
  keys_.read_again();
  EXPECT_EQ("hash of a", keys_.find(7, "achievements", "a"));
  EXPECT_EQ("hash of b", keys_.find(7, "achievements", "b"));
  EXPECT_EQ("h", keys_.find(7, "p", "changed nothing"));
}

TEST_F(IdempotencyKeysTest, WhatDidNotBecomeDurableIsTakenBack) {
  EXPECT_EQ(std::nullopt, keys_.find(7, "p", "k"));
  keys_.add(7, "p", {"kept", "h"}, system_clock::now());
  keys_.confirm();
  keys_.add(7, "p", {"lost", "h"}, system_clock::now());
  EXPECT_EQ("h", keys_.find(7, "p", "lost"));
  keys_.take_back();
  EXPECT_EQ(std::nullopt, keys_.find(7, "p", "lost"));
  EXPECT_EQ("h", keys_.find(7, "p", "kept"));
}

TEST_F(IdempotencyKeysTest, WhatIsTakenBackLeavesNothingBehind) {
  EXPECT_EQ(std::nullopt, keys_.find(7, "p", "k"));
  const std::string path(1000, 'p');
  const auto memory = [] { return ::mallinfo2().uordblks; };
  const std::size_t before = memory();
  for (int round = 0; round < 10'000; ++round) {
    keys_.add(7, path, {std::to_string(round), "h"}, system_clock::now());
    keys_.take_back();
  }
  EXPECT_LT(memory(), before + 1'000'000);
}

}  // namespace
}  // namespace statusfs
