#include "mapping/document/value.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

using Kind = Value::Kind;

Value numbered(std::int64_t number) { return Value(number); }

Value counted_array(std::size_t size) {
  std::vector<Value> elements;
  for (std::size_t at = 0; at < size; ++at) elements.push_back(numbered(static_cast<std::int64_t>(at)));
  return Value::array(std::move(elements));
}

void expect_elements(const Value& array, const std::vector<Value>& expected) {
  ASSERT_EQ(array.size(), expected.size());
  for (std::size_t at = 0; at < expected.size(); ++at) {
    ASSERT_EQ(array.element(at), expected[at]) << "at position " << at;
  }
}

TEST(ValueTest, KindsAndScalars) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value(true).as_boolean());
  EXPECT_FALSE(Value(false).as_boolean());
  EXPECT_EQ(Value(std::int64_t{-5}).as_integer(), -5);
  EXPECT_EQ(Value("text").as_string(), "text");
  EXPECT_EQ(Value("").as_string(), "");
  EXPECT_EQ(Value(std::string_view("a\0b", 3)).as_string().size(), 3U);
  EXPECT_EQ(Value("text").size(), 0U);
  EXPECT_TRUE(Value::array().is_array());
  EXPECT_TRUE(Value::object().is_object());
  EXPECT_EQ(Value::object().size(), 0U);
  EXPECT_EQ(Value(true).find("a"), nullptr);
}

