#include "fs/store/local/rotation.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "fs/store/local/chain_reader.hpp"
#include "fs/store/local/closed_journals.hpp"
#include "mapping/chain/verification.hpp"
#include "tests/unit/store/local_store_fixture.hpp"

namespace statusfs {
namespace {

constexpr std::chrono::milliseconds no_wait{0};

/// What zcat(1) makes of it.
std::string unpacked_by_zcat(const std::string& path) {
  struct Closer {
    void operator()(FILE* stream) const { ::pclose(stream); }
  };
  const std::unique_ptr<FILE, Closer> stream(::popen(("zcat '" + path + "'").c_str(), "r"));
  std::string text;
  char part[4096];
  for (std::size_t got; stream && (got = std::fread(part, 1, sizeof part, stream.get())) > 0;) text.append(part, got);
  return text;
}

/// By the last line, its hash looked at.
ChainHead head_in(std::string journal) {
  journal.pop_back();
  return head_of_line(std::string_view(journal).substr(journal.rfind('\n') + 1));
}

class ClosingJournalTest : public LocalStoreTest {
 protected:
  void SetUp() override {
    put_chain();
    journal_ = JournalFile::open(files_, journal_path_, JournalFile::Access::exclusive, no_wait);
  }
  void append(int lines) {
    for (int line = 0; line < lines; ++line)
      ASSERT_EQ(journal_->append(maker_.next().record + "\n").status, StoreStatus::done);
  }
  std::string only_closed() {
    const auto journals = closed_journals(files_, path_, std::numeric_limits<std::uint64_t>::max());
    return journals.size() == 1 ? journals.front().path : std::string();
  }
  ClosedJournal closed() { return {1, maker_.head().version, only_closed()}; }

