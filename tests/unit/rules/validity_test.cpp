// Validity of values, as patches bring them.
#include "mapping/rules/validity.hpp"

#include "tests/unit/rules/fields_by_type.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

struct ValidityCase {
  std::string field;
  std::string json;
  bool valid;
};

class ValidityTest : public testing::TestWithParam<ValidityCase> {};

TEST_P(ValidityTest, IsJudgedByType) {
  const Field& judged = field_of_type(GetParam().field);
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
  const auto normal = [](const char* json) { return compact(normalised(field_of_type("percent"), parse_json(json))); };
  EXPECT_EQ(normal("50.0"), "50");
  EXPECT_EQ(normal("5e1"), "50");
  EXPECT_EQ(normal("-0"), "0");
  EXPECT_EQ(normal("50.5"), "50.5");
  EXPECT_EQ(normal("1e300"), "1e300");
  EXPECT_EQ(normal("0e5"), "0");
  EXPECT_EQ(normal("1e-999"), "1e-999") << "not 0, however small";
  EXPECT_EQ(normal("\"x\""), "\"x\"");
  EXPECT_EQ(compact(normalised(field_of_type("document"), parse_json("50.0"))), "50.0");
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
  const auto complaint = complaint_about(field_of_type("enum"), Value(std::string_view(text)));
  ASSERT_TRUE(complaint);
  EXPECT_LT(complaint->size(), 250u);
  EXPECT_THAT(*complaint, testing::HasSubstr("..."));
}

}  // namespace
}  // namespace statusfs
