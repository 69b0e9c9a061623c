#include "mapping/document/fast_parse.hpp"

#include <gtest/gtest.h>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/rejection.hpp"
#include "tests/unit/document/random_values.hpp"

namespace statusfs {
namespace {

std::optional<std::string> exactly(std::string_view text) {
  try {
    return compact(parse_json_exactly(text));
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

std::optional<std::string> quickly(std::string_view text) {
  const auto value = PlainJsonParser().parse(text);
  return value ? std::optional(compact(*value)) : std::nullopt;
}

// Whatever the quick reader answers, the exact one answers, too.
void expect_agreement(std::string_view text) {
  const auto quick = quickly(text);
  if (!quick) return;
  EXPECT_EQ(quick, exactly(text)) << text;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(FastParseTest, PlainDocumentsAreRead) {
  for (const std::string& text : std::vector<std::string>{
           "{}", " [ ] ", R"({"o":{"a":{"b":1},"c":{"b":2,"a":3}},"a":[{"a":1},{"a":2}],"b":0})",
           R"({"a":[1,-2,1.50,1E+03,"b\n\"\\/",true,false,null],"b":{"a":{}}})", "[-0,0.0,1e-999]",
           "[9223372036854775807,-9223372036854775808,9223372036854775808,123456789012345678901234567890]",
           "[\"\xC3\xA9\xF0\x9F\x98\x82\"]", "{\"\":0}", nested(maximum_nesting), "\n{\"a\" :\t1 }\r\n"})
    EXPECT_EQ(quickly(text), exactly(text)) << text;
  EXPECT_TRUE(quickly("[1,2]"));
}

TEST(FastParseTest, NestingIsAsDeepAsIsAskedFor) {
  PlainJsonParser parser;
  for (const std::size_t nesting : {maximum_record_nesting, std::size_t{1}, maximum_nesting}) {
    EXPECT_TRUE(parser.parse(nested(nesting), nesting)) << nesting;
    EXPECT_FALSE(parser.parse(nested(nesting + 1), nesting)) << nesting;
    EXPECT_FALSE(parser.parse("[" + nested(nesting) + "]", nesting)) << nesting;
  }
}

TEST(FastParseTest, ADocumentInAPatchMayBeAsDeepAsADocument) {
  const auto patch = [](std::size_t depth) { return R"([{"op":"add","path":"","value":)" + nested(depth) + "}]"; };
  EXPECT_TRUE(PlainJsonParser().parse_patch(patch(maximum_nesting)));
  EXPECT_FALSE(PlainJsonParser().parse_patch(patch(maximum_nesting + 1)));
  EXPECT_EQ(
      JsonParser().parse_patch(R"([{"op":"add","path":"\u002Fa","value":)" + nested(maximum_nesting) + "}]").size(), 1u)
      << "by the exact reader";
  EXPECT_THROW(JsonParser().parse_patch(patch(maximum_nesting + 1)), ParseError);
}

TEST(FastParseTest, RaritiesAreLeftToTheExactReader) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          " ",
                                                          "1",
                                                          "\"a\"",
                                                          "null",
                                                          R"(["\u00e9"])",
                                                          R"(["\ud800"])",
                                                          R"({"a":1,"a":2})",
                                                          R"([{"a":1,"a":1}])",
                                                          nested(maximum_nesting + 1),
                                                          "\xEF\xBB\xBF[]",
                                                          std::string("[]\0", 3),
                                                          "[1e400]",
                                                          "[1",
                                                          "[1,]",
                                                          "[,1]",
                                                          "{\"a\"}",
                                                          "{\"a\":}",
                                                          "{\"a\":1,}",
                                                          "{a:1}",
                                                          "[01]",
                                                          "[1.]",
                                                          "[.5]",
                                                          "[+1]",
                                                          "[--1]",
                                                          "[1e]",
                                                          "[0x1]",
                                                          "[NaN]",
                                                          "[Infinity]",
                                                          "[tru]",
                                                          "[truex]",
                                                          "[nul]",
                                                          "[nullx]",
                                                          "[falsee]",
                                                          "[1 2]",
                                                          "[1][2]",
                                                          "[1]x",
                                                          "]",
                                                          "[1}",
                                                          "{\"a\":1]",
                                                          "[\"a]",
                                                          "[\"\n\"]",
                                                          "[\"\\x\"]",
                                                          "[\"\xC3\"]",
                                                          "[\"\xC0\x80\"]",
                                                          "[\"\xED\xA0\x80\"]",
                                                          "[\"\xF4\x90\x80\x80\"]",
                                                          "[1,,2]",
                                                          "/**/[]",
                                                          "[]//",
                                                          "['a']",
                                                          "[1:2]",
                                                          "{\"a\",1}",
                                                          "[\"a\":1]",
                                                          "{1:2}",
                                                          "[1]]",
                                                          "{}}",
                                                          "[-]",
                                                          "[1a]",
                                                          "[\"a\"b]",
                                                          "[true false]",
                                                          "{\"a\":1 \"b\":2}"})
    EXPECT_FALSE(quickly(text)) << text;
}