  std::unique_ptr<JournalFile> journal_;
};

TEST_F(ClosingJournalTest, WhatWasCompressedBeforeAndTheRestAreTheWholeJournal) {
  append(20);
  const std::string beginning = read_text(journal_path_);
  CompressedBeginning ahead(files_);
  ahead.begin(journal_path_, journal_->status(), journal_->end());
  EXPECT_TRUE(ahead.has_begun());
  append(5);
  const std::string lines = read_text(journal_path_);
  const Rotation rotation = rotate(files_, path_, *journal_, *maker_.document(), ahead.take());
  EXPECT_FALSE(ahead.has_begun());

  const std::string bytes = read_text(only_closed());
  EXPECT_TRUE(bytes.starts_with(gzip_compressed(beginning))) << "all of it was compressed while writers waited";
  EXPECT_EQ(read_closed_journal(files_, closed()), lines);
  EXPECT_EQ(unpacked_by_zcat(only_closed()), lines);
  EXPECT_EQ(rotation.head.version, maker_.head().version);
  EXPECT_EQ(rotation.head.payload_hash_current, maker_.head().payload_hash_current);
  EXPECT_NE(rotation.head.record_hash, maker_.head().record_hash);
  EXPECT_EQ(head_in(read_text(journal_path_)), rotation.head);
}

TEST_F(ClosingJournalTest, NothingIsAddedWhereAllWasCompressedBefore) {
  append(3);
  const std::string lines = read_text(journal_path_);
  CompressedBeginning ahead(files_);
  ahead.begin(journal_path_, journal_->status(), journal_->end());
  rotate(files_, path_, *journal_, *maker_.document(), ahead.take());
  EXPECT_EQ(read_text(only_closed()), gzip_compressed(lines));
}

TEST_F(ClosingJournalTest, TheFileThatWasReplacedIsReturned) {
  append(3);
  const FileStatus before = journal_->status();
  const Rotation rotation = rotate(files_, path_, *journal_, *maker_.document());
  ASSERT_NE(rotation.replaced, nullptr);
  EXPECT_TRUE(rotation.replaced->status().is_same_file(before));
  EXPECT_EQ(rotation.replaced->status().links, 0u);
}

TEST_F(ClosingJournalTest, NoOtherFileIsCompressed) {
  append(3);
  const FileStatus journal = journal_->status();
  const std::uint64_t end = journal_->end();
  CompressedBeginning ahead(files_);
  EXPECT_FALSE(ahead.take().has_value()) << "nothing was begun";

  ahead.begin(journal_path_, journal, end + 1);
  EXPECT_FALSE(ahead.take().has_value()) << "it has not so many bytes";
  ahead.begin(journal_path_, journal, end);
  ahead.drop();
  EXPECT_FALSE(ahead.has_begun());
  EXPECT_FALSE(ahead.take().has_value());
  replace_text(journal_path_, read_text(journal_path_));
  ahead.begin(journal_path_, journal, end);
  EXPECT_FALSE(ahead.take().has_value()) << "another file has the name";
  std::filesystem::remove(journal_path_);
  ahead.begin(journal_path_, journal, end);
  EXPECT_FALSE(ahead.take().has_value()) << "nothing has the name";
}

TEST_F(ClosingJournalTest, SeveralGzipFilesInARowAreReadAsOne) {
  // One that takes much more room than the last one says, and far more than such files usually do.
  const std::string much(3'000'000, 'a'), some = "some lines\n", none;
  std::filesystem::create_directory(closed_journal_directory(path_));
  const ClosedJournal journal{1, 2, closed_journal_directory(path_) + "/1-2.jsonl.gz"};
  const auto read = [&](const std::string& bytes) {
    write_text(journal.path, bytes);
    return read_closed_journal(files_, journal);
  };
  for (const auto& texts : {std::vector{much, some}, {some, much}, {some, none, much, some}, {none}, {none, some}}) {
    std::string bytes, expected;
    for (const std::string& text : texts) bytes += gzip_compressed(text), expected += text;
    EXPECT_TRUE(read(bytes) == expected) << texts.size() << " files";
    EXPECT_THROW(read(bytes + "x"), UnreadableLines);
    EXPECT_THROW(read(bytes.substr(0, bytes.size() - 1)), UnreadableLines);
  }
  EXPECT_THROW(read(""), UnreadableLines);
}

class RunningRotationTest : public LocalStoreTest {
 protected:
  static LocalOptions with_short_journals() {
    LocalOptions options;
    options.longest_journal = 16'000;
    return options;
  }
  /// Commits until the journal was closed.
  void fill(LocalStore& store) {
    for (int commits = 0; store.prepare().status == StoreStatus::done; commit(store)) ASSERT_LT(++commits, 100);
    EXPECT_EQ(store.prepare().status, StoreStatus::conflict);
  }
};

TEST_F(RunningRotationTest, WritersGoOnFromTheNewJournalWithoutLoading) {
  auto store = open_chain(with_short_journals());
  for (int round = 0; round < 4; ++round) {
    ASSERT_NO_FATAL_FAILURE(fill(*store));
    const auto head = store->take_continuation();
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->version, maker_.head().version);
    EXPECT_EQ(*head, head_in(read_text(journal_path_)));
    EXPECT_FALSE(store->take_continuation().has_value()) << "it is told once";
    const std::string text = maker_.text();
    maker_ = ChainMaker(maker_.document(), *head);
    commit(*store);
    EXPECT_EQ(head_in(read_text(journal_path_)), maker_.head());
    ASSERT_EQ(store->settle().status, StoreStatus::done);
    EXPECT_EQ(read_text(path_), maker_.text());
    EXPECT_NE(text, maker_.text());
  }
  std::string lines;
  read_chain(files_, path_, read_text(journal_path_), 0, [&](std::string_view line) {
    (lines += line) += '\n';
    return true;
  });
  EXPECT_EQ(verified_head(maker_.mapping(), lines), maker_.head()) << "the closed journals and the live one";
}

TEST_F(RunningRotationTest, WhoLoadsInsteadNeedsNoContinuation) {
  auto store = open_chain(with_short_journals());
  ASSERT_NO_FATAL_FAILURE(fill(*store));
  ASSERT_EQ(store->load().state, StoredFile::State::chained);
  EXPECT_FALSE(store->take_continuation().has_value());
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
}

TEST_F(RunningRotationTest, ThereIsNoContinuationWithoutAClosedJournal) {
  auto store = open_chain();
  EXPECT_FALSE(store->take_continuation().has_value());
  commit(*store);
  EXPECT_FALSE(store->take_continuation().has_value());
}

}  // namespace
}  // namespace statusfs
