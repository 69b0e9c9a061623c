#include "mapping/document/json_patch.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "tests/unit/document/random_values.hpp"
#include "tests/unit/expect_refused.hpp"

namespace statusfs {
namespace {

Value patched(const std::string& document, const std::string& patch) {
  return apply_json_patch(parse_json(document), decode_json_patch(parse_json(patch)));
}

void expect_patched(const std::string& document, const std::string& patch, const std::string& expected) {
  EXPECT_EQ(compact(patched(document, patch)), compact(parse_json(expected))) << patch;
}

void expect_rejected(const std::string& document, const std::string& patch, Cause cause,
                     const std::vector<std::string>& parts) {
  SCOPED_TRACE(patch);
  expect_refused(cause, parts, [&] { patched(document, patch); });
}

// RFC 6902 appendix A, in its order.
TEST(JsonPatchTest, ExamplesOfTheRfc) {
  expect_patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"foo":"bar","baz":"qux"})");
  expect_patched(R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
                 R"({"foo":["bar","qux","baz"]})");
  expect_patched(R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})");
  expect_patched(R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})");
  expect_patched(R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
                 R"({"baz":"boo","foo":"bar"})");
  expect_patched(R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
                 R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
                 R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})");
  expect_patched(R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
                 R"({"foo":["all","cows","eat","grass"]})");
  expect_patched(R"({"baz":"qux","foo":["a",2,"c"]})",
                 R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
                 R"({"baz":"qux","foo":["a",2,"c"]})");
  expect_rejected(R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", Cause::stale,
                  {"operation 0", "/baz"});
  expect_patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
                 R"({"foo":"bar","child":{"grandchild":{}}})");
  expect_patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])",
                 R"({"foo":"bar","baz":"qux"})");
  expect_rejected(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", Cause::invalid,
                  {"operation 0", "/baz/bat"});
  EXPECT_THROW(parse_json(R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])"), ParseError);
  expect_patched(R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})");
  expect_rejected(R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", Cause::stale, {"/~01", "10"});
  expect_patched(R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
                 R"({"foo":["bar",["abc","def"]]})");
}

TEST(JsonPatchTest, WholeDocument) {
  expect_patched(R"({"a":1})", R"([{"op":"add","path":"","value":[1]}])", "[1]");
  expect_patched(R"({"a":1})", R"([{"op":"replace","path":"","value":null}])", "null");
  expect_patched(R"({"a":1})", R"([{"op":"test","path":"","value":{"a":1.0}}])", R"({"a":1})");
  expect_patched(R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":""}])", R"({"b":1})");
  expect_patched(R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a/b","path":""}])", "1");
  expect_patched(R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])", R"({"a":1,"b":{"a":1}})");
  expect_rejected(R"({"a":1})", R"([{"op":"remove","path":""}])", Cause::invalid, {"whole document"});
}

TEST(JsonPatchTest, MoveAndCopy) {
  expect_patched(R"({"a":[1,2]})", R"([{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/a/0","value":0}])",
                 R"({"a":[0,1,2],"b":[1,2]})");
  expect_patched(R"({"a":[1,2]})", R"([{"op":"move","from":"/a/0","path":"/a/-"}])", R"({"a":[2,1]})");
  expect_patched(R"({"a":1,"b":2})", R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":1})");
  expect_patched(R"({"a":1,"b":2})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1,"b":2})");
  expect_patched(R"({"a":1,"ab":{}})", R"([{"op":"move","from":"/a","path":"/ab/x"}])", R"({"ab":{"x":1}})");
  expect_rejected(R"({"a":{"b":{}}})", R"([{"op":"move","from":"/a","path":"/a/b/c"}])", Cause::invalid,
                  {"into itself"});
  expect_rejected(R"({"a":1})", R"([{"op":"move","from":"/b","path":"/b"}])", Cause::invalid, {"from", "/b"});
  expect_rejected(R"({"a":1})", R"([{"op":"copy","from":"/b","path":"/c"}])", Cause::invalid, {"from", "/b", "/c"});
  // The target's position is that after the removal.
  expect_rejected(R"({"a":[1,2]})", R"([{"op":"move","from":"/a/0","path":"/a/2"}])", Cause::invalid, {"/a/2"});
}

