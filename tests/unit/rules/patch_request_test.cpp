#include "mapping/rules/patch_request.hpp"

#include "mapping/document/sha256.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

TEST(PatchRequestTest, ObjectsAndArraysAreThePatchItself) {
  for (const char* text : {"{}", "[]", R"({"status":"DONE"})", R"({"patch":{"status":"DONE"}})", R"({"if_version":3})",
                           R"({"idempotency_key":"k"})", R"({"if_version":3,"patch":{},"status":"DONE"})",
                           R"({"if_version":3,"idempotency_key":"k"})"}) {
    const PatchRequest request = read_patch_request(text);
    EXPECT_EQ(compact(request.patch), text);
    EXPECT_FALSE(request.if_version) << text;
    EXPECT_FALSE(request.idempotency) << text;
  }
}

TEST(PatchRequestTest, AWrapperHasAPatchAndConditions) {
  const std::string text = R"({"if_version":22,"idempotency_key":"a b","patch":[]})";
  const PatchRequest request = read_patch_request(text);
  EXPECT_EQ(compact(request.patch), "[]");
  EXPECT_EQ(request.if_version, 22);
  ASSERT_TRUE(request.idempotency);
  EXPECT_EQ(request.idempotency->key, "a b");
  EXPECT_EQ(request.idempotency->request_hash, sha256_hex(text));
}

TEST(PatchRequestTest, TheRequestsHashKnowsNoWhiteSpace) {
  const auto hash = [](const char* text) { return read_patch_request(text).idempotency->request_hash; };
  EXPECT_EQ(hash(R"({"idempotency_key":"k","patch":{"a":1}})"),
            hash("{ \"idempotency_key\": \"k\",\n\"patch\": {\"a\": 1}}\n"));
  EXPECT_NE(hash(R"({"idempotency_key":"k","patch":{"a":1}})"), hash(R"({"idempotency_key":"k","patch":{"a":2}})"));
}

struct BadRequest {
  std::string text;
  std::string part;
};

class BadRequestTest : public testing::TestWithParam<BadRequest> {};

TEST_P(BadRequestTest, IsInvalid) {
  SCOPED_TRACE(GetParam().text);
  expect_refused(Cause::invalid, {GetParam().part}, [] { read_patch_request(GetParam().text); });
}

INSTANTIATE_TEST_SUITE_P(
    Requests, BadRequestTest,
    testing::Values(BadRequest{"", "line 1, column 1"}, BadRequest{"{", "not valid JSON"}, BadRequest{"5", "RFC 7396"},
                    BadRequest{"null", "RFC 6902"}, BadRequest{"\"x\"", "RFC 6902"},
                    BadRequest{R"({"if_version":1,"patch":3})", "not 3"},
                    BadRequest{R"({"if_version":1,"patch":null})", "not null"},
                    BadRequest{R"({"if_version":"1","patch":{}})", "if_version takes an integer"},
                    BadRequest{R"({"if_version":1.5,"patch":{}})", "if_version takes an integer"},
                    BadRequest{R"({"idempotency_key":"","patch":{}})", "1 to 256 printable bytes"},
                    BadRequest{R"({"idempotency_key":7,"patch":{}})", "1 to 256 printable bytes"},
                    BadRequest{R"({"idempotency_key":"a\nb","patch":{}})", "1 to 256 printable bytes"},
                    BadRequest{R"({"idempotency_key":")" + std::string(257, 'k') + R"(","patch":{}})", "1 to 256"}));

TEST(PatchRequestTest, TheLongestKey) {
  const std::string key(256, 'k');
  EXPECT_EQ(idempotency_mark(Value(std::string_view(key)), "x").key, key);
}

TEST(PatchRequestTest, TheKeyOfALogEntryIsTakenOut) {
  Value entry = parse_json(R"({"note": "a", "idempotency_key": "k", "x": 1})");
  EXPECT_EQ(take_idempotency_key(entry), "k");
  EXPECT_EQ(compact(entry), R"({"note":"a","x":1})");
  EXPECT_EQ(take_idempotency_key(entry), std::nullopt);
  Value bad = parse_json(R"({"idempotency_key": ""})");
  expect_refused(Cause::invalid, {"1 to 256"}, [&] { take_idempotency_key(bad); });
}

