// Writes that are made from what is no longer the current version.
#include "mapping/document/text.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

TEST(FreshnessTest, AFreshCopyIsAccepted) {
  const StatusDocument document = sealed_sample();
  EXPECT_EQ(
      outcome(judged(document, {"tasks/one/task.json", R"({"signature_hash":"sha256:one","percent_complete":5})"})),
      (Outcome{{"one:/percent_complete", "5"}}));
  EXPECT_NO_THROW(judged(document, {"patch", R"({"payload":{"payload_hash_current":"sha256:file"},
                                                 "os_file_header":{"v_file_instance":22}})"}));
}

TEST(FreshnessTest, AHashThatIsAbsentIsTheNullOfACopy) {
  const StatusDocument document = sample_after(R"([{"op":"remove","path":"/payload/tasks_status/0/signature_hash"}])");
  EXPECT_EQ(outcome(judged(document, {"tasks/one/task.json", R"({"signature_hash":null,"percent_complete":5})"})),
            (Outcome{{"one:/percent_complete", "5"}}));
  expect_judged(document, {"tasks/one/task.json", R"({"signature_hash":"sha256:one"})"}, Cause::stale,
                {"is absent now"});
}

TEST(FreshnessTest, AStaleCopyIsTold) {
  const StatusDocument document = sealed_sample();
  expect_judged(document, {"tasks/one/task.json", R"({"signature_hash":"sha256:older","percent_complete":5})"},
                Cause::stale, {"/signature_hash is \"sha256:one\" now, not \"sha256:older\"", "read again"});
  expect_judged(document, {"patch", R"({"payload":{"payload_hash_current":"sha256:older"}})"}, Cause::stale,
                {"payload_hash_current"});
  expect_judged(document, {"patch", R"({"os_file_header":{"v_file_instance":21}})"}, Cause::stale,
                {"v_file_instance is 22"});
  expect_judged(document, {"tasks/one/task.json", R"({"signature_hash":null})"}, Cause::stale);
}

TEST(FreshnessTest, AStaleCopyOfAWholeTaskIsStaleAndNotReadOnly) {
  const StatusDocument before = sealed_sample();
  const Value copy = before.task(0).with_member("percent_complete", Value(std::int64_t{9}));
  const StatusDocument now = before.with_task(0, before.task(0)
                                                     .with_member("signature_hash", Value("sha256:new"))
                                                     .with_member("g_last_update", Value(std::int64_t{50}))
                                                     .with_member("last_updated_by_persona_id", Value("OTHER")));
  expect_judged(now, {"tasks/one/task.json", indented_document(copy)}, Cause::stale);
}

// A copy of the list says of each task which state it is a copy of.
TEST(FreshnessTest, AStaleTaskInAPatchOfTheWholeFileIsStaleAndNotReadOnly) {
  const StatusDocument before = sealed_sample();
  const auto copy = [&] {
    return Value::object().with_member("payload", Value::object().with_member("tasks_status", before.tasks()));
  };
  const std::string text = indented_document(copy());
  EXPECT_TRUE(judged(before, {"patch", text}).changes.empty());
  const StatusDocument now = before.with_task(0, before.task(0)
                                                     .with_member("signature_hash", Value("sha256:new"))
                                                     .with_member("g_last_update", Value(std::int64_t{50})));
  expect_judged(now, {"patch", text}, Cause::stale,
                {"/payload/tasks_status/0/signature_hash is \"sha256:new\" now", "read again"});
}

TEST(FreshnessTest, OtherReadOnlyMembersMustBeUnchanged) {
  const StatusDocument document = sealed_sample();
  EXPECT_NO_THROW(judged(document, {"tasks/one/task.json", R"({"g_last_update":1,"percent_complete":5})"}));
  expect_judged(document, {"tasks/one/task.json", R"({"g_last_update":2,"percent_complete":5})"}, Cause::not_permitted,
                {"g_last_update is read-only and must stay 1"});
  expect_judged(document, {"tasks/one/task.json", R"({"task_id_ref":"new"})"}, Cause::not_permitted, {"task_id_ref"});
}

TEST(FreshnessTest, ATestInAJsonPatch) {
  const auto patch = [](const char* value) {
    return Attempt{"tasks/one/task.json", R"([{"op":"test","path":"/status","value":")" + std::string(value) +
                                              R"("},{"op":"replace","path":"/percent_complete","value":5}])"};
  };
  EXPECT_EQ(outcome(judged(sample(), patch("PENDING"))), (Outcome{{"one:/percent_complete", "5"}}));
  expect_judged(sample(), patch("ACTIVE"), Cause::stale, {"operation 0", "/status"});
}

TEST(FreshnessTest, IfVersion) {
  const auto patch = [](int version, const std::string& inner) {
    return Attempt{"tasks/one/task.json", R"({"if_version":)" + std::to_string(version) + R"(,"patch":)" + inner + "}"};
  };
  for (const std::string inner :
       {R"({"percent_complete":5})", R"([{"op":"replace","path":"/percent_complete","value":5}])"}) {
    EXPECT_EQ(outcome(judged(sealed_sample(), patch(22, inner))), (Outcome{{"one:/percent_complete", "5"}}));
    expect_judged(sealed_sample(), patch(21, inner), Cause::stale, {"the version is 22 now, not 21"});
  }
}

}  // namespace
}  // namespace statusfs
