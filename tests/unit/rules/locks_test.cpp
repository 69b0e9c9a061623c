#include "mapping/rules/locks.hpp"

#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

void expect_locked(const StatusDocument& document, const Attempt& attempt, const std::string& lock) {
  expect_judged(document, attempt, Cause::not_permitted, {"locked by " + lock + " = true"});
}

TEST(LocksTest, OfAnObjectProtectAllThatStandsInIt) {
  for (const std::string name : {"_locked_entry_definition", "_locked_object_definition"}) {
    const StatusDocument document = sample_with("/" + name, "true");
    const std::string lock = "/payload/tasks_status/0/" + name;
    expect_locked(document, {"tasks/one/percent_complete", "5"}, lock);
    expect_locked(document, {"tasks/one/readiness_check/status", "PASSED"}, lock);
    expect_locked(document, {"tasks/one/execution_log/retry_attempts_log", "x\n", Kind::append}, lock);
    expect_locked(document, {"tasks/one/task.json", R"({"_status_locked": true})"}, lock);
    expect_locked(document, {"tasks/one", "", Kind::remove_task}, lock);
    EXPECT_NO_THROW(judged(document, {"tasks/two/percent_complete", "5"}));
    EXPECT_NO_THROW(judged(document, {"tasks/two", "", Kind::remove_task}));
    EXPECT_NO_THROW(judged(document, {"tasks", "four", Kind::add_task}));
  }
}

TEST(LocksTest, OfAnInnerObjectLeavesTheRest) {
  const StatusDocument document = sample_with("/readiness_check/_locked_object_definition", "true");
  expect_locked(document, {"tasks/one/readiness_check/status", "PASSED"},
                "/payload/tasks_status/0/readiness_check/_locked_object_definition");
  EXPECT_NO_THROW(judged(document, {"tasks/one/percent_complete", "5"}));
}

TEST(LocksTest, OfThePayloadProtectEverything) {
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/payload/_locked_object_definition","value":true}])");
  const std::string lock = "/payload/_locked_object_definition";
  expect_locked(document, {"tasks/one/percent_complete", "5"}, lock);
  expect_locked(document, {"summary/execution_status", "x"}, lock);
  expect_locked(document, {"achievements", "x\n", Kind::append}, lock);
  expect_locked(document, {"tasks", "four", Kind::add_task}, lock);
  expect_locked(document, {"_tasks_status_list_immutable", "true"}, lock);
}

TEST(LocksTest, OfOneField) {
  const StatusDocument document = sample_with("/_status_locked", "true");
  expect_locked(document, {"tasks/one/status", "ACTIVE"}, "/payload/tasks_status/0/_status_locked");
  expect_locked(document, {"tasks/one/task.json", R"({"status": "SKIPPED"})"},
                "/payload/tasks_status/0/_status_locked");
  EXPECT_NO_THROW(judged(document, {"tasks/one/percent_complete", "5"}));
  EXPECT_NO_THROW(judged(document, {"tasks/one/readiness_check/status", "PASSED"}));
}

TEST(LocksTest, OfOneGroup) {
  const StatusDocument document = sample_with("/_readiness_check_locked", "true");
  expect_locked(document, {"tasks/one/readiness_check/status", "PASSED"},
                "/payload/tasks_status/0/_readiness_check_locked");
}

TEST(LocksTest, OfAListProtectItsMembership) {
  const StatusDocument summary = sample_after(
      R"([{"op":"add","value":true,
           "path":"/payload/overall_status_summary/_active_blockers_summary_list_immutable"}])");
  const std::string lock = "/payload/overall_status_summary/_active_blockers_summary_list_immutable";
  expect_locked(summary, {"summary/active_blockers_summary", "x\n", Kind::append}, lock);
  expect_locked(summary, {"summary/active_blockers_summary", "x\n"}, lock);
  const StatusDocument log = sample_with("/execution_log/_retry_attempts_log_list_immutable", "true");
  expect_locked(log, {"tasks/one/execution_log/retry_attempts_log", "x\n", Kind::append},
                "/payload/tasks_status/0/execution_log/_retry_attempts_log_list_immutable");
}

