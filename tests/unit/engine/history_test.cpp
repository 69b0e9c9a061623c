// The versions of a chain that is spread over closed journals and a live one.
#include "fs/engine/history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <random>

#include "fs/store/local/closed_journals.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "tests/unit/engine/passing_store.hpp"
#include "tests/unit/store/chain_maker.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() : store_(path_, maker_.mapping(), files_, options()), history_(maker_.mapping(), store_) {
    EXPECT_EQ(0, ::mkdir(closed_journal_directory(path_).c_str(), 0700));
    take(maker_.first().record);
  }

  void make(int versions) {
    for (int version = 0; version < versions; ++version) take(maker_.next().record);
    write_text(path_ + ".journal", live_);
  }
  /// As rotation does: the lines go into a closed journal, and the next begins with the head once more.
  void close_journal() {
    JournalRecord last = decode_record(last_line_);
    const std::uint64_t first = *version_of_line(live_);
    write_text(closed_journal_directory(path_) + "/" + closed_journal_name(first, last.version),
               gzip_compressed(live_));
    last.op = std::string(rotation_op);
    last.record_previous = last.record_hash;
    last.patch = whole_document_patch(maker_.document()->root());
    live_ = encode_record(last) + "\n";
    maker_ = ChainMaker(maker_.document(), head_of(last));
  }
  LocalOptions options() const {
    LocalOptions options;
    options.closed_texts = texts_cache_;
    return options;
  }
  FileState state() const {
    FileState state;
    state.chained = true;
    state.head = maker_.head();
    return state;
  }
  void expect_version(std::uint64_t version) {
    const std::string& expected = texts_.at(version - first_);
    EXPECT_EQ(expected, history_.text(version)) << version;
    EXPECT_EQ(expected.size(), history_.attributes(state(), version).size) << version;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "exec_status_7.txt";
  PosixFiles files_;
  const std::shared_ptr<ClosedJournalTexts> texts_cache_ = std::make_shared<ClosedJournalTexts>(files_);
  ChainMaker maker_;
  LocalStore store_;
  History history_;
  const std::uint64_t first_ = maker_.head().version;
  std::vector<std::string> texts_;

 private:
  void take(const std::string& line) {
    last_line_ = line;
    (live_ += line) += '\n';
    texts_.push_back(maker_.text());
  }
  std::string live_, last_line_;
};

TEST_F(HistoryTest, EveryVersionInEveryOrderIsWhatItWas) {
  make(300);
  close_journal();
  make(300);
  close_journal();
  make(300);
  const auto range = history_.range(state());
  EXPECT_EQ(first_, range.first);
  EXPECT_EQ(first_ + 900, range.last);
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round)
    expect_version(std::uniform_int_distribution<std::uint64_t>(range.first, range.last)(random));
  for (std::uint64_t version = range.last; version >= range.last - 100; --version) expect_version(version);
  for (std::uint64_t version = range.first; version < range.first + 100; ++version) expect_version(version);
  expect_version(range.last);
}

// The bound is one of work: how many patches are applied, and how many closed journals inflated.
TEST_F(HistoryTest, EachLineIsAppliedAboutOnce) {
  for (int journal = 0; journal < 3; ++journal) {
    make(1000);
    close_journal();
  }
  make(1000);
  std::mt19937 random(11);
  const auto any = [&] { return std::uniform_int_distribution<std::uint64_t>(first_, first_ + 4000)(random); };
  constexpr std::uint64_t opens = 400, lines = 4004, distance = 64;
  for (std::uint64_t open = 0; open < opens; ++open) {
    const std::uint64_t before = history_.patches_applied();
    expect_version(any());
    EXPECT_LE(history_.patches_applied() - before, 1001u) << "never more than one journal has";
  }
  EXPECT_LE(history_.patches_applied(), lines + opens * distance);
  EXPECT_LE(texts_cache_->inflated(), 3u);
}

TEST_F(HistoryTest, AVersionReadsItsOwnJournalAlone) {
  for (int journal = 0; journal < 4; ++journal) {
    make(100);
    close_journal();
  }
  make(1);
  EXPECT_EQ(first_ + 401, history_.range(state()).last);
  EXPECT_EQ(0u, texts_cache_->inflated());
  expect_version(first_ + 150);
  expect_version(first_ + 199);
  expect_version(first_ + 101);
  EXPECT_EQ(1u, texts_cache_->inflated());
  history_.read_attributes(state());
  EXPECT_EQ(4u, texts_cache_->inflated());
  for (std::uint64_t version = first_; version <= first_ + 400; version += 50) expect_version(version);
  EXPECT_EQ(4u, texts_cache_->inflated());
}

