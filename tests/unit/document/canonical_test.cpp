#include "mapping/document/canonical.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "mapping/document/parse.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

// RFC 8785 appendix B.
TEST(CanonicalTest, NumbersOfTheRfc) {
  const std::vector<std::pair<std::uint64_t, std::string>> samples{
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, expected] : samples) {
    EXPECT_EQ(ecmascript_number(std::bit_cast<double>(bits)), expected) << std::hex << bits;
  }
}

TEST(CanonicalTest, RandomDoublesComeBack) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t bits = (static_cast<std::uint64_t>(random.below(1ULL << 32)) << 32) | random.below(1ULL << 32);
    const double number = std::bit_cast<double>(bits);
    if (!std::isfinite(number)) continue;
    ASSERT_EQ(std::strtod(ecmascript_number(number).c_str(), nullptr), number) << ecmascript_number(number);
  }
}

// RFC 8785 sections 3.2.2 and 3.2.4.
TEST(CanonicalTest, SampleOfTheRfc) {
  const Value value = parse_json(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })");
  const std::string expected =
      "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333"
      "333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c"
      "225c5c5c5c5c222f227d";
  std::string hexadecimal;
  for (const char byte : canonical(value)) {
    constexpr char digits[] = "0123456789abcdef";
    hexadecimal.push_back(digits[static_cast<unsigned char>(byte) >> 4]);
    hexadecimal.push_back(digits[static_cast<unsigned char>(byte) & 15]);
  }
  EXPECT_EQ(hexadecimal, expected);
}

// RFC 8785 section 3.2.3.
TEST(CanonicalTest, SortingExampleOfTheRfc) {
  const Value value = parse_json(R"({
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"
  })");
  std::vector<std::string> values;
  for (const std::size_t position : canonical_order(value.members())) {
    values.emplace_back(value.members()[position].value.as_string());
  }
  const std::vector<std::string> expected{"Carriage Return",
                                          "One",
                                          "Control",
                                          "Latin Small Letter O With Diaeresis",
                                          "Euro Sign",
                                          "Emoji: Grinning Face",
                                          "Hebrew Letter Dalet With Dagesh"};
  EXPECT_EQ(values, expected);
}

TEST(CanonicalTest, OrderByUtf16) {
  EXPECT_TRUE(utf16_less("\U0001F602", "\uFB33"));
  EXPECT_FALSE(utf16_less("\uFB33", "\U0001F602"));
  EXPECT_TRUE(utf16_less("\uD7FF", "\U00010000"));
  EXPECT_TRUE(utf16_less("\U0010FFFF", "\uE000"));
  EXPECT_TRUE(utf16_less("\U0001F602", "\U0001F603"));
  EXPECT_TRUE(utf16_less("", "a"));
  EXPECT_TRUE(utf16_less("a", "aa"));
  EXPECT_FALSE(utf16_less("a", "a"));
  EXPECT_TRUE(utf16_less("a\U0001F602", "a\uFB33"));
  EXPECT_EQ(canonical(parse_json("{\"\uFB33\":1,\"\U0001F602\":2}")), "{\"\U0001F602\":2,\"\uFB33\":1}");
}

std::u16string utf16(std::string_view text) {
  std::u16string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t next = 1; next < length; ++next) point = point << 6 | (text[at + next] & 0x3FU);
    at += length;
    if (point < 0x10000) {
      result.push_back(static_cast<char16_t>(point));
    } else {
      result.push_back(static_cast<char16_t>(0xD7C0 + (point >> 10)));
      result.push_back(static_cast<char16_t>(0xDC00 + (point & 0x3FF)));
    }
  }
  return result;
}

TEST(CanonicalTest, RandomTextsSortAsUtf16) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 20'000; ++round) {
    const std::string left = random.text();
    const std::string right = random.text();
    ASSERT_EQ(utf16_less(left, right), utf16(left) < utf16(right)) << left << " and " << right;
  }
}

TEST(CanonicalTest, IntegersKeepTheirDigits) {
  EXPECT_EQ(canonical(parse_json("[9007199254740993, 123456789012345678901234567890, -9223372036854775809]")),
            "[9007199254740993,123456789012345678901234567890,-9223372036854775809]");
  EXPECT_EQ(canonical(parse_json("[-0, 0, -0.0, 0.0, 0e5, 1.0, 1e2, 1e-999]")), "[0,0,0,0,0,1,100,0]");
}

TEST(CanonicalTest, Structure) {
  EXPECT_EQ(canonical(parse_json(R"( { "b" : [ ] , "a" : { "d" : {} , "c" : "\u0007\u007f" } } )")),
            "{\"a\":{\"c\":\"\\u0007\x7f\",\"d\":{}},\"b\":[]}");
}

TEST(CanonicalTest, WithoutAMember) {
  const Value object = parse_json(R"({"b":{"a":1},"a":2,"c":[]})");
  for (const char* key : {"a", "b", "c", "none"})
    EXPECT_EQ(canonical_without(object, key), canonical(object.without_member(key))) << key;
  EXPECT_EQ(canonical_without(parse_json(R"({"a":1})"), "a"), "{}");
}

TEST(CanonicalTest, EqualDocumentsHaveOneForm) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 500; ++round) {
    const Value value = random.object(4);
    std::vector<Member> members(value.members().begin(), value.members().end());
    std::reverse(members.begin(), members.end());
    ASSERT_EQ(canonical(Value::object(std::move(members))), canonical(value));
    ASSERT_EQ(canonical(parse_json(canonical(value))), canonical(value));
  }
}

}  // namespace
}  // namespace statusfs