TEST(FastParseTest, EveryPrefixAndChangedByteAgrees) {
  const std::string text =
      R"({"a":[1,-2.5e3,"x\"y",true,false,null,{}],"b":{"a":[[],{"c":0}],"d":"é"},"number":10000000000000000000})";
  for (std::size_t size = 0; size <= text.size(); ++size) expect_agreement(text.substr(0, size));
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const char byte : std::string_view("\0\n \"\\,:[]{}0-.eEtfn\x7f\x80\xc3", 22)) {
      std::string changed = text;
      changed[at] = byte;
      expect_agreement(changed);
      expect_agreement(text.substr(0, at) + byte + text.substr(at));
    }
}

TEST(FastParseTest, RandomValuesAgree) {
  RandomValues values;
  SCOPED_TRACE(values.trace());
  for (int round = 0; round < 300; ++round) {
    std::string text = indented_document(values.value());
    expect_agreement(text);
    for (int change = 0; change < 20; ++change) {
      text[values.below(text.size())] = static_cast<char>(values.below(128));
      expect_agreement(text);
    }
  }
}

std::optional<std::string> patch_exactly(std::string_view text) {
  try {
    return compact(encode_json_patch(decode_json_patch(parse_json_exactly(text))));
  } catch (const ParseError&) {
    return std::nullopt;
  } catch (const Rejection&) {
    return std::nullopt;
  }
}

std::optional<std::string> patch_quickly(std::string_view text) {
  const auto patch = PlainJsonParser().parse_patch(text);
  return patch ? std::optional(compact(encode_json_patch(*patch))) : std::nullopt;
}

constexpr std::string_view plain_patch =
    R"([{"op":"add","path":"/a/b~1c/-","value":{"d":[1.50,null]}},{"op":"remove","path":"/a"},)"
    R"({"value":"x","path":"","op":"replace"},{"op":"move","from":"/e~0","path":"/f"},{"op":"copy","from":"","path":"/0"},)"
    R"({"op":"test","path":"/g","value":false}])";

TEST(FastParseTest, PlainPatchesAreReadWithoutTheValuesBetween) {
  EXPECT_EQ(patch_quickly("[]"), "[]");
  ASSERT_TRUE(patch_quickly(plain_patch));
  EXPECT_EQ(patch_quickly(plain_patch), patch_exactly(plain_patch));
}

