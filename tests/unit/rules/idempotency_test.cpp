// What an idempotency key does.
#include "mapping/rules/idempotency.hpp"

#include "mapping/document/sha256.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

class OneEarlierRequest : public IdempotencyMemory {
 public:
  OneEarlierRequest(std::string path, std::string key, std::string hash)
      : path_(std::move(path)), key_(std::move(key)), hash_(std::move(hash)) {}
  std::optional<std::string> find(std::uint32_t uid, std::string_view path, std::string_view key) const override {
    return uid == 1000 && path == path_ && key == key_ ? std::optional(hash_) : std::nullopt;
  }

 private:
  std::string path_, key_, hash_;
};

using Kind = WriteRequest::Kind;

TEST(IdempotencyTest, ARepeatedPatchDoesNothing) {
  const std::string text = R"({"idempotency_key":"k","patch":{"percent_complete":5}})";
  const OneEarlierRequest memory("tasks/one/task.json", "k", sha256_hex(text));
  const Proposal first = judged(sample(), {"tasks/one/task.json", text});
  EXPECT_EQ(first.idempotency->key, "k");
  EXPECT_FALSE(first.is_replay);
  const Proposal again = judged(sample(), {"tasks/one/task.json", text}, nullptr, &memory);
  EXPECT_TRUE(again.is_replay);
  EXPECT_TRUE(again.changes.empty());
  EXPECT_FALSE(judged(sample(), {"tasks/two/task.json", text}, nullptr, &memory).is_replay) << "another path";
}

TEST(IdempotencyTest, ARepeatedPatchIsARepeatWhateverHappenedSince) {
  const std::string text =
      R"({"idempotency_key":"k","if_version":0,"patch":[{"op":"test","path":"/status","value":"ACTIVE"}]})";
  const OneEarlierRequest memory("tasks/one/task.json", "k", sha256_hex(text));
  EXPECT_TRUE(judged(sample(), {"tasks/one/task.json", text}, nullptr, &memory).is_replay);
}

TEST(IdempotencyTest, WhoMayNotWriteTheFieldAnyMoreMayNotRepeatEither) {
  const std::string text = R"({"idempotency_key":"k","patch":{"percent_complete":5}})";
  const OneEarlierRequest memory("tasks/one/task.json", "k", sha256_hex(text));
  expect_refused(Cause::access_denied, {"write percent_complete"}, [&] {
    judged(sample(), {"tasks/one/task.json", text, Kind::set, "JANITOR"}, nullptr, &memory);
  });
}

TEST(IdempotencyTest, AKeyIsForOneRequest) {
  const OneEarlierRequest memory("tasks/one/task.json", "k", "another hash");
  for (const char* patch : {R"({"percent_complete":5})", R"([{"op":"replace","path":"/percent_complete","value":5}])"})
    expect_refused(Cause::invalid, {"was used for another request"}, [&] {
      judged(sample(), {"tasks/one/task.json", R"({"idempotency_key":"k","patch":)" + std::string(patch) + "}"},
             nullptr, &memory);
    });
}

TEST(IdempotencyTest, ARepeatedLineIsAppendedOnce) {
  const std::string line = "{\"achievement_summary\":\"done\",\"idempotency_key\":\"k\"}\n";
  const Proposal first = judged(sample(), {"achievements", line, Kind::append});
  EXPECT_EQ(outcome(first), (Outcome{{":/payload/key_achievements_log", R"(+[{"achievement_summary":"done"}])"}}));
  const OneEarlierRequest memory("achievements", "k", first.idempotency->request_hash);
  EXPECT_TRUE(judged(sample(), {"achievements", line, Kind::append}, nullptr, &memory).is_replay);
}

TEST(IdempotencyTest, ALineWithAKeyIsWrittenAlone) {
  const std::string line = "{\"achievement_summary\":\"done\",\"idempotency_key\":\"k\"}\n";
  expect_judged(sample(), {"achievements", line + "another\n", Kind::append}, Cause::invalid, {"one line a write"});
  expect_judged(sample(), {"achievements", line + line, Kind::append}, Cause::invalid, {"one line a write"});
}

