#include "fs/counter/state_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace statusfs {
namespace {

using testing::HasSubstr;

const std::string current = R"({
  "os_file_header": {
    "file_id": "state.txt",
    "v_file_instance": 6,
    "g_file_last_modified": 41,
    "exact": 1.50
  },
  "zebra": 123456789012345678901234567890,
  "payload": {
    "other": [
      1e3,
      null
    ],
    "g": 41
  },
  "apple": {}
}
)";

TEST(StateDocument, AdvancesTheCurrentShapeAndKeepsEverythingElse) {
  const StateDocument document = StateDocument::parse(current);
  EXPECT_EQ(document.g(), 41);
  std::string expected = current;
  expected.replace(expected.find("\"v_file_instance\": 6"), 20, "\"v_file_instance\": 7");
  expected.replace(expected.find("last_modified\": 41"), 18, "last_modified\": 44");
  expected.replace(expected.find("\"g\": 41"), 7, "\"g\": 44");
  EXPECT_EQ(document.advanced_to(44), expected);
}

TEST(StateDocument, AdvancesTheOlderShape) {
  const StateDocument document =
      StateDocument::parse(R"({"header":{"v":1,"x":true,"g":9},"payload":{"g":"mine"},"g":9})"
                           "\n");
  EXPECT_EQ(document.g(), 9);
  EXPECT_EQ(document.advanced_to(10), R"({"header":{"v":2,"x":true,"g":10},"payload":{"g":"mine"},"g":10})"
                                      "\n");
}

TEST(StateDocument, TakesTheLargerNumberWhereTheTwoDisagree) {
  EXPECT_EQ(StateDocument::parse(R"({"header":{"v":1,"g":9},"g":12})").g(), 12);
  EXPECT_EQ(StateDocument::parse(R"({"header":{"v":1,"g":13},"g":12})").g(), 13);
}

TEST(StateDocument, IsReadAgainAsItWasWritten) {
  const std::string text = StateDocument::parse(current).advanced_to(100);
  EXPECT_EQ(StateDocument::parse(text).g(), 100);
  EXPECT_THAT(StateDocument::parse(text).advanced_to(101), HasSubstr("\"v_file_instance\": 8"));
}

TEST(StateDocument, RefusesWhatIsMalformedAndSaysWhere) {
  struct Case {
    std::string text, part;
  };
  const Case cases[] = {
      {"", "line 1, column 1"},
      {"{", "line 1"},
      {"{}{}", "line 1, column 3"},
      {"[]", "os_file_header"},
      {"41", "os_file_header"},
      {"{}", "os_file_header"},
      {R"({"os_file_header": 5, "payload": {"g": 1}})", "/os_file_header/v_file_instance is missing"},
      {R"({"os_file_header": {"v_file_instance": 1}, "payload": {"g": 1}})",
       "/os_file_header/g_file_last_modified is missing"},
      {R"({"os_file_header": {"v_file_instance": 1, "g_file_last_modified": 1}})", "/payload/g is missing"},
      {R"({"os_file_header": {"v_file_instance": 1, "g_file_last_modified": 1}, "payload": {"g": "1"}})",
       "/payload/g must be"},
      {R"({"os_file_header": {"v_file_instance": 1, "g_file_last_modified": 1}, "payload": {"g": 1.0}})",
       "/payload/g must be"},
      {R"({"os_file_header": {"v_file_instance": 1, "g_file_last_modified": -1}, "payload": {"g": 1}})",
       "/os_file_header/g_file_last_modified must be"},
      {R"({"os_file_header": {"v_file_instance": null, "g_file_last_modified": 1}, "payload": {"g": 1}})",
       "/os_file_header/v_file_instance must be"},
      {R"({"os_file_header": {"v_file_instance": 1, "g_file_last_modified": 9007199254740992}, "payload": {"g": 1}})",
       "must be an integer from 0 to 9007199254740991"},
      {R"({"header": {"g": 1}, "g": 1})", "/header/v is missing"},
      {R"({"header": {"v": 1}, "g": 1})", "/header/g is missing"},
      {R"({"header": {"v": 1, "g": 1}, "payload": {"g": 1}})", "/g is missing"},
      {R"({"header": {"v": 1, "g": 1}, "g": 1, "g": 2})", "line 1"},
  };
  for (const Case& c : cases) {
    try {
      StateDocument::parse(c.text);
      ADD_FAILURE() << "accepted: " << c.text;
    } catch (const StateFileError& error) {
      EXPECT_THAT(error.what(), HasSubstr(c.part)) << c.text;
    }
  }
}

}  // namespace
}  // namespace statusfs
