#include "mapping/rules/field_text.hpp"

#include "mapping/rules/validity.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using std::string_literals::operator""s;

// A field of each type, nullable and not, by what it stands for here.
const Field& field(const std::string& name) {
  static const auto mapping = default_mapping();
  static const std::map<std::string, const Field*> fields{
      {"string", mapping->top("execution_plan_id_ref")},
      {"nullable string", mapping->top("summary")->child("execution_status")},
      {"text", mapping->collection->child("execution_log")->child("failure_details")},
      {"percent", mapping->collection->child("percent_complete")},
      {"count", mapping->top("g_last_update")},
      {"nullable count", mapping->collection->child("readiness_check")->child("g_checked")},
      {"boolean", mapping->top("_tasks_status_list_immutable")},
      {"enum", mapping->collection->child("status")},
      {"hash", mapping->top("payload_hash_current")},
      {"list", mapping->top("summary")->child("active_blockers_summary")},
      {"log", mapping->top("achievements")},
      {"document", mapping->collection->child("latest_test_status")}};
  return *fields.at(name);
}

struct Accepted {
  std::string field;
  std::string text;
  std::string json;
};

class AcceptedTextTest : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedTextTest, MeansAValue) {
  EXPECT_EQ(compact(value_of_text(field(GetParam().field), GetParam().text)), GetParam().json);
}

const std::string some_hash = "sha256:" + std::string(64, 'a');

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
  expect_refused(Cause::invalid, {GetParam().part}, [] { value_of_text(field(GetParam().field), GetParam().text); });
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
  const auto lines = list_lines(field("list"), "\na\n\n  b \n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].as_string(), "a");
  EXPECT_EQ(lines[1].as_string(), "  b ");
  EXPECT_TRUE(list_lines(field("list"), "\n\n").empty());
}