TEST(IdempotencyTest, AReadinessCheckThatIsToldAgainChangesNothing) {
  const StatusDocument document = sample_with("/readiness_check/idempotency_key", R"("check-1")");
  const auto patch = [](const std::string& group) {
    return Attempt{"tasks/one/task.json", R"({"readiness_check": )" + group + "}", Kind::set, "BUILDER"};
  };
  EXPECT_TRUE(judged(document, patch(R"({"idempotency_key": "check-1", "status": "PASSED"})")).changes.empty());
  EXPECT_EQ(outcome(judged(document, patch(R"({"idempotency_key": "check-2", "status": "PASSED"})"))),
            (Outcome{{"one:/readiness_check/status", R"("PASSED")"},
                     {"one:/readiness_check/idempotency_key", R"("check-2")"}}));
  EXPECT_EQ(outcome(judged(document, patch(R"({"status": "PASSED"})"))),
            (Outcome{{"one:/readiness_check/status", R"("PASSED")"}}));
  EXPECT_FALSE(judged(sample(), patch(R"({"idempotency_key": null, "status": "PASSED"})")).changes.empty());
}

TEST(IdempotencyTest, ARepeatedPatchThatNamesTheHashItWasMadeFromIsARepeat) {
  const std::string text = R"({"idempotency_key":"k","patch":{"signature_hash":"sha256:old","percent_complete":5}})";
  const OneEarlierRequest memory("tasks/one/task.json", "k", sha256_hex(text));
  EXPECT_TRUE(judged(sample(), {"tasks/one/task.json", text}, nullptr, &memory).is_replay);
  expect_judged(sample(), {"tasks/one/task.json", text}, Cause::stale);
}

TEST(IdempotencyTest, ARepeatedLineIsARepeatThoughTheLogIsLockedSince) {
  const std::string line = "{\"achievement_summary\":\"done\",\"idempotency_key\":\"k\"}\n";
  const Proposal first = judged(sample(), {"achievements", line, Kind::append});
  const OneEarlierRequest memory("achievements", "k", first.idempotency->request_hash);
  const StatusDocument locked =
      sample_after(R"([{"op":"add","path":"/payload/_key_achievements_log_locked","value":true}])");
  EXPECT_TRUE(judged(locked, {"achievements", line, Kind::append}, nullptr, &memory).is_replay);
  for (const std::string& text : {line, std::string("{bad\n"), std::string("\n")})
    expect_judged(locked, {"achievements", text, Kind::append}, Cause::not_permitted, {"locked"});
}

TEST(IdempotencyTest, AKeyOfAnotherRequestIsToldAfterWhatIsGraver) {
  const StatusDocument document = sample_with("/_percent_complete_locked", "true");
  const OneEarlierRequest memory("tasks/one/task.json", "k", "another hash");
  const auto expect = [&](const std::string& rest, Cause cause) {
    SCOPED_TRACE(rest);
    expect_refused(cause, {}, [&] {
      judged(document, {"tasks/one/task.json", R"({"idempotency_key":"k",)" + rest + "}"}, nullptr, &memory);
    });
  };
  expect(R"("patch":{"percent_complete":5})", Cause::not_permitted);
  expect(R"("patch":{"g_last_update":5})", Cause::not_permitted);
  expect(R"("if_version":99,"patch":{"status":"BLOCKED"})", Cause::stale);
  expect(R"("patch":{"status":"BLOCKED"})", Cause::invalid);
  const StatusDocument locked =
      sample_after(R"([{"op":"add","path":"/payload/_key_achievements_log_locked","value":true}])");
  const OneEarlierRequest line("achievements", "k", "another hash");
  const Attempt attempt{"achievements", R"({"achievement_summary":"x","idempotency_key":"k"})", Kind::append};
  expect_refused(Cause::not_permitted, {"locked"}, [&] { judged(locked, attempt, nullptr, &line); });
  expect_refused(Cause::invalid, {"another request"}, [&] { judged(sample(), attempt, nullptr, &line); });
}

}  // namespace
}  // namespace statusfs