TEST_F(HistoryTest, WhoeverReadTheLogOpensAnyVersionWithFewPatches) {
  for (int journal = 0; journal < 2; ++journal) {
    make(1000);
    close_journal();
  }
  history_.log_size(state());
  for (std::uint64_t version = first_; version <= first_ + 2000; version += 77) {
    const std::uint64_t before = history_.patches_applied();
    expect_version(version);
    EXPECT_LE(history_.patches_applied() - before, 64u) << version;
  }
  EXPECT_LE(texts_cache_->inflated(), 2u);
}

TEST_F(HistoryTest, NewVersionsAreFollowed) {
  make(10);
  expect_version(first_ + 10);
  EXPECT_EQ(first_ + 10, history_.range(state()).last);
  const std::uint64_t size = history_.log_size(state());
  const FileState earlier = state();
  make(5);
  expect_version(first_ + 15);
  EXPECT_LT(size, history_.log_size(state()));
  EXPECT_EQ(size, history_.log_size(earlier)) << "a state sees its own versions alone";
  EXPECT_EQ(history_.log_size(state()), history_.log(state()).size());
  EXPECT_EQ(first_ + 10, history_.range(earlier).last);
}

TEST_F(HistoryTest, AJournalThatLacksALineIsSaidSo) {
  make(10);
  std::string text = read_text(path_ + ".journal");
  std::size_t cut = 0;
  for (int line = 0; line < 5; ++line) cut = text.find('\n', cut) + 1;
  text.erase(cut, text.find('\n', cut) + 1 - cut);
  write_text(path_ + ".journal", text);
  EXPECT_THROW(history_.read_attributes(state()), Rejection);
  EXPECT_THROW(history_.attributes(state(), first_ + 9), Rejection);
  EXPECT_THROW(history_.text(first_ + 9), Rejection);
  EXPECT_NO_THROW(history_.text(first_ + 3));
}

TEST_F(HistoryTest, AClosedJournalThatIsMissingHidesNoOther) {
  for (int journal = 0; journal < 3; ++journal) {
    make(10);
    close_journal();
  }
  make(5);
  const std::string directory = closed_journal_directory(path_) + "/";
  const std::string missing = closed_journal_name(first_ + 10, first_ + 20);
  ASSERT_TRUE(std::filesystem::remove(directory + missing));
  history_.read_attributes(state());
  for (std::uint64_t version = first_; version <= first_ + 35; ++version) {
    const bool is_missing = version > first_ + 10 && version < first_ + 20;
    EXPECT_EQ(history_.has(version), !is_missing) << version;
    if (is_missing) {
      EXPECT_THROW(history_.attributes(state(), version), Rejection) << version;
      EXPECT_THROW(history_.text(version), Rejection) << version;
    } else {
      EXPECT_LT(0u, history_.attributes(state(), version).size);
      expect_version(version);
    }
  }
  const std::string log = history_.log(state());
  const std::string gap = std::to_string(first_ + 10) + "-" + std::to_string(first_ + 20) + " is missing\n";
  EXPECT_NE(log.find(gap), std::string::npos) << log;
  EXPECT_EQ(std::ranges::count(log, '\n'), 11 + 1 + 15);
}

// A store whose journal takes long to read.
class SlowStore final : public PassingStore {
 public:
  using PassingStore::PassingStore;
  std::promise<void> is_reading;
  std::promise<void> may_go_on;

  void read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) override {
    is_reading.set_value();
    may_go_on.get_future().wait();
    PassingStore::read_records(after_version, visit);
  }
};

TEST_F(HistoryTest, IsNotForgottenWhileTheJournalIsRead) {
  make(3);
  SlowStore slow(store_);
  History history(maker_.mapping(), slow);
  auto reading = std::async(std::launch::async, [&] { return history.log_size(state()); });
  slow.is_reading.get_future().wait();
  EXPECT_FALSE(history.try_forget()) << "and does not wait for it";
  slow.may_go_on.set_value();
  EXPECT_LT(0u, reading.get());
  EXPECT_TRUE(history.try_forget());
}

TEST_F(HistoryTest, WithoutAChainThereIsNone) {
  make(3);
  const auto range = history_.range(FileState());
  EXPECT_GT(range.first, range.last);
  EXPECT_EQ("", history_.log(FileState()));
}

}  // namespace
}  // namespace statusfs
