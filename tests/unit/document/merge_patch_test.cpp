#include "mapping/document/merge_patch.hpp"

#include <gtest/gtest.h>

#include <array>

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

Value merged(const std::string& target, const std::string& patch) {
  return apply_merge_patch(parse_json(target), parse_json(patch));
}

// RFC 7396 appendix A, every row.
TEST(MergePatchTest, ExamplesOfTheRfc) {
  const std::vector<std::array<std::string, 3>> rows{
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", "null", "null"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& [target, patch, expected] : rows) {
    EXPECT_EQ(compact(merged(target, patch)), expected) << target << " with " << patch;
  }
}

TEST(MergePatchTest, EqualMembersStayNullsIncluded) {
  const std::string document = R"({"a":null,"b":{"c":null,"d":[null,{"e":null}]},"f":1.50})";
  EXPECT_EQ(compact(merged(document, document)), document);
  EXPECT_EQ(compact(merged(document, R"({"b":{"c":null}})")), document);
  EXPECT_EQ(compact(merged(document, R"({"f":1.5})")), document);
  EXPECT_EQ(compact(merged(document, R"({"a":null,"b":{"c":null,"d":[]},"f":null})")),
            R"({"a":null,"b":{"c":null,"d":[]}})");
  EXPECT_EQ(compact(merged(document, R"({"a":1,"b":{"c":2}})")),
            R"({"a":1,"b":{"c":2,"d":[null,{"e":null}]},"f":1.50})");
}

TEST(MergePatchTest, NothingChangedIsTheSameNode) {
  const Value target = parse_json(R"({"a":{"b":["x"]},"c":2,"d":null})");
  for (const char* patch : {"{}", R"({"a":{}})", R"({"a":{"b":["x"]}})", R"({"c":2,"d":null,"missing":null})"}) {
    EXPECT_TRUE(apply_merge_patch(target, parse_json(patch)).is_same_node(target)) << patch;
  }
  const Value changed = apply_merge_patch(target, parse_json(R"({"c":3})"));
  EXPECT_TRUE(changed.find("a")->is_same_node(*target.find("a")));
}

TEST(MergePatchTest, ThousandsOfMembers) {
  std::vector<Member> members;
  std::vector<Member> patch;
  for (std::int64_t number = 0; number < 20'000; ++number) {
    const std::string key = "key" + std::to_string(number);
    members.emplace_back(key, Value(number));
    patch.emplace_back(key, number % 2 == 0 ? Value() : Value(-number));
  }
  patch.emplace_back("new", Value(true));
  const Value result = apply_merge_patch(Value::object(std::move(members)), Value::object(std::move(patch)));
  EXPECT_EQ(result.size(), 10'001U);
  EXPECT_EQ(result.members()[0].name(), "key1");
  EXPECT_EQ(result.find("key19999")->as_integer(), -19999);
  EXPECT_EQ(result.find("key0"), nullptr);
}

TEST(MergePatchTest, RandomDocumentsWrittenBackStayThemselves) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 1000; ++round) {
    const Value document = random.value();
    ASSERT_EQ(compact(apply_merge_patch(document, parse_json(compact(document)))), compact(document));
  }
}

}  // namespace
}  // namespace statusfs
