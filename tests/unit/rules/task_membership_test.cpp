// Tasks that are added and removed.
#include "mapping/document/text.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

TEST(AddTaskTest, TheTemplateIsFilled) {
  const Proposal proposal = judged(sample(), {"tasks", "four", Kind::add_task});
  ASSERT_EQ(proposal.changes.added_tasks.size(), 1u);
  EXPECT_EQ(compact(proposal.changes.added_tasks[0].with_member("g_last_update", Value(std::int64_t{1}))),
            compact(parse_json(sample_task_text("four"))));
}

TEST(AddTaskTest, ATaskThatExists) {
  expect_judged(sample(), {"tasks", "two", Kind::add_task}, Cause::exists, {"\"two\" exists"});
}

Attempt adding(const std::string& task, const std::string& archetype = "SUPERVISOR") {
  return {"patch", R"([{"op":"add","path":"/payload/tasks_status/-","value":)" + task + "}]", Kind::set, archetype};
}

TEST(AddTaskTest, APatchMayGiveFields) {
  const Proposal proposal = judged(sample(), adding(R"({"task_id_ref":"four","percent_complete":30,
      "readiness_check":{"status":"PASSED"},"_status_locked":false})"));
  const Value& task = proposal.changes.added_tasks.at(0);
  EXPECT_EQ(task.find("percent_complete")->as_integer(), 30);
  EXPECT_EQ(find(task, Pointer::parse("/readiness_check/status"))->as_string(), "PASSED");
  EXPECT_TRUE(find(task, Pointer::parse("/readiness_check/idempotency_key"))->is_null());
  EXPECT_FALSE(task.find("_status_locked")->as_boolean());
}

TEST(AddTaskTest, WhatAPatchGivesIsJudged) {
  expect_judged(sample(), adding(R"({"task_id_ref":"four","percent_complete":101})"), Cause::invalid, {"0 to 100"});
  expect_judged(sample(), adding(R"({"task_id_ref":"four","new":1})"), Cause::invalid, {"only mapped keys"});
  expect_judged(sample(), adding(R"({"task_id_ref":"four","execution_log":{"lock_override_log":[{}]}})"),
                Cause::not_permitted, {"read-only"});
  expect_judged(sample(), adding(R"({"task_id_ref":"four","_status_locked":true})", "MANAGER"), Cause::access_denied);
  EXPECT_NO_THROW(judged(sample(), adding(R"({"task_id_ref":"four","_status_locked":true})")));
}

TEST(AddTaskTest, ACopyMayCarryTheStampsOfItsOriginal) {
  const Value original = parse_json(sample_task_text("four"))
                             .with_member("signature_hash", Value("sha256:abc"))
                             .with_member("g_last_update", Value(std::int64_t{77}))
                             .with_member("last_updated_by_persona_id", Value("SOMEBODY"))
                             .with_member("readiness_check", parse_json(R"({"status":"PASSED","g_checked":4})"));
  EXPECT_NO_THROW(judged(sample(), adding(compact(original))));
}

// A new task is judged as one that was made PENDING and changed at once.
TEST(AddTaskTest, TheRulesHoldForNewTasks) {
  expect_judged(sample(), adding(R"({"task_id_ref":"four","status":"DONE"})"), Cause::invalid, {"rule task-life"});
  expect_judged(sample(), adding(R"({"task_id_ref":"four","status":"ACTIVE"})"), Cause::invalid,
                {"rule active-needs-readiness"});
  for (const char* task : {R"({"task_id_ref":"four","status":"SKIPPED"})",
                           R"({"task_id_ref":"four","status":"ACTIVE","readiness_check":{"status":"PASSED"}})"})
    EXPECT_EQ(judged(sample(), adding(task)).changes.added_tasks.size(), 1u) << task;
}

TEST(AddTaskTest, AnIdIsTextThatANameCanStandFor) {
  for (const std::string& id : {std::string(), std::string("a\0b", 3), std::string("\xff")})
    expect_judged(sample(), {"tasks", id, Kind::add_task}, Cause::invalid);
  expect_judged(sample(), adding(R"({"task_id_ref":"a\u0000b"})"), Cause::invalid);
  EXPECT_EQ(judged(sample(), {"tasks", "a\nb", Kind::add_task}).path, "tasks/a%0Ab");
  EXPECT_EQ(judged(sample(), adding(R"({"task_id_ref":"a\nb"})")).changes.added_tasks.size(), 1u);
}

TEST(RemoveTaskTest, ATaskThatIsGone) {
  const StatusDocument before = sample();
  const Author author = author_of("SUPERVISOR");
  for (const Kind kind : {Kind::remove_task, Kind::set})
    expect_refused(Cause::not_found, {"\"three\" is gone"}, [&] {
      propose(before.without_task(2), {kind, node_at(before, "tasks/three"), ""}, {author});
    });
}

}  // namespace
}  // namespace statusfs
