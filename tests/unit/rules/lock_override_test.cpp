#include "mapping/rules/lock_override.hpp"

#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

const std::string override_file = "tasks/one/override";
const std::string log = "one:/execution_log/lock_override_log";

StatusDocument locked_sample() { return sample_with("/_percent_complete_locked", "true"); }

TEST(LockOverrideTest, SetsALockedFieldAndRecordsIt) {
  const Proposal proposal =
      judged(locked_sample(), {override_file, R"({"field":"percent_complete","value":7,"reason":"stuck"})"});
  EXPECT_EQ(proposal.op, "override");
  EXPECT_EQ(outcome(proposal),
            (Outcome{{"one:/percent_complete", "7"},
                     {log, R"(+[{"field":"percent_complete","old_value":0,"new_value":7,"reason":"stuck"}])"}}));
}

TEST(LockOverrideTest, OfAFieldInAGroup) {
  const StatusDocument document = sample_with("/readiness_check/_locked_object_definition", "true");
  EXPECT_EQ(outcome(judged(document,
                           {override_file, R"({"field":"readiness_check/status","value":"PASSED","reason":"seen"})"}))
                .at("one:/readiness_check/status"),
            R"("PASSED")");
}

TEST(LockOverrideTest, WhatIsThereAlreadyIsNotRecorded) {
  EXPECT_TRUE(judged(locked_sample(), {override_file, R"({"field":"percent_complete","value":0,"reason":"x"})"})
                  .changes.empty());
}

TEST(LockOverrideTest, IsForTheAuthorityOverLocks) {
  for (const char* archetype : {"MANAGER", "BUILDER", "JANITOR", "AUDITOR"})
    expect_judged(
        locked_sample(),
        {override_file, R"({"field":"percent_complete","value":7,"reason":"x"})", WriteRequest::Kind::set, archetype},
        Cause::access_denied, {"override locks", "SUPERVISOR"});
}

TEST(LockOverrideTest, OpensLocksAndNothingElse) {
  const auto expect = [](const std::string& request, Cause cause, const std::string& part) {
    expect_judged(locked_sample(), {override_file, request}, cause, {part});
  };
  expect(R"({"field":"g_last_update","value":7,"reason":"x"})", Cause::not_permitted, "read-only");
  expect(R"({"field":"percent_complete","value":101,"reason":"x"})", Cause::invalid, "0 to 100");
  expect(R"({"field":"status","value":"DONE","reason":"x"})", Cause::invalid, "rule task-life");
  expect(R"({"field":"execution_log/retry_attempts_log","value":[],"reason":"x"})", Cause::not_permitted,
         "append-only");
}

struct BadOverride {
  std::string text;
  std::string part;
};

class BadOverrideTest : public testing::TestWithParam<BadOverride> {};

TEST_P(BadOverrideTest, IsInvalid) {
  expect_judged(locked_sample(), {override_file, GetParam().text}, Cause::invalid, {GetParam().part});
}

INSTANTIATE_TEST_SUITE_P(
    Requests, BadOverrideTest,
    testing::Values(BadOverride{"{", "not valid JSON"}, BadOverride{"7", "no JSON object"},
                    BadOverride{"{}", "the member field"},
                    BadOverride{R"({"field":"percent_complete","value":7})", "the member reason"},
                    BadOverride{R"({"field":"percent_complete","value":7,"reason":" \n"})", "the member reason"},
                    BadOverride{R"({"field":"percent_complete","value":7,"reason":3})", "the member reason"},
                    BadOverride{R"({"field":"percent_complete","value":7,"reason":"a\nb"})", "reason"},
                    BadOverride{R"({"field":"percent_complete","value":7,"reason":"a\u0000b"})", "reason"},
                    BadOverride{R"({"field":"percent_complete","reason":"x"})", "the member value"},
                    BadOverride{R"({"field":"nothing","value":7,"reason":"x"})", "no field of a task"},
                    BadOverride{R"({"field":"percent_complete","value":7,"reason":"x","more":1})",
                                "more is not known"}));

TEST(LockOverrideTest, AReasonIsNoLongerThanAText) {
  const auto with_reason = [](std::size_t size) {
    return Attempt{override_file,
                   R"({"field":"percent_complete","value":7,"reason":")" + std::string(size, 'x') + "\"}"};
  };
  EXPECT_NO_THROW(judged(locked_sample(), with_reason(512 * 1024)));
  expect_judged(locked_sample(), with_reason(512 * 1024 + 1), Cause::too_large, {"at most 524288"});
}

TEST(LockOverrideTest, WhatMayNotBeWrittenComesBeforeTheReason) {
  expect_judged(locked_sample(), {override_file, R"({"field":"g_last_update","value":7,"reason":"a\u0000b"})"},
                Cause::not_permitted, {"read-only"});
}

TEST(LockOverrideTest, WritesNoEntriesOfALogThatIsAbsent) {
  const StatusDocument without = sample_after(R"([{"op":"remove","path":"/payload/tasks_status/0/execution_log"}])");
  const std::string field = R"({"field":"execution_log/retry_attempts_log","reason":"x","value":)";
  expect_judged(without, {override_file, field + R"([{"note":5,"g":1}]})"}, Cause::not_permitted, {"append-only"});
  EXPECT_NO_THROW(judged(without, {override_file, field + "[]}"}));
}

}  // namespace
}  // namespace statusfs
