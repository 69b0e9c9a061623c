// Text made fit for a picture.
#include "mapping/render/plain_text.hpp"

#include <gtest/gtest.h>

#include "mapping/document/utf8.hpp"

namespace statusfs {
namespace {

const std::string replaced = "\uFFFD";

TEST(PlainLine, KeepsOrdinaryText) {
  EXPECT_EQ(plain_line("Größe 日本 שלום 😀 <b>&"), "Größe 日本 שלום 😀 <b>&");
  EXPECT_EQ(plain_line(""), "");
}

TEST(PlainLine, IsOneLine) { EXPECT_EQ(plain_line("a\nb\r\tc"), "a b  c"); }

TEST(PlainLine, ReplacesWhatPicturesCannotHold) {
  EXPECT_EQ(plain_line(std::string("a\0b", 3)), "a" + replaced + "b");
  EXPECT_EQ(plain_line("\x1b[31m\x7f\u0085\u2028"), replaced + "[31m" + replaced + replaced + replaced);
  EXPECT_EQ(plain_line("\uFFFE\uFDD0\U0001FFFF"), replaced + replaced + replaced);
}

TEST(PlainLine, ReplacesInvalidBytesOneByOne) {
  EXPECT_EQ(plain_line("a\xff\xc0\x80z"), "a" + replaced + replaced + replaced + "z");
  EXPECT_TRUE(is_valid_utf8(plain_line("\xed\xa0\x80\xf5\xc3")));
}

// Otherwise a name could end the isolate around it and turn what follows.
TEST(PlainLine, ReplacesWhatTurnsTheDirection) {
  for (const char* mark : {"\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"})
    EXPECT_EQ(plain_line(std::string("a") + mark), "a" + replaced);
}

TEST(Isolated, OnlyWhereThereAreRightToLeftLetters) {
  EXPECT_EQ(isolated("task_001 日本"), "task_001 日本");
  EXPECT_EQ(isolated("משימה 1"), "\u2068משימה 1\u2069");
  EXPECT_EQ(isolated("a مهمة"), "\u2068a مهمة\u2069");
}

TEST(DisplayWidth, OfMarksAndWideLetters) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\u2068ab\u2069"), 2U);
  EXPECT_EQ(display_width("😀"), 2U);
}

TEST(Shortened, EndsInAnEllipsisAtACharacter) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("日本語日本", 6), "日本…");
  EXPECT_EQ(shortened("ééééééé", 4), "ééé…");
  EXPECT_EQ(shortened("abc", 1), "…");
}

TEST(InWord, LettersAndDigitsOfEveryScriptThatIsKnown) {
  for (const std::string letter : {"a", "Z", "7", "\u00e4", "\u00df", "\u0142", "\u03b1", "\u0436", "\u05d0", "\u0645",
                                   "\u3042", "\u65e5", "\uac00", "\U00020000"})
    for (std::size_t at = 0; at < letter.size(); ++at) EXPECT_TRUE(is_in_word("_" + letter + "_", at + 1)) << letter;
}

TEST(InWord, NothingElse) {
  for (const std::string other : {" ", "-", "_", "(", "\u00a0", "\u00b7", "\u00d7", "\u2013", "\u2014", "\u201e",
                                  "\u2026", "\u20ac", "\u3001", "\uff08", "\U0001F602"})
    for (std::size_t at = 0; at < other.size(); ++at) EXPECT_FALSE(is_in_word("a" + other + "a", at + 1)) << other;
  EXPECT_FALSE(is_in_word("a", 1));
  EXPECT_FALSE(is_in_word("", 0));
  EXPECT_FALSE(is_in_word("\xff", 0));
}

TEST(MarkupEscaped, LeavesNothingThatBeginsMarkup) {
  EXPECT_EQ(markup_escaped("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
}

}  // namespace
}  // namespace statusfs
