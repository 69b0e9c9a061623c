#include "mapping/document/difference.hpp"

#include <gtest/gtest.h>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

std::string difference_text(const std::string& before, const std::string& after) {
  return compact(encode_json_patch(json_difference(parse_json(before), parse_json(after))));
}

TEST(DifferenceTest, EqualValuesHaveNone) {
  for (const char* text : {"null", "{}", R"({"a":[1,{"b":2}]})"}) EXPECT_EQ(difference_text(text, text), "[]") << text;
  EXPECT_EQ(difference_text(R"({"a":1,"b":2})", R"({"b":2.0,"a":1})"), "[]") << "neither order nor digits count";
}

TEST(DifferenceTest, NamesTheInnermostThatChanged) {
  EXPECT_EQ(difference_text(R"({"a":{"b":[1,2]},"c":3})", R"({"a":{"b":[1,5]},"c":3})"),
            R"([{"op":"replace","path":"/a/b/1","value":5}])");
  EXPECT_EQ(difference_text(R"({"a":1})", R"({"a":1,"b/~":{"c":2}})"),
            R"([{"op":"add","path":"/b~1~0","value":{"c":2}}])");
  EXPECT_EQ(difference_text(R"({"a":1,"b":2})", R"({"b":2})"), R"([{"op":"remove","path":"/a"}])");
  EXPECT_EQ(difference_text(R"({"a":null})", "{}"), R"([{"op":"remove","path":"/a"}])");
}

TEST(DifferenceTest, AnotherKindReplacesTheWhole) {
  EXPECT_EQ(difference_text(R"({"a":[1]})", R"({"a":{"b":1}})"), R"([{"op":"replace","path":"/a","value":{"b":1}}])");
  EXPECT_EQ(difference_text("[]", "{}"), R"([{"op":"replace","path":"","value":{}}])");
}

TEST(DifferenceTest, ArraysGrowAndShrinkAtTheirEnd) {
  const Value longer = parse_json("[1,2,3,4]"), shorter = parse_json("[0,2]");
  EXPECT_EQ(apply_json_patch(longer, json_difference(longer, shorter)), shorter);
  EXPECT_EQ(apply_json_patch(shorter, json_difference(shorter, longer)), longer);
}

TEST(DifferenceTest, LeadsFromAnyValueToAnyOther) {
  RandomValues values;
  SCOPED_TRACE(values.trace());
  for (int round = 0; round < 2000; ++round) {
    const Value before = values.value(4), after = values.value(4);
    const auto patch = json_difference(before, after);
    ASSERT_EQ(apply_json_patch(before, patch), after) << compact(before) << " " << compact(after);
    ASSERT_EQ(apply_json_patch(before, decode_json_patch(parse_json(compact(encode_json_patch(patch))))), after);
  }
}

}  // namespace
}  // namespace statusfs