TEST(LogLinesTest, PlainTextBecomesTheMainMember) {
  const auto entries = log_lines(field("log"), "first\n\n{\"achievement_summary\": \"second\", \"x\": [1]}\n[third]\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(compact(entries[0]), R"({"achievement_summary":"first"})");
  EXPECT_EQ(compact(entries[1]), R"({"achievement_summary":"second","x":[1]})");
  EXPECT_EQ(compact(entries[2]), R"({"achievement_summary":"[third]"})");
}

TEST(LogLinesTest, ALineThatBeginsLikeAnObjectMustBeOne) {
  for (const char* line : {"{broken\n", "ok\n{\"a\":1\n", "  {\"a\":1} x\n"})
    expect_refused(Cause::invalid, {"begins like a JSON object"}, [&] { log_lines(field("log"), line); });
  expect_refused(Cause::invalid, {"UTF-8"}, [] { log_lines(field("log"), "\xff"); });
  expect_refused(Cause::invalid, {"NUL"}, [] { log_lines(field("log"), "a\0"s); });
}

// --- validity of values, as patches bring them -----------------------------------------------------------------------

struct ValidityCase {
  std::string field;
  std::string json;
  bool valid;
};

class ValidityTest : public testing::TestWithParam<ValidityCase> {};

TEST_P(ValidityTest, IsJudgedByType) {
  const Field& judged = field(GetParam().field);
  const auto complaint = complaint_about(judged, parse_json(GetParam().json));
  EXPECT_EQ(!complaint, GetParam().valid) << GetParam().field << " " << GetParam().json;
  if (complaint) {
    EXPECT_THAT(*complaint, testing::HasSubstr(accepted_by(judged)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Values, ValidityTest,
    testing::Values(
        ValidityCase{"string", R"("x")", true}, ValidityCase{"string", R"("")", true},
        ValidityCase{"string", R"("a\nb")", false}, ValidityCase{"string", R"("a\u0000")", false},
        ValidityCase{"string", "null", false}, ValidityCase{"string", "1", false},
        ValidityCase{"nullable string", "null", true}, ValidityCase{"nullable string", "[]", false},
        ValidityCase{"text", R"("a\nb")", true}, ValidityCase{"text", R"("a\u0000")", false},
        ValidityCase{"text", R"({"a":1})", true}, ValidityCase{"text", "[]", false}, ValidityCase{"text", "7", false},
        ValidityCase{"percent", "0", true}, ValidityCase{"percent", "100", true}, ValidityCase{"percent", "-1", false},
        ValidityCase{"percent", "101", false}, ValidityCase{"percent", "50.5", false},
        ValidityCase{"percent", R"("50")", false}, ValidityCase{"percent", "true", false},
        ValidityCase{"percent", "null", false}, ValidityCase{"nullable count", "null", true},
        ValidityCase{"count", "9007199254740991", true}, ValidityCase{"count", "9007199254740992", false},
        ValidityCase{"boolean", "true", true}, ValidityCase{"boolean", R"("true")", false},
        ValidityCase{"boolean", "0", false}, ValidityCase{"enum", R"("SKIPPED")", true},
        ValidityCase{"enum", R"("Skipped")", false}, ValidityCase{"enum", "null", false},
        ValidityCase{"hash", "\"" + some_hash + "\"", true}, ValidityCase{"hash", "\"" + some_hash + "a\"", false},
        ValidityCase{"hash", "null", false}, ValidityCase{"list", "[]", true},
        ValidityCase{"list", R"(["a",""])", true}, ValidityCase{"list", R"(["a\nb"])", false},
        ValidityCase{"list", R"(["a",1])", false}, ValidityCase{"list", R"("a")", false},
        ValidityCase{"list", "null", false}, ValidityCase{"log", "[{}]", true}, ValidityCase{"log", "[1]", false},
        ValidityCase{"log", "{}", false}, ValidityCase{"document", "{}", true}, ValidityCase{"document", "null", true},
        ValidityCase{"document", "[]", false}, ValidityCase{"document", R"("x")", false}));

TEST(ValidityTest, NumbersThatAreIntegersAreStoredAsSuch) {
  const auto normal = [](const char* json) { return compact(normalised(field("percent"), parse_json(json))); };
  EXPECT_EQ(normal("50.0"), "50");
  EXPECT_EQ(normal("5e1"), "50");
  EXPECT_EQ(normal("-0"), "0");
  EXPECT_EQ(normal("50.5"), "50.5");
  EXPECT_EQ(normal("1e300"), "1e300");
  EXPECT_EQ(normal("0e5"), "0");
  EXPECT_EQ(normal("1e-999"), "1e-999") << "not 0, however small";
  EXPECT_EQ(normal("\"x\""), "\"x\"");
  EXPECT_EQ(compact(normalised(field("document"), parse_json("50.0"))), "50.0");
}

TEST(ValidityTest, IntegersThatNotEveryReaderSeesAlikeAreNotWritten) {
  for (const char* exact : {"9007199254740991", "-9007199254740991", "1e300", "0.1", R"({"a":[1,{"b":2}]})"})
    EXPECT_NO_THROW(require_exact_integers(parse_json(exact))) << exact;
  for (const char* json : {"9007199254740992", "-9007199254740992", "123456789012345678901234567890",
                           R"([1,[9007199254740993]])", R"({"a":{"b":9007199254740992}})"})
    expect_refused(Cause::invalid, {"cannot be written", "9007199254740991"},
                   [&] { require_exact_integers(parse_json(json)); });
}

TEST(ValidityTest, LongValuesAreShortenedInMessages) {
  std::string text(79, 'x');
  for (int i = 0; i < 1000; ++i) text += "\u20ac";
  const auto complaint = complaint_about(field("enum"), Value(std::string_view(text)));
  ASSERT_TRUE(complaint);
  EXPECT_LT(complaint->size(), 250u);
  EXPECT_THAT(*complaint, testing::HasSubstr("..."));
}

}  // namespace
}  // namespace statusfs