TEST(FastParseTest, RarePatchesAreLeftToTheExactReader) {
  for (const std::string_view text : {"",
                                      "{}",
                                      "1",
                                      "[1]",
                                      "[[]]",
                                      "[{}]",
                                      R"([{"op":"add","path":"/a"}])",
                                      R"([{"op":"remove","path":"/a","value":1}])",
                                      R"([{"op":"remove","path":"/a","from":"/b"}])",
                                      R"([{"op":"move","path":"/a"}])",
                                      R"([{"op":"put","path":"/a","value":1}])",
                                      R"([{"op":"remove","path":"a"}])",
                                      R"([{"op":"remove","path":"/~2"}])",
                                      R"([{"op":"remove","path":1}])",
                                      R"([{"op":1,"path":"/a"}])",
                                      R"([{"op":"remove","op":"remove","path":"/a"}])",
                                      R"([{"op":"remove","path":"/a","path":"/a"}])",
                                      R"([{"op":"add","path":"/a","value":1,"value":1}])",
                                      R"([{"op":"add","path":"/a","value":{"b":1,"b":2}}])",
                                      R"([{"op":"remove","path":"/a","why":"so"}])",
                                      R"([{"op":"remove","path":"/a"}] [])",
                                      R"([{"op":"remove","path":"/a"})",
                                      R"([{"op":"remove","path":"/\u0061"}])"})
    EXPECT_FALSE(patch_quickly(text)) << text;
}

TEST(FastParseTest, EveryChangedByteOfAPatchAgrees) {
  const auto expect_patches_agree = [](std::string_view text) {
    const auto quick = patch_quickly(text);
    if (quick) {
      EXPECT_EQ(quick, patch_exactly(text)) << text;
    }
  };
  for (std::size_t at = 0; at < plain_patch.size(); ++at)
    for (const char byte : std::string_view("\0\n \"\\,:[]{}0-~/ae\x7f\x80\xc3", 21)) {
      std::string changed(plain_patch);
      changed[at] = byte;
      expect_patches_agree(changed);
      expect_patches_agree(std::string(plain_patch.substr(0, at)) + byte + std::string(plain_patch.substr(at)));
    }
}

TEST(FastParseTest, AMemberMayBePassedOver) {
  const auto without = [](std::string_view text) {
    const auto value = PlainJsonParser().parse_without(text, "big");
    return value ? compact(*value) : "nothing";
  };
  EXPECT_EQ(without(R"({"a":1,"big":{"b":[1,{"c":"}]\""}]},"d":{"big":2}})"), R"({"a":1,"d":{"big":2}})");
  EXPECT_EQ(without(R"({"big":[],"a":"x"})"), R"({"a":"x"})");
  EXPECT_EQ(without(R"({"big":null})"), "{}");
  EXPECT_EQ(without(R"({"a":[]})"), R"({"a":[]})");
  for (const char* text :
       {"[]", "{", R"({"a":1,"a":2,"big":3})", R"({"big":1} {})", R"({"big":1)", R"({"a":"\u0061"})"})
    EXPECT_EQ(without(text), "nothing") << text;
  EXPECT_EQ(compact(JsonParser().parse_without(R"({"a":"\u0061","big":[1]})", "big")), R"({"a":"a"})");
}

// What one text left half read is not seen in the next.
TEST(FastParseTest, TextsDoNotMeet) {
  PlainJsonParser parser;
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(parser.parse(R"({"a":{"b":1,"c":[1,2,{"a":1,"a":2}]}})"));
    EXPECT_EQ(compact(parser.parse(R"({"a":{"b":[]},"c":{"a":0}})").value()), R"({"a":{"b":[]},"c":{"a":0}})");
    EXPECT_FALSE(parser.parse_patch(R"([{"op":"add","path":"/a","value":[{"a":1,"a":2}]}])"));
    EXPECT_EQ(parser.parse_patch(R"([{"op":"add","path":"/a","value":[{"a":1}]}])").value().size(), 1u);
    EXPECT_FALSE(parser.parse(R"({"a":)"));
  }
}

TEST(FastParseTest, ManyKeysDoNotStay) {
  PlainJsonParser parser;
  for (int round = 0; round < 3; ++round) {
    std::string text = "{";
    for (int key = 0; key < 5000; ++key) text += "\"" + std::to_string(round * 5000 + key) + "\":0,";
    text.back() = '}';
    EXPECT_EQ(compact(parser.parse(text).value()), text);
  }
}

}  // namespace
}  // namespace statusfs