TEST(LocksTest, OfAListLeaveWhatStandsFurtherIn) {
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/payload/_overall_status_summary_list_immutable","value":true}])");
  EXPECT_NO_THROW(judged(document, {"summary/active_blockers_summary", "x\n", Kind::append}));
}

TEST(LocksTest, WhateverTheyProtectInATaskKeepsTheTask) {
  for (const std::string lock :
       {"/_status_locked", "/readiness_check/_locked_object_definition", "/readiness_check/_status_locked",
        "/execution_log/_retry_attempts_log_list_immutable"}) {
    const StatusDocument document = sample_with(lock, "true");
    expect_locked(document, {"tasks/one", "", Kind::remove_task}, "/payload/tasks_status/0" + lock);
    EXPECT_NO_THROW(judged(document, {"tasks/two", "", Kind::remove_task}));
  }
  for (const std::string no_lock : {"/latest_test_status", "/readiness_check/_ready"})
    EXPECT_NO_THROW(judged(sample_with(no_lock, no_lock == "/latest_test_status" ? R"({"_a_locked": true})" : "true"),
                           {"tasks/one", "", Kind::remove_task}))
        << no_lock;
}

TEST(LocksTest, OfTheTasksLeaveWhatIsInThem) {
  const StatusDocument document =
      sample_after(R"([{"op":"replace","path":"/payload/_tasks_status_list_immutable","value":true}])");
  const std::string lock = "/payload/_tasks_status_list_immutable";
  expect_locked(document, {"tasks", "four", Kind::add_task}, lock);
  expect_locked(document, {"tasks/one", "", Kind::remove_task}, lock);
  expect_locked(document, {"patch", R"([{"op":"remove","path":"/payload/tasks_status/2"}])"}, lock);
  EXPECT_NO_THROW(judged(document, {"tasks/one/percent_complete", "5"}));
  EXPECT_NO_THROW(judged(document, {"_tasks_status_list_immutable", "false"}));
}

TEST(LocksTest, OfTheTasksAsAFieldProtectAllOfThem) {
  const StatusDocument document = sample_after(R"([{"op":"add","path":"/payload/_tasks_status_locked","value":true}])");
  expect_locked(document, {"tasks/two/percent_complete", "5"}, "/payload/_tasks_status_locked");
  expect_locked(document, {"tasks", "four", Kind::add_task}, "/payload/_tasks_status_locked");
}

TEST(LocksTest, OnlyTrueLocks) {
  for (const char* value : {"false", "null", "1", R"("true")", "[]"})
    EXPECT_NO_THROW(judged(sample_with("/_status_locked", value), {"tasks/one/status", "BLOCKED"})) << value;
}

TEST(LocksTest, ASupervisorClearsALock) {
  for (const std::string name : {"_status_locked", "_locked_entry_definition", "_locked_object_definition"}) {
    const StatusDocument document = sample_with("/" + name, "true");
    EXPECT_EQ(outcome(judged(document, {"tasks/one/task.json", "{\"" + name + "\": false}"})),
              (Outcome{{"one:/" + name, "false"}}));
    EXPECT_EQ(outcome(judged(document, {"tasks/one/" + name, "false\n"})), (Outcome{{"one:/" + name, "false"}}));
    EXPECT_EQ(outcome(judged(document, {"tasks/one/task.json", "{\"" + name + "\": null}"})),
              (Outcome{{"one:/" + name, "absent"}}));
    expect_judged(document, {"tasks/one/" + name, "false\n", Kind::set, "BUILDER"}, Cause::access_denied);
  }
}

TEST(LocksTest, ALockTakesABoolean) {
  expect_judged(sample(), {"tasks/one/task.json", R"({"_status_locked": "yes"})"}, Cause::invalid, {"true or false"});
  expect_judged(sample_with("/_status_locked", "true"), {"tasks/one/_status_locked", "no\n"}, Cause::invalid,
                {"true or false"});
}

