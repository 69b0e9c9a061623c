#include "fs/store/local/closed_journal_texts.hpp"

#include <gtest/gtest.h>

#include "fs/store/local/posix_files.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

class ClosedJournalTextsTest : public ::testing::Test {
 protected:
  ClosedJournal put(const std::string& name, std::size_t size) {
    write_text(directory_ / name, gzip_compressed(text_of(name, size)));
    return {1, 1, directory_ / name};
  }
  static std::string text_of(const std::string& name, std::size_t size) { return std::string(size, name.front()); }
  /// Whether it was inflated anew.
  bool inflates(const ClosedJournal& journal) {
    const auto before = texts_.inflated();
    texts_.text(journal);
    return texts_.inflated() != before;
  }

  TemporaryDirectory directory_;
  PosixFiles files_;
  ClosedJournalTexts texts_{files_};
};

TEST_F(ClosedJournalTextsTest, AreInflatedOnce) {
  const auto a = put("a", 10), b = put("b", 20);
  EXPECT_EQ(*texts_.text(a), text_of("a", 10));
  EXPECT_EQ(*texts_.text(b), text_of("b", 20));
  EXPECT_FALSE(inflates(a));
  EXPECT_FALSE(inflates(b));
  EXPECT_EQ(*texts_.text(a), text_of("a", 10));
}

TEST_F(ClosedJournalTextsTest, OneThatWasChangedIsReadAgain) {
  const auto a = put("a", 10);
  texts_.text(a);
  put("a", 30);
  EXPECT_TRUE(inflates(a));
  EXPECT_EQ(*texts_.text(a), text_of("a", 30));
  std::filesystem::remove(a.path);
  EXPECT_THROW(texts_.text(a), std::runtime_error);
}

TEST_F(ClosedJournalTextsTest, ThoseThatWereNotUsedForLongestAreForgotten) {
  const auto a = put("a", 12 * mebibyte), b = put("b", 12 * mebibyte), c = put("c", 12 * mebibyte);
  texts_.text(a);
  texts_.text(b);
  EXPECT_FALSE(inflates(a)) << "two have room";
  texts_.text(c);
  EXPECT_FALSE(inflates(a)) << "it was used after the other one";
  EXPECT_FALSE(inflates(c));
  EXPECT_TRUE(inflates(b));
  EXPECT_TRUE(inflates(a));
}

TEST_F(ClosedJournalTextsTest, OneThatIsReadAgainMakesRoomForItself) {
  const auto a = put("a", 12 * mebibyte), b = put("b", 12 * mebibyte);
  texts_.text(a);
  texts_.text(b);
  put("b", 13 * mebibyte);
  EXPECT_TRUE(inflates(b));
  EXPECT_FALSE(inflates(a));
}

TEST_F(ClosedJournalTextsTest, OneThatIsLargerThanAllMayBeIsKeptAlone) {
  const auto a = put("a", 10), large = put("l", 40 * mebibyte);
  texts_.text(a);
  texts_.text(large);
  EXPECT_FALSE(inflates(large));
  EXPECT_TRUE(inflates(a));
  EXPECT_TRUE(inflates(large));
}

}  // namespace
}  // namespace statusfs
