#include "mapping/schema/yaml_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapping/schema/mapping_loader.hpp"

namespace statusfs {
namespace {

using testing::HasSubstr;

std::string refusal_of(const std::string& text) {
  try {
    read_yaml(text, "m.yaml");
  } catch (const MappingError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(YamlReader, GivesEachNodeTheLineOfItsKey) {
  const YamlNode root = read_yaml("a: 1\nb:\n  c:\n    [x,\n     y]\n", "m.yaml");
  EXPECT_EQ(root.at("a").line(), 1U);
  EXPECT_EQ(root.at("b").line(), 2U);
  EXPECT_EQ(root.at("b").at("c").line(), 3U);
  EXPECT_EQ(root.at("b").at("c").items()[1].line(), 5U);
}

TEST(YamlReader, TellsPlainFromQuotedScalars) {
  const YamlNode root = read_yaml("plain: true\nquoted: \"true\"\nnothing: null\nempty:\nblock: |\n  text\n", "m.yaml");
  EXPECT_TRUE(root.at("plain").flag());
  EXPECT_THROW(root.at("quoted").flag(), MappingError);
  EXPECT_TRUE(root.at("nothing").is_null());
  EXPECT_TRUE(root.at("empty").is_null());
  EXPECT_FALSE(root.at("block").is_plain());
}

TEST(YamlReader, ReadsIntegersExactly) {
  const auto integer = [](const std::string& text) { return read_yaml("n: " + text, "m.yaml").at("n").integer(); };
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  for (const char* text : {"9223372036854775808", "007", "+7", "-0", "7.0", "7e1", "0x7", "7 8", "''", "[]", "~"}) {
    EXPECT_THROW(integer(text), MappingError) << text;
  }
}

TEST(YamlReader, RefusesWhatIsNotOneCleanDocument) {
  EXPECT_THAT(refusal_of(""), HasSubstr("m.yaml:1: the text is empty"));
  EXPECT_THAT(refusal_of("# only a comment\n"), HasSubstr("m.yaml:1: the text is empty"));
  EXPECT_THAT(refusal_of("a: 1\nb: \xff\n"), HasSubstr("m.yaml:2: this line is not valid UTF-8"));
  EXPECT_THAT(refusal_of(std::string("a: 1\nb: \0\n", 10)), HasSubstr("m.yaml:2: this line is not valid UTF-8"));
  EXPECT_THAT(refusal_of("a: 1\n---\nb: 2\n"), HasSubstr("m.yaml:2: a second YAML document"));
  for (const char* open : {"a: \"open", "a: \"open\n", "a: 'open\n\n", "a: [b\n", "a: {b: c,\n"}) {
    EXPECT_THAT(refusal_of(open), HasSubstr("malformed YAML")) << open;
  }
  EXPECT_THAT(refusal_of("a: \"\\ud800\"\n"), HasSubstr("m.yaml:1: malformed YAML"));
}

// yaml-cpp begins one empty document after the other there, for ever.
TEST(YamlReader, EndsWhereADocumentBeginsWithAComma) {
  for (const char* text : {",", ", a: 1\n", "a: 1\n---\n,\n", "a: 1\n...\n, b: 2\n"}) {
    EXPECT_THAT(refusal_of(text), HasSubstr("a second YAML document")) << text;
  }
}

TEST(YamlReader, RefusesAnchorsAndAliasesHoweverTheyAreNested) {
  EXPECT_THAT(refusal_of("a: &a [x]\nb: [*a, *a]\n"), HasSubstr("m.yaml:1: the anchor 'a' is not accepted"));
  EXPECT_THAT(refusal_of("&a a: 1\n"), HasSubstr("the anchor 'a' is not accepted"));
  EXPECT_THAT(refusal_of("a: *a\n"), HasSubstr("m.yaml:1: "));
}

TEST(YamlReader, RefusesTooMuchText) {
  EXPECT_EQ(refusal_of("a: " + std::string(maximum_mapping_size - 3, 'x')), "accepted");
  EXPECT_THAT(refusal_of("a: " + std::string(maximum_mapping_size - 2, 'x')),
              HasSubstr("m.yaml:1: the text is longer"));
}

TEST(YamlReader, RefusesDeepNestingOfEveryKind) {
  for (const std::string opening : {"[", "{", "- ", "? ", "a: [", "[{a: "}) {
    std::string text;
    while (text.size() + opening.size() < maximum_mapping_size) text += opening;
    EXPECT_THAT(refusal_of(text), HasSubstr("m.yaml:1: ")) << opening;
  }
}

TEST(YamlReader, SurvivesMebibytesOfAnything) {
  for (const char byte : std::string("[]{},:-?&*!|>'\"%@`#~<= \t\r\n\x01\x7f"
                                     "a0.\\")) {
    const std::string outcome = refusal_of(std::string(maximum_mapping_size, byte));
    EXPECT_TRUE(outcome == "accepted" || outcome.starts_with("m.yaml:")) << outcome.substr(0, 200);
  }
}

TEST(YamlReader, QuotesTextForMessagesOnOneShortLine) {
  EXPECT_EQ(in_quotes("a\nb"), "'a?b'");
  EXPECT_EQ(in_quotes(std::string(80, 'a')), "'" + std::string(80, 'a') + "'");
  EXPECT_EQ(in_quotes(std::string(79, 'a') + "\u00e9"), "'" + std::string(79, 'a') + "...'");
}

TEST(YamlReader, ListsAlternatives) {
  EXPECT_EQ(alternatives({}), "nothing");
  EXPECT_EQ(alternatives({"a"}), "a");
  EXPECT_EQ(alternatives({"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace statusfs
