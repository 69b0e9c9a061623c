#include "mapping/rules/field_text.hpp"

#include "tests/unit/rules/fields_by_type.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using std::string_literals::operator""s;

struct Accepted {
  std::string field;
  std::string text;
  std::string json;
};

class AcceptedTextTest : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedTextTest, MeansAValue) {
  EXPECT_EQ(compact(value_of_text(field_of_type(GetParam().field), GetParam().text)), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, AcceptedTextTest,
    testing::Values(
        Accepted{"string", "exec_plan_8\n", R"("exec_plan_8")"}, Accepted{"string", "no newline", R"("no newline")"},
        Accepted{"string", "", R"("")"}, Accepted{"string", "null\n", R"("null")"},
        Accepted{"string", " spaces stay \n", R"(" spaces stay ")"}, Accepted{"string", "\u20ac\n", "\"\u20ac\""},
        Accepted{"nullable string", "null\n", "null"}, Accepted{"nullable string", "null", "null"},
        Accepted{"nullable string", "\n", "null"}, Accepted{"nullable string", "", "null"},
        Accepted{"nullable string", "null null\n", R"("null null")"}, Accepted{"text", "a\nb\n", R"("a\nb")"},
        Accepted{"text", "a\n\n", R"("a\n")"}, Accepted{"text", "null\n", "null"}, Accepted{"text", "", "null"},
        Accepted{"text", R"({"code": 7})", R"({"code":7})"}, Accepted{"text", " {\"a\": 1.50}\n", R"({"a":1.50})"},
        Accepted{"text", "{not json}\n", R"("{not json}")"}, Accepted{"text", "[1]\n", R"("[1]")"},
        Accepted{"text", "42\n", R"("42")"}, Accepted{"percent", "0\n", "0"}, Accepted{"percent", "100\n", "100"},
        Accepted{"percent", "42", "42"}, Accepted{"count", "9007199254740991\n", "9007199254740991"},
        Accepted{"nullable count", "null\n", "null"}, Accepted{"nullable count", "5\n", "5"},
        Accepted{"boolean", "true\n", "true"}, Accepted{"boolean", "false", "false"},
        Accepted{"enum", "DONE\n", R"("DONE")"}, Accepted{"hash", some_hash + "\n", "\"" + some_hash + "\""},
        Accepted{"list", "a\nb\n", R"(["a","b"])"}, Accepted{"list", "a\n\nb", R"(["a","b"])"},
        Accepted{"list", "", "[]"}, Accepted{"list", "\n\n", "[]"}, Accepted{"list", "null\n", R"(["null"])"},
        Accepted{"document", "{\"a\": [1, {}]}\n", R"({"a":[1,{}]})"}, Accepted{"document", "null\n", "null"},
        Accepted{"document", "", "null"}, Accepted{"document", "{\n}\n", "{}"},
        Accepted{"document", R"({"a":1e3,"b":0.1})", R"({"a":1e3,"b":0.1})"}));

struct Refused {
  std::string field;
  std::string text;
  std::string part;
};

class RefusedTextTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTextTest, IsInvalid) {
  SCOPED_TRACE(GetParam().field + " " + GetParam().text);
  expect_refused(Cause::invalid, {GetParam().part},
                 [] { value_of_text(field_of_type(GetParam().field), GetParam().text); });
}

