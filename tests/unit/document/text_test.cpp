#include "mapping/document/text.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>
#include <vector>

#include "mapping/document/parse.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

TEST(TextTest, IndentedAsJqPrints) {
  const Value value = parse_json(R"({"a":1,"empty":{},"none":[],"list":[true,null,[1.50,"é"]],"object":{"b":false}})");
  EXPECT_EQ(indented_document(value), R"({
  "a": 1,
  "empty": {},
  "none": [],
  "list": [
    true,
    null,
    [
      1.50,
      "é"
    ]
  ],
  "object": {
    "b": false
  }
}
)");
}

void expect_difference(const Value& before, const Value& after) {
  for (const std::size_t depth : {std::size_t{0}, std::size_t{3}}) {
    const auto expected = static_cast<std::int64_t>(indented_size(after, depth)) -
                          static_cast<std::int64_t>(indented_size(before, depth));
    EXPECT_EQ(indented_size_difference(before, after, depth), expected) << compact(before) << " -> " << compact(after);
  }
}

TEST(TextTest, DifferencesOfSizes) {
  const std::vector<const char*> texts = {"1",
                                          "\"a\\n\"",
                                          "[]",
                                          "[1]",
                                          "[1,[2,{}],3]",
                                          "[1,[2,{\"a\":10}]]",
                                          "{}",
                                          "{\"a\":1}",
                                          "{\"b\":1}",
                                          "{\"a\":1,\"b\":[1,2]}",
                                          "{\"b\":[1,2,3],\"a\":1}",
                                          "{\"a\":100,\"b\":[1,2],\"c\":null}"};
  for (const char* before : texts)
    for (const char* after : texts) expect_difference(parse_json(before), parse_json(after));
  const Value shared = parse_json(R"({"a":{"x":1,"y":[1,2,3]},"b":"text"})");
  expect_difference(shared, shared.with_member("b", Value("longer")).with_member("c", Value()));
}

TEST(TextTest, IndentedAtADepth) {
  std::string text = "    \"key\": ";
  append_indented(text, parse_json("[1,{}]"), 2);
  EXPECT_EQ(text, "    \"key\": [\n      1,\n      {}\n    ]");
  EXPECT_EQ(indented_size(parse_json("[1,{}]"), 2), text.size() - std::string("    \"key\": ").size());
}

TEST(TextTest, ScalarsAlone) {
  for (const char* text : {"null", "true", "false", "0", "-1", "1.50", "-0", "\"\"", "[]", "{}"}) {
    EXPECT_EQ(indented_document(parse_json(text)), std::string(text) + "\n");
    EXPECT_EQ(indented_size(parse_json(text)), std::string(text).size());
    EXPECT_EQ(compact(parse_json(text)), text);
  }
  EXPECT_EQ(compact(Value(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
}

TEST(TextTest, OnlyWhatMustBeIsEscaped) {
  std::string all;
  for (char character = 0; character < 0x20; ++character) all.push_back(character);
  all += "\"\\/\x7f\u2028\u20ac";
  std::string quoted;
  append_quoted(quoted, all);
  EXPECT_EQ(quoted,
            R"("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f)"
            R"(\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f)"
            "\\\"\\\\/\x7f\u2028\u20ac\"");
  EXPECT_EQ(quoted_size(all), quoted.size());
  EXPECT_EQ(parse_json(quoted).as_string(), all);
}

std::string quoted_byte_by_byte(std::string_view text) {
  std::string result = "\"";
  for (const char byte : text) {
    const std::size_t known = std::string_view("\b\t\n\f\r\"\\").find(byte);
    char escape[7];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(byte));
    if (known != std::string_view::npos)
      result += {'\\', "btnfr\"\\"[known]};
    else if (static_cast<unsigned char>(byte) < 0x20)
      result += escape;
    else
      result += byte;
  }
  return result + '"';
}

// Texts are looked through eight bytes at a time.
TEST(TextTest, EveryByteIsQuotedWhereverItStands) {
  for (std::size_t size = 1; size <= 18; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, at % 2 == 0 ? 'a' : '\xA2');
        text[at] = static_cast<char>(byte);
        std::string quoted;
        append_quoted(quoted, text);
        ASSERT_EQ(quoted, quoted_byte_by_byte(text)) << size << " " << at << " " << byte;
        ASSERT_EQ(quoted_size(text), quoted.size()) << size << " " << at << " " << byte;
      }
}

TEST(TextTest, RandomValuesComeBack) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 2000; ++round) {
    const Value value = random.value();
    const std::string indented = indented_document(value);
    ASSERT_EQ(indented_size(value) + 1, indented.size()) << indented;
    ASSERT_EQ(parse_json(indented), value) << indented;
    ASSERT_EQ(indented_document(parse_json(indented)), indented);
    ASSERT_EQ(compact(parse_json(compact(value))), compact(value));
  }
}

}  // namespace
}  // namespace statusfs