TEST(PatchTest, OneThatMovesTooMuchIsRefusedBeforeItIsCarriedOut) {
  std::string lines;
  for (int line = 0; line < 5000; ++line) lines += std::string(line ? "," : "") + R"("x")";
  const StatusDocument document = sample_after(
      R"([{"op":"replace","path":"/payload/overall_status_summary/active_blockers_summary","value":[)" + lines + "]}]");
  const auto patch = [](int count, const std::string& position) {
    const std::string one = R"({"op":"add","path":"/payload/overall_status_summary/active_blockers_summary/)" +
                            position + R"(","value":"y"})";
    std::string operations;
    for (int operation = 0; operation < count; ++operation) operations += (operation ? "," : "") + one;
    return "[" + operations + "]";
  };
  EXPECT_NO_THROW(judged(document, {"patch", patch(1000, "0")}));
  EXPECT_NO_THROW(judged(document, {"patch", patch(2500, "-")}));
  expect_judged(document, {"patch", patch(2500, "0")}, Cause::too_large, {"elements of arrays", "at the end"});
  expect_judged(document, {"patch", patch(2500, "0"), WriteRequest::Kind::set, "JANITOR"}, Cause::access_denied);
}

TEST(PatchTest, OneThatSearchesTooMuchIsRefusedBeforeItIsCarriedOut) {
  const std::string results = "/payload/tasks_status/0/latest_test_status";
  std::string members;
  for (int member = 0; member < 5000; ++member)
    members += (member ? ",\"" : "\"") + std::to_string(member) + "\":" + std::to_string(member);
  const StatusDocument document =
      sample_after(R"([{"op":"replace","path":")" + results + R"(","value":{)" + members + "}}]");
  const auto patch = [&](int count, const std::string& kind, int first, const std::string& value) {
    std::string operations;
    for (int operation = 0; operation < count; ++operation)
      operations += (operation ? R"(,{"op":")" : R"({"op":")") + kind + R"(","path":")" + results + "/" +
                    std::to_string(first + operation) + "\"" + value + "}";
    return "[" + operations + "]";
  };
  const std::string value = R"(,"value":"y")";
  for (const auto& [kind, of_value] :
       {std::pair{"replace", value}, {"add", value}, {"remove", std::string()}, {"test", value}}) {
    if (kind != std::string("test")) {
      EXPECT_NO_THROW(judged(document, {"patch", patch(350, kind, 0, of_value)})) << kind;
    }
    expect_judged(document, {"patch", patch(450, kind, 0, of_value)}, Cause::too_large,
                  {"members of objects", "merge patch"});
  }
  expect_judged(document, {"patch", patch(450, "add", 0, value), WriteRequest::Kind::set, "JANITOR"},
                Cause::access_denied);
  // What the patch itself puts into an object makes it longer.
  const StatusDocument empty = sample_after(R"([{"op":"replace","path":")" + results + R"(","value":{}}])");
  EXPECT_NO_THROW(judged(empty, {"patch", patch(1900, "add", 0, value)}));
  expect_judged(empty, {"patch", patch(2100, "add", 0, value)}, Cause::too_large, {"members of objects"});
}

// What a log holds already is no part of the patch that adds to it.
TEST(PatchTest, ALogOfAnySizeTakesEntries) {
  std::string entries;
  for (int entry = 0; entry < 30; ++entry)
    entries += std::string(entry ? "," : "") + R"({"achievement_summary":")" + std::string(40'000, 'x') + R"("})";
  const StatusDocument document =
      sample_after(R"([{"op":"replace","path":"/payload/key_achievements_log","value":[)" + entries + "]}]");
  EXPECT_NO_THROW(judged(
      document,
      {"patch", R"([{"op":"add","path":"/payload/key_achievements_log/-","value":{"achievement_summary":"y"}}])"}));
}

}  // namespace
}  // namespace statusfs