INSTANTIATE_TEST_SUITE_P(
    Texts, RefusedTextTest,
    testing::Values(Refused{"string", "a\nb\n", "several lines"}, Refused{"string", "a\n\n", "several lines"},
                    Refused{"string", "a\0b"s, "NUL"}, Refused{"string", "\xff", "UTF-8"},
                    Refused{"string", "\xed\xa0\x80", "UTF-8"}, Refused{"nullable string", "a\nb", "or null"},
                    Refused{"text", "a\0b"s, "NUL"}, Refused{"text", "\xc3", "UTF-8"},
                    Refused{"percent", "101\n", "an integer from 0 to 100"}, Refused{"percent", "-1\n", "0 to 100"},
                    Refused{"percent", "fifty\n", "0 to 100"}, Refused{"percent", "\n", "0 to 100"},
                    Refused{"percent", "", "0 to 100"}, Refused{"percent", "1.0\n", "0 to 100"},
                    Refused{"percent", "1e1\n", "0 to 100"}, Refused{"percent", "007\n", "0 to 100"},
                    Refused{"percent", "+7\n", "0 to 100"}, Refused{"percent", " 7\n", "0 to 100"},
                    Refused{"percent", "7 \n", "0 to 100"}, Refused{"percent", "-0\n", "0 to 100"},
                    Refused{"percent", "-\n", "0 to 100"}, Refused{"percent", "null\n", "0 to 100"},
                    Refused{"percent", "0x10\n", "0 to 100"}, Refused{"percent", "99999999999999999999\n", "0 to 100"},
                    Refused{"count", "9007199254740992\n", "from 0"}, Refused{"boolean", "TRUE\n", "true or false"},
                    Refused{"boolean", "1\n", "true or false"}, Refused{"boolean", "null\n", "true or false"},
                    Refused{"boolean", "", "true or false"},
                    Refused{"enum", "done\n", "one of PENDING, ACTIVE, BLOCKED, DONE, FAILED, SKIPPED"},
                    Refused{"enum", "DONE \n", "one of"}, Refused{"enum", "", "one of"},
                    Refused{"enum", "null\n", "one of"}, Refused{"hash", "sha256:abc", "64 hex digits"},
                    Refused{"hash", "sha256:" + std::string(64, 'A'), "64 hex digits"},
                    Refused{"hash", std::string(71, 'a'), "64 hex digits"}, Refused{"list", "a\0b"s, "NUL"},
                    Refused{"list", "ok\n\xff\n", "UTF-8"}, Refused{"document", "[1]", "a JSON object, or null"},
                    Refused{"document", "5", "a JSON object"}, Refused{"document", "{\"a\":", "line 1, column 6"},
                    Refused{"document", "{} {}", "not valid JSON"},
                    Refused{"document", "{\"a\":1,\"a\":2}", "not valid JSON"},
                    Refused{"document", "{\"a\":9007199254740992}", "9007199254740992"},
                    Refused{"text", "{\"a\":-9007199254740992}", "-9007199254740992"}));

TEST(ListLinesTest, EmptyLinesArePassedOver) {
  const auto lines = list_lines(field_of_type("list"), "\na\n\n  b \n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].as_string(), "a");
  EXPECT_EQ(lines[1].as_string(), "  b ");
  EXPECT_TRUE(list_lines(field_of_type("list"), "\n\n").empty());
}

TEST(LogLinesTest, PlainTextBecomesTheMainMember) {
  const auto entries =
      log_lines(field_of_type("log"), "first\n\n{\"achievement_summary\": \"second\", \"x\": [1]}\n[third]\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(compact(entries[0]), R"({"achievement_summary":"first"})");
  EXPECT_EQ(compact(entries[1]), R"({"achievement_summary":"second","x":[1]})");
  EXPECT_EQ(compact(entries[2]), R"({"achievement_summary":"[third]"})");
}

TEST(LogLinesTest, LinesOfWhiteSpaceArePassedOver) {
  EXPECT_EQ(log_lines(field_of_type("log"), "a\n   \n\t\r\nb\n").size(), 2u);
  EXPECT_TRUE(log_lines(field_of_type("log"), "   \n").empty());
}

TEST(LogLinesTest, ALineThatBeginsLikeAnObjectMustBeOne) {
  for (const char* line : {"{broken\n", "ok\n{\"a\":1\n", "  {\"a\":1} x\n"})
    expect_refused(Cause::invalid, {"begins like a JSON object"}, [&] { log_lines(field_of_type("log"), line); });
  expect_refused(Cause::invalid, {"UTF-8"}, [] { log_lines(field_of_type("log"), "\xff"); });
  expect_refused(Cause::invalid, {"NUL"}, [] { log_lines(field_of_type("log"), "a\0"s); });
}

}  // namespace
}  // namespace statusfs