TEST(JsonPatchTest, PathsThatLeadNowhere) {
  const std::string document = R"({"a":[1,2],"b":"text"})";
  for (const char* operation :
       {R"({"op":"remove","path":"/c"})", R"({"op":"remove","path":"/a/2"})", R"({"op":"remove","path":"/a/-"})",
        R"({"op":"replace","path":"/c","value":1})", R"({"op":"replace","path":"/a/2","value":1})",
        R"({"op":"replace","path":"/a/-","value":1})", R"({"op":"add","path":"/a/3","value":1})",
        R"({"op":"add","path":"/a/01","value":1})", R"({"op":"add","path":"/a/x","value":1})",
        R"({"op":"add","path":"/b/0","value":1})", R"({"op":"add","path":"/a/0/0","value":1})",
        R"({"op":"add","path":"/a/-/0","value":1})", R"({"op":"add","path":"/c/d","value":1})"}) {
    const std::string path(parse_json(operation).find("path")->as_string());
    expect_rejected(document, R"([{"op":"test","path":"/b","value":"text"},)" + std::string(operation) + "]",
                    Cause::invalid, {"operation 1", "\"" + path + "\""});
  }
  expect_patched(document, R"([{"op":"add","path":"/a/2","value":3}])", R"({"a":[1,2,3],"b":"text"})");
}

// Elements that one array loses one after another are taken out at once.
TEST(JsonPatchTest, RemovalsInARowMeanTheArrayAsTheOnesBeforeLeftIt) {
  const auto remove = [](const std::string& path) { return R"({"op":"remove","path":")" + path + R"("})"; };
  const std::string document = R"({"a":[0,1,2,3,4],"o":{"x":1,"y":2},"b":[5,6]})";
  expect_patched(document, "[" + remove("/a/0") + "," + remove("/a/0") + "," + remove("/a/2") + "]",
                 R"({"a":[2,3],"o":{"x":1,"y":2},"b":[5,6]})");
  expect_patched(document,
                 "[" + remove("/a/4") + "," + remove("/a/1") + "," + remove("/b/1") + "," + remove("/b/0") + "]",
                 R"({"a":[0,2,3],"o":{"x":1,"y":2},"b":[]})");
  expect_patched(document,
                 "[" + remove("/o/x") + "," + remove("/o/y") + "," + remove("/a/1") + "," + remove("/b") + "]",
                 R"({"a":[0,2,3,4],"o":{}})");
  expect_rejected(document, "[" + remove("/a/3") + "," + remove("/a/3") + "," + remove("/a/3") + "]", Cause::invalid,
                  {"operation 2", "/a/3", "nothing to remove"});
  expect_rejected(document, "[" + remove("/a/3") + "," + remove("/a/-") + "]", Cause::invalid, {"operation 1", "/a/-"});
  expect_rejected(document, "[" + remove("/o/x") + "," + remove("/o/x") + "]", Cause::invalid, {"operation 1", "/o/x"});
  expect_rejected(document, "[" + remove("/c/0") + "," + remove("/c/0") + "]", Cause::invalid, {"operation 0", "/c/0"});
}

TEST(JsonPatchTest, RandomRemovalsTakeWhatOneAfterAnotherTakes) {
  RandomValues random;
  SCOPED_TRACE(random.trace());
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> left(random.below(300));
    std::iota(left.begin(), left.end(), 0);
    std::vector<Value> elements;
    for (const std::int64_t number : left) elements.emplace_back(number);
    const Value array = Value::array(std::move(elements));
    std::vector<PatchOperation> removals;
    for (std::size_t count = random.below(left.size() + 1); count > 0; --count) {
      const std::size_t index = random.below(left.size());
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(index));
      removals.push_back({PatchOperation::Kind::remove, Pointer().child(index), {}, {}});
    }
    const Value result = apply_json_patch(array, removals);
    ASSERT_EQ(result.size(), left.size());
    for (std::size_t position = 0; position < left.size(); ++position)
      ASSERT_EQ(result.element(position).as_integer(), left[position]);
  }
}

