#include "mapping/document/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace statusfs {
namespace {

using namespace std::string_view_literals;

// Every length, at both ends of its range and beside the gaps.
const std::vector<std::string_view> characters{"\0"sv,
                                               "a",
                                               "\x7F",
                                               "\xC2\x80",
                                               "\xDF\xBF",
                                               "\xE0\xA0\x80",
                                               "\xEC\xBF\xBF",
                                               "\xED\x9F\xBF",
                                               "\xEE\x80\x80",
                                               "\xEF\xBF\xBF",
                                               "\xF0\x90\x80\x80",
                                               "\xF1\x80\x80\x80",
                                               "\xF4\x8F\xBF\xBF"};

// Continuations alone, overlong forms, surrogates, values above U+10FFFF, bytes that never stand in UTF-8.
const std::vector<std::string_view> malformed{
    "\x80",         "\xBF",         "\xC0\x80",         "\xC1\xBF",         "\xE0\x80\x80",     "\xE0\x9F\xBF",
    "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
    "\xFF",         "\xC2\x41",     "\xE2\x82\x41",     "\xF0\x90\x80\x41"};

TEST(Utf8Test, ASequenceIsAsLongAsItsCharacter) {
  for (const std::string_view character : characters) {
    EXPECT_EQ(utf8_sequence_length(character), character.size()) << character;
    EXPECT_EQ(utf8_sequence_length(std::string(character) + "\x80"), character.size()) << character;
    for (std::size_t length = 0; length < character.size(); ++length)
      EXPECT_EQ(utf8_sequence_length(character.substr(0, length)), 0u) << character << " " << length;
  }
  for (const std::string_view bytes : malformed) EXPECT_EQ(utf8_sequence_length(bytes), 0u) << bytes;
}

TEST(Utf8Test, TextIsValidAsAWhole) {
  std::string text;
  for (const std::string_view character : characters) EXPECT_TRUE(is_valid_utf8(text += character));
  EXPECT_TRUE(is_valid_utf8(""));
  for (const std::string_view bytes : malformed) {
    EXPECT_FALSE(is_valid_utf8(bytes)) << bytes;
    EXPECT_FALSE(is_valid_utf8(text + std::string(bytes) + text)) << bytes;
  }
}

TEST(Utf8Test, WhatIsCutOffAtTheEnd) {
  for (const std::string_view before : {"", "a", "\xE2\x82\xAC"}) {
    for (const std::string_view character : characters) {
      for (std::size_t length = 1; length < character.size(); ++length)
        EXPECT_EQ(utf8_cut_length(std::string(before) + std::string(character.substr(0, length))), length)
            << character << " " << length;
      EXPECT_EQ(utf8_cut_length(std::string(before) + std::string(character)), 0u) << character;
    }
  }
  for (const std::string_view bytes :
       {"", "\x80", "\xC0", "\xE0\x80", "\xED\xA0", "\xF4\x90", "\xFF", "\x80\x80\x80\x80"})
    EXPECT_EQ(utf8_cut_length(bytes), 0u) << bytes;
}

TEST(Utf8Test, APrefixEndsBetweenCharacters) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x82";  // ends at 1, 3, 6 and 10
  const std::vector<std::size_t> wanted{0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t size = 0; size < wanted.size(); ++size)
    EXPECT_EQ(utf8_prefix(text, size), text.substr(0, wanted[size])) << size;
  EXPECT_EQ(utf8_prefix("", 0), "");
  EXPECT_EQ(utf8_prefix("\x80\x80\x80", 2), "") << "no text, but no trap either";
}

}  // namespace
}  // namespace statusfs
