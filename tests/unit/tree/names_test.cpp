#include "mapping/tree/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "mapping/document/sha256.hpp"
#include "mapping/document/utf8.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

using std::string_literals::operator""s;

struct NameCase {
  std::string text;
  std::string name;
};

class NameTest : public testing::TestWithParam<NameCase> {};

TEST_P(NameTest, IsEncodedAndDecoded) {
  EXPECT_EQ(encode_name(GetParam().text), GetParam().name);
  EXPECT_EQ(decode_name(GetParam().name), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(Names, NameTest,
                         testing::Values(NameCase{"task_001_scaffold", "task_001_scaffold"},            //
                                         NameCase{"with space", "with space"},                          //
                                         NameCase{"a/b", "a%2Fb"},                                      //
                                         NameCase{"100%", "100%25"},                                    //
                                         NameCase{"%2F", "%252F"},                                      //
                                         NameCase{".", "%2E"},                                          //
                                         NameCase{"..", "%2E."},                                        //
                                         NameCase{".hidden", "%2Ehidden"},                              //
                                         NameCase{"not.hidden", "not.hidden"},                          //
                                         NameCase{"a\nb\tc", "a%0Ab%09c"},                              //
                                         NameCase{"nul\0l"s, "nul%00l"},                                //
                                         NameCase{"del\x7F", "del%7F"},                                 //
                                         NameCase{"\u00e9\u20ac\U0001F602", "\u00e9\u20ac\U0001F602"},  //
                                         NameCase{"\xff", "%FF"},                                       //
                                         NameCase{"a\xe2\x82", "a%E2%82"},                              //
                                         NameCase{"\xc0\xaf", "%C0%AF"},                                //
                                         NameCase{"\xed\xa0\x80", "%ED%A0%80"}));

TEST(NamesTest, ALonePercentIsNoName) {
  for (const char* name : {"%", "a%", "%4", "%4g", "%g4", "100%", "%%41", "% 1"})
    EXPECT_EQ(decode_name(name), std::nullopt) << name;
}

TEST(NamesTest, BothCasesOfHexDigitsAreDecoded) {
  EXPECT_EQ(decode_name("%2f%2F%4a%4A"), "//JJ");
  EXPECT_EQ(decode_name(""), "");
}

TEST(NamesTest, ANameOf255BytesIsWhole) {
  const std::string text(255, 'x');
  EXPECT_EQ(encode_name(text), text);
  EXPECT_FALSE(is_cut_name(text));
}

TEST(NamesTest, ALongerNameIsCutTo238BytesAndADigest) {
  const std::string text(256, 'x');
  const std::string name = encode_name(text);
  EXPECT_EQ(name, std::string(238, 'x') + "~" + sha256_hex(text).substr(0, 16));
  EXPECT_EQ(name.size(), 255u);
  EXPECT_TRUE(is_cut_name(name));
}

TEST(NamesTest, LongNamesWithOneBeginningDiffer) {
  EXPECT_NE(encode_name(std::string(300, 'x') + "1"), encode_name(std::string(300, 'x') + "2"));
}

TEST(NamesTest, TheCutLeavesCharactersWhole) {
  for (std::size_t padding = 0; padding < 4; ++padding) {
    std::string text(padding, 'x');
    while (text.size() < 300) text += "\U0001F602";
    const std::string name = encode_name(text);
    EXPECT_TRUE(is_valid_utf8(name)) << padding;
    EXPECT_EQ(name.find('~'), padding + (238 - padding) / 4 * 4);
    EXPECT_TRUE(text.starts_with(name.substr(0, name.find('~'))));
  }
}

// 85 control bytes make 255 bytes of %XX, 86 make 258.
TEST(NamesTest, TheLimitHoldsForTheEncodedName) {
  EXPECT_EQ(encode_name(std::string(85, '\n')).size(), 255u);
  const std::string cut = encode_name(std::string(86, '\n'));
  EXPECT_LE(cut.size(), 255u);
  EXPECT_TRUE(is_cut_name(cut));
  EXPECT_TRUE(decode_name(cut)) << "it ends with a whole %XX";
}

TEST(NamesTest, MoreBytesAreEncodedWhereANameIsTaken) {
  EXPECT_EQ(encode_name("patch", 1), "%70atch");
  EXPECT_EQ(encode_name("patch", 2), "%70%61tch");
  EXPECT_EQ(encode_name(".x%", 1), "%2E%78%25") << "what is encoded anyway does not count";
  EXPECT_EQ(encode_name("\u00e9t", 1), "%C3%A9t") << "no half of a character is left";
  for (const char* text : {"patch", ".x%yz", "\u00e9t", "a/b"})
    for (std::size_t forced = 0; forced < 3; ++forced) EXPECT_EQ(decode_name(encode_name(text, forced)), text);
  EXPECT_LE(encode_name(std::string(300, 'k'), 1).size(), 255u);
  EXPECT_NE(encode_name(std::string(300, 'k'), 1), encode_name(std::string(300, 'k')));
}

TEST(NamesTest, ATakenNameWithNothingLeftToEncodeEndsInADigest) {
  for (const char* text : {"%", "/", "\n", "%%%", "x", "\u00e9"}) {
    std::set<std::string> names;
    for (std::size_t forced = 0; forced < 5; ++forced)
      EXPECT_TRUE(names.insert(encode_name(text, forced)).second) << text;
  }
  EXPECT_EQ(encode_name("%", 1).substr(0, 4), "%25~");
  EXPECT_TRUE(is_cut_name(encode_name("%", 1)));
  EXPECT_LE(encode_name(std::string(300, '%'), 1).size(), 255u);
  EXPECT_NE(encode_name(std::string(300, '%'), 1), encode_name(std::string(300, '%')));
}

TEST(NamesTest, ATextThatLooksLikeACutNameHasANameOfItsOwn) {
  for (const std::string& text :
       {std::string(300, 'x'), std::string(250, 'x') + "\u00e9\u00e9\u00e9", std::string(300, '%')}) {
    const std::string cut_name = encode_name(text);
    const std::string literal = decode_name(cut_name).value();
    ASSERT_NE(literal, text);
    EXPECT_NE(encode_name(literal), cut_name);
    EXPECT_LE(encode_name(literal).size(), maximum_name_size);
  }
  const std::string short_one = "release~0123456789abcdef";
  EXPECT_EQ(encode_name(short_one), short_one) << "nothing that short is ever cut";
}

std::string random_bytes(RandomValues& random) {
  std::string bytes;
  for (std::size_t count = random.below(400); count > 0; --count) bytes += static_cast<char>(random.below(256));
  return bytes;
}

TEST(NamesTest, AnyBytesMakeAFileName) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 2000; ++round) {
    const std::string text = round % 2 == 0 ? random_bytes(random) : random.text();
    if (text.empty()) continue;
    const std::string name = encode_name(text);
    ASSERT_LE(name.size(), maximum_name_size);
    ASSERT_TRUE(is_valid_utf8(name));
    ASSERT_EQ(name.find_first_of("/\n\0"s), std::string::npos);
    ASSERT_NE(name.front(), '.');
    if (!is_cut_name(name)) {
      ASSERT_EQ(decode_name(name), text);
    }
  }
}

}  // namespace
}  // namespace statusfs