TEST(LocksTest, ALockDoesNotOpenInThePatchThatClearsIt) {
  expect_locked(sample_with("/_status_locked", "true"),
                {"tasks/one/task.json", R"({"_status_locked": false, "status": "SKIPPED"})"},
                "/payload/tasks_status/0/_status_locked");
}

TEST(LocksTest, WhatFollowsFromAWriteIsLockedToo) {
  const StatusDocument document =
      sample_with("/_percent_complete_locked", "true")
          .with_task(1, sample_with("/status", R"("ACTIVE")").task(0).with_member("task_id_ref", Value("two")));
  const StatusDocument active = document.with_task(0, document.task(0).with_member("status", Value("ACTIVE")));
  expect_locked(active, {"tasks/one/status", "DONE"}, "/payload/tasks_status/0/_percent_complete_locked");
}

TEST(LocksTest, LockOf) {
  const StatusDocument document = sample_with("/_status_locked", "true");
  const auto lock = [&](const char* task, const char* pointer, bool is_list = false) {
    const auto found = lock_of(document, task, Pointer::parse(pointer), is_list);
    return found ? found->text() : "none";
  };
  EXPECT_EQ(lock("one", "/status"), "/payload/tasks_status/0/_status_locked");
  EXPECT_EQ(lock("one", "/percent_complete"), "none");
  EXPECT_EQ(lock("two", "/status"), "none");
  EXPECT_EQ(lock("gone", "/status"), "none");
  EXPECT_EQ(lock("", "/payload/tasks_status", true), "none");
}

TEST(LocksTest, AreCounted) {
  EXPECT_EQ(count_locks(sample()), 0u);
  EXPECT_EQ(count_locks(sample_after(
                R"([{"op":"replace","path":"/payload/_tasks_status_list_immutable","value":true},
                    {"op":"add","path":"/payload/tasks_status/1/_status_locked","value":true},
                    {"op":"add","path":"/payload/tasks_status/1/execution_log/_locked_object_definition","value":true},
                    {"op":"add","path":"/payload/tasks_status/1/_note_locked","value":"true"},
                    {"op":"add","path":"/payload/tasks_status/1/readiness_check/_status_locked","value":false}])")),
            3u);
}

TEST(LocksTest, InAValueAreNone) {
  EXPECT_EQ(count_locks(sample_after(
                R"([{"op":"add","path":"/payload/key_achievements_log/-","value":{"_locked_entry_definition":true}},
                    {"op":"replace","path":"/payload/tasks_status/0/latest_test_status",
                     "value":{"_a_locked":true,"b":[{"_locked_object_definition":true}]}},
                    {"op":"replace","path":"/payload/tasks_status/0/execution_log/failure_details",
                     "value":{"_a_locked":true}}])")),
            0u);
}

TEST(LocksTest, InAnObjectThatNobodyKnowsAreClearedByAPatch) {
  const StatusDocument document = sample_after(
      R"([{"op":"add","path":"/payload/yy","value":{"_locked_object_definition":true,"a":1,"b":{"_a_locked":true}}}])");
  const auto merged = [](const std::string& members) {
    return Attempt{"patch", R"({"payload":{"yy":)" + members + "}}"};
  };
  EXPECT_EQ(outcome(judged(document, merged(R"({"_locked_object_definition":false})"))),
            (Outcome{{":/payload/yy/_locked_object_definition", "false"}}));
  EXPECT_EQ(outcome(judged(document, {"yy/_locked_object_definition", "false\n"})),
            (Outcome{{":/payload/yy/_locked_object_definition", "false"}}))
      << "as through its own file";
  expect_judged(document, {"patch", R"({"payload":{"yy":{"_locked_object_definition":false}}})", Kind::set, "MANAGER"},
                Cause::access_denied, {"_locked_object_definition"});
  expect_judged(document, merged(R"({"_locked_object_definition":false,"a":2})"), Cause::not_permitted,
                {"/payload/yy/a", "not known"});
  expect_judged(document, merged("null"), Cause::not_permitted, {"/payload/yy", "not known"});
  expect_locked(document, merged(R"({"b":{"_a_locked":false}})"), "/payload/yy/_locked_object_definition");
}

}  // namespace
}  // namespace statusfs
