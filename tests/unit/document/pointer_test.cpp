#include "mapping/document/pointer.hpp"

#include <gtest/gtest.h>

#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {
namespace {

// RFC 6901 section 5.
constexpr const char* rfc6901_document =
    R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})";

TEST(PointerTest, ExamplesOfTheRfc) {
  const Value document = parse_json(rfc6901_document);
  const std::vector<std::pair<std::string, std::string>> examples{{"", compact(document)},
                                                                  {"/foo", R"(["bar","baz"])"},
                                                                  {"/foo/0", R"("bar")"},
                                                                  {"/", "0"},
                                                                  {"/a~1b", "1"},
                                                                  {"/c%d", "2"},
                                                                  {"/e^f", "3"},
                                                                  {"/g|h", "4"},
                                                                  {"/i\\j", "5"},
                                                                  {"/k\"l", "6"},
                                                                  {"/ ", "7"},
                                                                  {"/m~0n", "8"}};
  for (const auto& [text, expected] : examples) {
    const Pointer pointer = Pointer::parse(text);
    EXPECT_EQ(pointer.text(), text);
    const Value* found = find(document, pointer);
    ASSERT_NE(found, nullptr) << text;
    EXPECT_EQ(compact(*found), expected) << text;
  }
}

TEST(PointerTest, PathsThatLeadNowhere) {
  const Value document = parse_json(rfc6901_document);
  for (const char* text : {"/missing", "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/1e0", "/foo/ 1", "/foo/+1",
                           "/foo/-1", "/foo/", "/foo/0/0", "//0", "/foo/99999999999999999999999"}) {
    EXPECT_EQ(find(document, Pointer::parse(text)), nullptr) << text;
  }
}

TEST(PointerTest, EscapesAreReadInOrder) {
  EXPECT_EQ(Pointer::parse("/~01").last(), "~1");
  EXPECT_EQ(Pointer::parse("/~10").last(), "/0");
  EXPECT_EQ(Pointer(std::vector<std::string>{"~1", "a/b"}).text(), "/~01/a~1b");
}

TEST(PointerTest, MalformedTextIsInvalid) {
  for (const char* text : {"a", "a/b", "/~", "/~2", "/a~", "/~/a", "#/a"}) {
    try {
      Pointer::parse(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const Rejection& rejection) {
      EXPECT_EQ(rejection.cause(), Cause::invalid);
      EXPECT_NE(std::string(rejection.what()).find(text), std::string::npos);
    }
  }
}

TEST(PointerTest, Family) {
  const Pointer root;
  EXPECT_TRUE(root.is_root());
  EXPECT_EQ(root.text(), "");
  EXPECT_EQ(root.child("a").child(3).text(), "/a/3");
  EXPECT_EQ(Pointer::parse("/a/b").parent(), Pointer::parse("/a"));
  EXPECT_TRUE(Pointer::parse("/a").parent().is_root());
  EXPECT_EQ(Pointer::parse("/a").concat(Pointer::parse("/b/c")).text(), "/a/b/c");
  EXPECT_EQ(Pointer::parse("/").tokens(), std::vector<std::string>{""});
}

TEST(PointerTest, Prefixes) {
  const Pointer pointer = Pointer::parse("/a/b");
  EXPECT_TRUE(pointer.starts_with(Pointer()));
  EXPECT_TRUE(pointer.starts_with(Pointer::parse("/a")));
  EXPECT_TRUE(pointer.starts_with(pointer));
  EXPECT_FALSE(pointer.starts_with(Pointer::parse("/a/b/c")));
  EXPECT_FALSE(Pointer::parse("/ab").starts_with(Pointer::parse("/a")));
}

TEST(PointerTest, ArrayIndices) {
  EXPECT_EQ(array_index("0"), 0U);
  EXPECT_EQ(array_index("10"), 10U);
  for (const char* token : {"", "-", "00", "01", "-1", "+1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(array_index(token), std::nullopt) << token;
  }
}

TEST(PointerTest, Children) {
  const Value document = parse_json(R"({"a":[7]})");
  EXPECT_EQ(find_child(*find_child(document, "a"), "0")->as_integer(), 7);
  EXPECT_EQ(find_child(Value("a"), "0"), nullptr);
}

}  // namespace
}  // namespace statusfs