TEST(JsonPatchTest, FailedTestsAreStale) {
  expect_rejected(R"({"a":5})", R"([{"op":"replace","path":"/a","value":6},{"op":"test","path":"/a","value":5}])",
                  Cause::stale, {"operation 1 (test \"/a\")", "6"});
  expect_rejected(R"({"a":5})", R"([{"op":"test","path":"/b","value":null}])", Cause::stale, {"/b"});
  expect_patched(R"({"a":{"x":1,"y":[1e1]}})", R"([{"op":"test","path":"/a","value":{"y":[10],"x":1}}])",
                 R"({"a":{"x":1,"y":[1e1]}})");
}

TEST(JsonPatchTest, MalformedPatchesNameTheOperation) {
  const auto expect = [](const std::string& patch, const std::vector<std::string>& parts) {
    SCOPED_TRACE(patch);
    expect_refused(Cause::invalid, parts, [&] { decode_json_patch(parse_json(patch)); });
  };
  const std::string good = R"({"op":"remove","path":"/a"})";
  expect(R"({"op":"remove","path":"/a"})", {"array"});
  expect("[" + good + ",1]", {"operation 1", "object"});
  expect("[" + good + R"(,{"path":"/a"}])", {"operation 1", "\"op\" is missing"});
  expect(R"([{"op":"spam","path":"/a"}])", {"operation 0", "spam"});
  expect(R"([{"op":1,"path":"/a"}])", {"operation 0", "\"op\" must be a string"});
  expect(R"([{"op":"remove"}])", {"operation 0", "\"path\" is missing"});
  expect(R"([{"op":"remove","path":null}])", {"operation 0", "\"path\" must be a string"});
  expect(R"([{"op":"remove","path":"a"}])", {"operation 0", "begin with '/'"});
  expect(R"([{"op":"add","path":"/a"}])", {"operation 0", "\"value\" is missing"});
  expect(R"([{"op":"replace","path":"/a"}])", {"\"value\" is missing"});
  expect(R"([{"op":"test","path":"/a"}])", {"\"value\" is missing"});
  expect(R"([{"op":"move","path":"/a"}])", {"\"from\" is missing"});
  expect(R"([{"op":"copy","path":"/a","from":"x"}])", {"operation 0", "begin with '/'"});
  EXPECT_TRUE(decode_json_patch(parse_json("[]")).empty());
}

TEST(JsonPatchTest, EncodedPatchesComeBack) {
  const std::string patch = R"([{"op":"add","path":"/a~1b","value":null},{"op":"remove","path":"/c"},)"
                            R"({"op":"replace","path":"","value":1.50},{"op":"move","from":"/d","path":"/e"},)"
                            R"({"op":"copy","from":"","path":"/f"},{"op":"test","path":"/g","value":[]}])";
  EXPECT_EQ(compact(encode_json_patch(decode_json_patch(parse_json(patch)))), patch);
}

TEST(JsonPatchTest, PatchesWrittenAsTextAreEncodedPatches) {
  EXPECT_EQ(PatchText().finish(), "[]");
  const Value value = parse_json(R"({"quote\"":[1.50,null]})");
  const Pointer odd({"a/b~", "quote\"\n", "-"});
  const Pointer around({"list", "3"});
  PatchText text;
  text.add(around.text(), odd, value);
  text.append("", odd, value);
  text.replace("", Pointer(), value);
  text.remove(odd.text(), Pointer({"x"}));
  using Kind = PatchOperation::Kind;
  EXPECT_EQ(text.finish(), compact(encode_json_patch({{Kind::add, around.concat(odd), {}, value},
                                                      {Kind::add, odd.child("-"), {}, value},
                                                      {Kind::replace, Pointer(), {}, value},
                                                      {Kind::remove, odd.child("x"), {}, {}}})));
}

TEST(JsonPatchTest, TheOldDocumentStays) {
  const Value old = parse_json(R"({"a":{"x":[1,2]},"b":{"y":1}})");
  const std::string before = compact(old);
  const Value changed = apply_json_patch(
      old,
      decode_json_patch(parse_json(R"([{"op":"add","path":"/a/x/0","value":0},{"op":"remove","path":"/a/x/2"}])")));
  EXPECT_EQ(compact(old), before);
  EXPECT_EQ(compact(changed), R"({"a":{"x":[0,1]},"b":{"y":1}})");
  EXPECT_TRUE(changed.find("b")->is_same_node(*old.find("b")));
}

}  // namespace
}  // namespace statusfs