TEST(ValueTest, NumbersAreIntegersOnlyIfTheyPrintTheSame) {
  for (const char* lexeme : {"0", "-1", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(Value::number(lexeme).kind(), Kind::integer) << lexeme;
    EXPECT_EQ(Value::number(lexeme).number_text(), lexeme);
  }
  for (const char* lexeme : {"-0", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "1.50"}) {
    EXPECT_EQ(Value::number(lexeme).kind(), Kind::number) << lexeme;
    EXPECT_EQ(Value::number(lexeme).number_text(), lexeme);
    EXPECT_EQ(Value::number(lexeme).as_lexeme(), lexeme);
  }
}

TEST(ValueTest, NumberValues) {
  EXPECT_EQ(Value(std::int64_t{7}).number_value(), 7.0);
  EXPECT_EQ(Value::number("-1.5e3").number_value(), -1500.0);
  EXPECT_EQ(Value::number("1e999").number_value(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Value::number("-1e99999999999999999999").number_value(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Value::number(std::string(400, '9')).number_value(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Value::number("123e-999").number_value(), 0.0);
  EXPECT_EQ(Value::number("1e-99999999999999999999").number_value(), 0.0);
  EXPECT_EQ(Value::number("0." + std::string(400, '0') + "1").number_value(), 0.0);
  EXPECT_EQ(Value::number("0e999").number_value(), 0.0);
}

TEST(ValueTest, IntegralNumbers) {
  EXPECT_TRUE(Value(std::int64_t{7}).is_integral());
  EXPECT_TRUE(Value::number("123456789012345678901234567890").is_integral());
  EXPECT_FALSE(Value::number("1.0").is_integral());
  EXPECT_FALSE(Value::number("1E5").is_integral());
  EXPECT_FALSE(Value("7").is_integral());
}

TEST(ValueTest, CopiesAndMoves) {
  Value original = counted_array(3);
  const Value copy = original;
  EXPECT_TRUE(copy.is_same_node(original));
  Value moved = std::move(original);
  EXPECT_TRUE(moved.is_same_node(copy));
  EXPECT_TRUE(original.is_null());  // NOLINT(bugprone-use-after-move): a moved-from value is null
  Value& alias = moved;
  moved = alias;
  EXPECT_EQ(moved, copy);
  moved = std::move(alias);
  EXPECT_EQ(moved, copy);
  moved = Value("text");
  EXPECT_EQ(copy.size(), 3U);
}

TEST(ValueTest, AssigningAPartOfItself) {
  Value value = parse_json(R"({"a":{"b":[1,"x"]}})");
  value = *value.find("a");
  value = *value.find("b");
  value = value.element(1);
  EXPECT_EQ(value.as_string(), "x");
}

TEST(ValueTest, Members) {
  const Value old = parse_json(R"({"a":1,"b":2,"c":3})");
  EXPECT_EQ(compact(old.with_member("b", Value("x"))), R"({"a":1,"b":"x","c":3})");
  EXPECT_EQ(compact(old.with_member("d", Value())), R"({"a":1,"b":2,"c":3,"d":null})");
  EXPECT_EQ(compact(old.without_member("a")), R"({"b":2,"c":3})");
  EXPECT_TRUE(old.without_member("missing").is_same_node(old));
  EXPECT_EQ(compact(old), R"({"a":1,"b":2,"c":3})");
  EXPECT_EQ(compact(Value::object().with_member("", Value(true))), R"({"":true})");
  EXPECT_EQ(compact(Value::object().with_member("a", Value()).without_member("a")), "{}");
}

TEST(ValueTest, FindComparesWholeKeys) {
  const Value value = parse_json(R"({"ab":1,"a":2,"":3,"a\u0000":4})");
  EXPECT_EQ(value.find("a")->as_integer(), 2);
  EXPECT_EQ(value.find("")->as_integer(), 3);
  EXPECT_EQ(value.find(std::string_view("a\0", 2))->as_integer(), 4);
  EXPECT_EQ(value.find("abc"), nullptr);
  EXPECT_EQ(value.find(value.members()[0].name())->as_integer(), 1);
}

TEST(ValueTest, UnchangedPartsAreShared) {
  const Value old = parse_json(R"({"a":{"x":1},"b":[1,2]})");
  const Value changed = old.with_member("b", Value());
  EXPECT_TRUE(changed.find("a")->is_same_node(*old.find("a")));
  EXPECT_EQ(compact(old), R"({"a":{"x":1},"b":[1,2]})");
}

TEST(ValueTest, SameNode) {
  EXPECT_TRUE(Value().is_same_node(Value()));
  EXPECT_TRUE(Value(true).is_same_node(Value(true)));
  EXPECT_FALSE(Value(true).is_same_node(Value(false)));
  EXPECT_FALSE(Value(false).is_same_node(Value()));
  EXPECT_TRUE(numbered(3).is_same_node(numbered(3)));
  EXPECT_FALSE(numbered(3).is_same_node(numbered(4)));
  EXPECT_FALSE(Value("a").is_same_node(Value("b")));
}

// Around the ends of chunks of 128.
TEST(ValueTest, ArraySizesAroundChunks) {
  for (const std::size_t size : {0, 1, 127, 128, 129, 255, 256, 257, 1000}) {
    const Value array = counted_array(size);
    Value appended = Value::array();
    for (std::size_t at = 0; at < size; ++at)
      appended = appended.with_appended(numbered(static_cast<std::int64_t>(at)));
    EXPECT_EQ(array, appended) << size;
    EXPECT_EQ(array.with_inserted(size, Value()).size(), size + 1);
    if (size == 0) continue;
    const Value changed = array.with_element(size - 1, Value("new"));
    EXPECT_EQ(changed.element(size - 1).as_string(), "new");
    EXPECT_EQ(array, counted_array(size));
  }
}

void change_both(RandomValues& random, Value& array, std::vector<Value>& expected) {
  const Value element = numbered(static_cast<std::int64_t>(random.below(1000)));
  const std::size_t action = random.below(8);
  if (expected.empty() || action < 4) {
    array = array.with_appended(element);
    expected.push_back(element);
    return;
  }
  const std::size_t position = random.below(expected.size());
  const auto place = expected.begin() + static_cast<std::ptrdiff_t>(position);
  if (action == 4) {
    array = array.with_inserted(position, element);
    expected.insert(place, element);
  } else if (action == 5) {
    array = array.without_element(position);
    expected.erase(place);
  } else {
    array = array.with_element(position, element);
    *place = element;
  }
}

TEST(ValueTest, RandomArraysAgreeWithVectorsAndOldVersionsStay) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  Value array = Value::array();
  std::vector<Value> expected;
  std::vector<std::pair<Value, std::vector<Value>>> versions;
  for (int step = 0; step < 1500; ++step) {
    if (step % 50 == 0) versions.emplace_back(array, expected);
    change_both(random, array, expected);
  }
  versions.emplace_back(array, expected);
  for (const auto& [version, elements] : versions) expect_elements(version, elements);
}

TEST(ValueTest, ObjectsThatNobodyElseHoldsChangeInPlace) {
  Value own = parse_json(R"({"a":1,"b":{"c":2}})");
  const Member* place = own.members().data();
  own = std::move(own).with_member("a", Value(std::int64_t{3}));
  EXPECT_EQ(own.members().data(), place);
  const Value shared = own;
  own = std::move(own).with_member("a", Value(std::int64_t{4}));
  EXPECT_NE(own.members().data(), place);
  EXPECT_EQ(compact(shared), R"({"a":3,"b":{"c":2}})");
  EXPECT_EQ(compact(own), R"({"a":4,"b":{"c":2}})");
}

TEST(ValueTest, MembersAreTakenOutOfObjectsThatNobodyElseHolds) {
  Value own = parse_json(R"({"a":{"b":1}})");
  const Value shared = own;
  EXPECT_TRUE(own.take_member("a").is_same_node(*shared.find("a")));
  EXPECT_EQ(compact(own), R"({"a":{"b":1}})");
  Value alone = parse_json(R"({"a":{"b":1}})");
  EXPECT_EQ(compact(alone.take_member("a")), R"({"b":1})");
  EXPECT_EQ(compact(alone), R"({"a":null})");
}

TEST(ValueTest, EqualityOfNumbers) {
  const auto equal = [](const char* left, const char* right) {
    const bool result = Value::number(left) == Value::number(right);
    EXPECT_EQ(result, Value::number(right) == Value::number(left)) << left << " and " << right;
    return result;
  };
  EXPECT_TRUE(equal("1", "1"));
  EXPECT_TRUE(equal("1", "1.0"));
  EXPECT_TRUE(equal("1000", "1e3"));
  EXPECT_TRUE(equal("1.5", "1.50"));
  EXPECT_TRUE(equal("0", "-0"));
  EXPECT_TRUE(equal("0.0", "-0"));
  EXPECT_TRUE(equal("9223372036854775808", "9223372036854775808"));
  EXPECT_FALSE(equal("1", "2"));
  EXPECT_FALSE(equal("1", "-0"));
  EXPECT_FALSE(equal("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(equal("123456789012345678901234567890", "123456789012345678901234567891"));
  EXPECT_FALSE(equal("9223372036854775807", "9223372036854775808"));
  EXPECT_FALSE(Value("1") == numbered(1));
}

TEST(ValueTest, EqualityIgnoresTheOrderOfMembers) {
  EXPECT_EQ(parse_json(R"({"a":1,"b":[true],"c":{}})"), parse_json(R"({"c":{},"a":1,"b":[true]})"));
  EXPECT_FALSE(parse_json(R"({"a":1,"b":2})") == parse_json(R"({"a":1,"c":2})"));
  EXPECT_FALSE(parse_json(R"({"a":1,"b":2})") == parse_json(R"({"a":1})"));
  EXPECT_FALSE(parse_json(R"([1,2])") == parse_json(R"([2,1])"));
  EXPECT_FALSE(Value::array() == Value::object());
  EXPECT_FALSE(Value() == Value(false));
}

TEST(ValueTest, EqualityOfLargeObjects) {
  std::vector<Member> members;
  for (std::int64_t number = 0; number < 20'000; ++number) {
    members.emplace_back("key" + std::to_string(number), numbered(number));
  }
  const Value forward = Value::object(members);
  const Value backward = Value::object(std::vector<Member>(members.rbegin(), members.rend()));
  EXPECT_EQ(forward, backward);
  EXPECT_FALSE(forward == backward.with_member("key77", Value("other")));
  EXPECT_FALSE(forward == backward.without_member("key77").with_member("other", numbered(77)));
}

TEST(ValueTest, EqualityTakesMemoryAndMayThrow) {
  static_assert(!noexcept(std::declval<const Value&>() == std::declval<const Value&>()));
}

TEST(ValueTest, ThreadsShareAValue) {
  const Value shared = parse_json(R"({"a":[1,2,{"b":"text"}]})");
  std::vector<std::thread> threads;
  for (int count = 0; count < 4; ++count) {
    threads.emplace_back([shared] {
      for (int round = 0; round < 10'000; ++round) {
        const Value copy = *shared.find("a");
        const Value changed = shared.with_member("a", copy.with_appended(Value("x")));
        ASSERT_EQ(changed.find("a")->size(), 4U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(compact(shared), R"({"a":[1,2,{"b":"text"}]})");
}

TEST(ValueTest, SeveralElementsAreAppendedAtOnce) {
  for (const std::size_t before : {0, 1, 127, 128, 129, 300})
    for (const std::size_t more : {0, 1, 2, 128, 300}) {
      Value array = Value::array(), expected = Value::array();
      std::vector<Value> elements;
      for (std::size_t at = 0; at < before + more; ++at) {
        const Value element(static_cast<std::int64_t>(at));
        expected = expected.with_appended(element);
        if (at < before)
          array = array.with_appended(element);
        else
          elements.push_back(element);
      }
      EXPECT_EQ(array.with_all_appended(elements), expected) << before << " and " << more;
      EXPECT_EQ(array.size(), before);
    }
}

}  // namespace
}  // namespace statusfs
