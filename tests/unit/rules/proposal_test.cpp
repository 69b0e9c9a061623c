#include "mapping/rules/proposal.hpp"

#include "mapping/document/json_patch_text.hpp"
#include "mapping/rules/validity.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ProposalTest, OperationAndPathForTheJournal) {
  const auto described = [](const Attempt& attempt) {
    const Proposal proposal = judged(sample(), attempt);
    return proposal.op + " " + proposal.path;
  };
  EXPECT_EQ(described({"tasks/one/percent_complete", "5"}), "set tasks/one/percent_complete");
  EXPECT_EQ(described({"achievements", "x\n", Kind::append}), "append achievements");
  EXPECT_EQ(described({"tasks/one/task.json", "{}"}), "patch tasks/one/task.json");
  EXPECT_EQ(described({"patch", "[]"}), "patch patch");
  EXPECT_EQ(described({"tasks", "a/b", Kind::add_task}), "mkdir tasks/a%2Fb");
  EXPECT_EQ(described({"tasks/two", "", Kind::remove_task}), "rmdir tasks/two");
}

TEST(ProposalTest, WhatIsThereAlreadyIsNoChange) {
  for (const Attempt& attempt :
       {Attempt{"tasks/one/status", "PENDING\n"}, Attempt{"tasks/one/percent_complete", "0"},
        Attempt{"tasks/one/latest_test_status", "null\n"}, Attempt{"summary/active_blockers_summary", ""},
        Attempt{"summary/active_blockers_summary", "\n", Kind::append}, Attempt{"achievements", "\n", Kind::append},
        Attempt{"tasks/one/task.json", "{}"}, Attempt{"tasks/one/task.json", R"({"percent_complete": 0.0})"},
        Attempt{"tasks/one/task.json", indented_document(sample().task(0))},
        Attempt{"patch", indented_document(sample().root())}, Attempt{"patch", "[]"},
        Attempt{"patch", R"([{"op":"test","path":"/payload/g_last_update","value":1}])"}})
    EXPECT_TRUE(judged(sample(), attempt).changes.empty()) << attempt.path << " " << attempt.text;
}

TEST(ProposalTest, ListsOfStringsAreReplacedOrExtended) {
  const std::string list = ":/payload/overall_status_summary/active_blockers_summary";
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/payload/overall_status_summary/active_blockers_summary/-","value":"a"}])");
  EXPECT_EQ(outcome(judged(document, {"summary/active_blockers_summary", "b\nc\n", Kind::append})),
            (Outcome{{list, R"(["a","b","c"])"}}));
  EXPECT_EQ(outcome(judged(document, {"summary/active_blockers_summary", "b\n"})), (Outcome{{list, R"(["b"])"}}));
  EXPECT_EQ(outcome(judged(document, {"summary/active_blockers_summary", ""})), (Outcome{{list, "[]"}}));
}

TEST(ProposalTest, AnUnfinishedLastLineIsGoneOnWith) {
  const std::string list = ":/payload/overall_status_summary/active_blockers_summary";
  const std::string path = "summary/active_blockers_summary";
  const StatusDocument with_line = sample_after(
      R"([{"op":"add","path":"/payload/overall_status_summary/active_blockers_summary","value":["a","fo"]}])");
  EXPECT_EQ(outcome(judged(with_line, {path, "o\nbar", Kind::append, "SUPERVISOR", "fo"})),
            (Outcome{{list, R"(["a","foo","bar"])"}}));
  EXPECT_TRUE(judged(with_line, {path, "\n", Kind::append, "SUPERVISOR", "fo"}).changes.empty());
  for (const char* unfinished : {"a", "o", "fob"})
    expect_judged(with_line, {path, "o\n", Kind::append, "SUPERVISOR", unfinished}, Cause::stale,
                  {unfinished, "whole lines"});
  expect_judged(sample(), {path, "o\n", Kind::append, "SUPERVISOR", "fo"}, Cause::stale);

  const std::string details = "tasks/one/execution_log/failure_details";
  const StatusDocument with_text = sample_with("/execution_log/failure_details", R"("a\nfo")");
  EXPECT_EQ(outcome(judged(with_text, {details, "o\nbar\n", Kind::append, "SUPERVISOR", "fo"})),
            (Outcome{{"one:/execution_log/failure_details", R"("a\nfoo\nbar")"}}));
  expect_judged(with_text, {details, "o\n", Kind::append, "SUPERVISOR", "x"}, Cause::stale);
}

TEST(ProposalTest, LogsTakeOnlyNewEntriesBehindTheOldOnes) {
  EXPECT_EQ(
      outcome(judged(sample(), {"achievements", "a\n{\"achievement_summary\":\"b\"}\n", Kind::append})),
      (Outcome{{":/payload/key_achievements_log", R"(+[{"achievement_summary":"a"},{"achievement_summary":"b"}])"}}));
  expect_judged(sample(), {"achievements", "a\n"}, Cause::not_permitted, {"append-only"});
  const StatusDocument document = sample_with("/execution_log/retry_attempts_log", R"([{"note":"a"},{"note":"b"}])");
  const std::string log = "/execution_log/retry_attempts_log";
  for (const std::string& operation : {R"("remove","path":")" + log + R"(/0")", R"("remove","path":")" + log + "\"",
                                       R"("replace","path":")" + log + R"(/1","value":{"note":"c"})",
                                       R"("add","path":")" + log + R"(/1","value":{"note":"c"})"})
    expect_judged(document, {"tasks/one/task.json", R"([{"op":)" + operation + "}]"}, Cause::not_permitted,
                  {"append-only"});
  EXPECT_EQ(outcome(judged(
                document, {"tasks/one/task.json", R"([{"op":"add","path":")" + log + R"(/-","value":{"note":"c"}}])"})),
            (Outcome{{"one:" + log, R"(+[{"note":"c"}])"}}));
  EXPECT_EQ(outcome(judged(document,
                           {"tasks/one/task.json",
                            R"({"execution_log":{"retry_attempts_log":[{"note":"a"},{"note":"b"},{"note":"c"}]}})"})),
            (Outcome{{"one:" + log, R"(+[{"note":"c"}])"}}));
}

TEST(ProposalTest, NothingIsAppendedToWhatIsNoList) {
  const StatusDocument document = sample_with("/execution_log/retry_attempts_log", R"("none")");
  expect_judged(document, {"tasks/one/execution_log/retry_attempts_log", "a\n", Kind::append}, Cause::invalid,
                {"\"none\"", "not an array"});
}

TEST(ProposalTest, NullRemovesOrNullifies) {
  const StatusDocument document = sample_with("/execution_log/failure_details", R"("why")");
  const std::string details = "one:/execution_log/failure_details";
  EXPECT_EQ(outcome(judged(document, {"tasks/one/task.json", R"({"execution_log":{"failure_details":null}})"})),
            (Outcome{{details, "null"}}));
  EXPECT_EQ(outcome(judged(document, {"tasks/one/execution_log/failure_details", "null\n"})),
            (Outcome{{details, "null"}}));
  EXPECT_EQ(outcome(judged(document,
                           {"tasks/one/task.json", R"([{"op":"remove","path":"/execution_log/failure_details"}])"})),
            (Outcome{{details, "absent"}}));
  expect_judged(document, {"tasks/one/task.json", R"({"status":null})"}, Cause::invalid,
                {"cannot be removed", "one of"});
  expect_judged(document, {"tasks/one/task.json", R"([{"op":"remove","path":"/percent_complete"}])"}, Cause::invalid,
                {"cannot be removed"});
}

TEST(ProposalTest, UnknownKeysAreReadOnlyAndCannotBeAdded) {
  const StatusDocument document = sample_with("/note", R"({"by":"me"})");
  expect_judged(document, {"tasks/one/note/by", "you\n"}, Cause::not_permitted, {"not known to the mapping"});
  expect_judged(document, {"tasks/one/task.json", R"({"note":{"by":"you"}})"}, Cause::not_permitted, {"not known"});
  expect_judged(document, {"tasks/one/task.json", R"({"note":null})"}, Cause::not_permitted, {"not known"});
  expect_judged(document, {"tasks/one/task.json", R"({"new":1})"}, Cause::invalid,
                {"/payload/tasks_status/0/new", "only mapped keys"});
  expect_judged(document, {"patch", R"({"new":1})"}, Cause::invalid, {"only mapped keys"});
  EXPECT_NO_THROW(judged(document, {"tasks/one/task.json", R"({"note":{"by":"me"},"percent_complete":1})"}));
}

TEST(ProposalTest, TheSizeLimits) {
  const std::string longest(maximum_scalar_size, 'x');
  EXPECT_NO_THROW(judged(sample(), {"tasks/one/execution_log/failure_details", longest}));
  EXPECT_NO_THROW(judged(sample(), {"tasks/one/execution_log/failure_details", longest + "\n"}));
  expect_judged(sample(), {"tasks/one/execution_log/failure_details", longest + "x"}, Cause::too_large, {"524288"});
  expect_judged(sample(), {"tasks/one/task.json", R"({"execution_log":{"failure_details":")" + longest + "x\"}}"},
                Cause::too_large);
}

// Each copy doubles the value: 30 of them are a few kilobytes to read and more than memory holds to write out.
std::string copies_into_itself(const std::string& first, const std::string& path) {
  std::string patch = "[" + first;
  for (int copy = 0; copy < 30; ++copy)
    patch += R"(,{"op":"copy","from":")" + path + R"(","path":")" + path + "/k" + std::to_string(copy) + "\"}";
  return patch + "]";
}

TEST(ProposalTest, CopiesOfAValueInsideItselfAreTooLarge) {
  const std::string new_task = R"({"op":"add","path":"/payload/tasks_status/-","value":)"
                               R"({"task_id_ref":"four","latest_test_status":{}}})";
  expect_judged(sample(), {"patch", copies_into_itself(new_task, "/payload/tasks_status/3/latest_test_status")},
                Cause::too_large);
  const std::string known_task = R"({"op":"add","path":"/latest_test_status","value":{}})";
  expect_judged(sample(), {"tasks/one/task.json", copies_into_itself(known_task, "/latest_test_status")},
                Cause::too_large);
  EXPECT_NO_THROW(judged(sample(), {"patch", "[" + new_task + "]"}));
}

// --- adding and removing tasks ---------------------------------------------------------------------------------------

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

// --- freshness and conditions ----------------------------------------------------------------------------------------

StatusDocument sealed_sample() {
  return sample_after(R"([{"op":"replace","path":"/payload/tasks_status/0/signature_hash","value":"sha256:one"},
                          {"op":"replace","path":"/payload/payload_hash_current","value":"sha256:file"},
                          {"op":"replace","path":"/os_file_header/v_file_instance","value":22}])");
}

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

TEST(RoundTripTest, ATaskIsReadEditedAndWrittenBack) {
  const StatusDocument document = sample_with("/execution_log/failure_details", R"("why")");
  std::string text = indented_document(document.task(0));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string edited = text;
    return edited.replace(edited.find(from), from.size(), to);
  };
  const auto edit = [&](const std::string& from, const std::string& to) {
    return outcome(judged(document, {"tasks/one/task.json", replaced(from, to), Kind::set, "BUILDER"}));
  };
  EXPECT_EQ(edit(R"("percent_complete": 0)", R"("percent_complete": 55)"), (Outcome{{"one:/percent_complete", "55"}}));
  EXPECT_EQ(edit(R"("failure_details": "why")", R"("failure_details": null)"),
            (Outcome{{"one:/execution_log/failure_details", "null"}}));
  EXPECT_EQ(edit(R"("retry_attempts_log": [])", R"("retry_attempts_log": [{"note": "again"}])"),
            (Outcome{{"one:/execution_log/retry_attempts_log", R"(+[{"note":"again"}])"}}));
  EXPECT_EQ(edit(R"("latest_test_status": null)", R"("latest_test_status": {"passed": 3})"),
            (Outcome{{"one:/latest_test_status", R"({"passed":3})"}}));
  EXPECT_EQ(edit(R"("latest_test_status": null)", R"("latest_test_status": null)"), Outcome{});
}

TEST(RoundTripTest, TheWholeFile) {
  const StatusDocument document = sealed_sample();
  std::string text = indented_document(document.root());
  const std::string from = R"("active_blockers_summary": [])";
  text.replace(text.find(from), from.size(), R"("active_blockers_summary": ["one waits"])");
  EXPECT_EQ(outcome(judged(document, {"patch", text})),
            (Outcome{{":/payload/overall_status_summary/active_blockers_summary", R"(["one waits"])"}}));
}

// --- the order of causes ---------------------------------------------------------------------------------------------

struct Precedence {
  std::string why;
  Attempt attempt;
  Cause cause;
};

class PrecedenceTest : public testing::TestWithParam<Precedence> {};

// The task "one" has a lock on its status and is sealed; its version is 22.
TEST_P(PrecedenceTest, TheFirstCauseWins) {
  const StatusDocument document =
      sealed_sample().with_task(0, sealed_sample().task(0).with_member("_status_locked", Value(true)));
  SCOPED_TRACE(GetParam().why);
  expect_judged(document, GetParam().attempt, GetParam().cause);
}

Attempt by(const std::string& archetype, const std::string& path, const std::string& text, Kind kind = Kind::set) {
  return {path, text, kind, archetype};
}

const std::string task_json = "tasks/one/task.json";

INSTANTIATE_TEST_SUITE_P(
    AccessDeniedFirst, PrecedenceTest,
    testing::Values(
        Precedence{"before a lock", by("AUDITOR", "tasks/one/status", "DONE"), Cause::access_denied},
        Precedence{"before a bad value", by("AUDITOR", "tasks/one/percent_complete", "many"), Cause::access_denied},
        Precedence{"before append-only", by("AUDITOR", "achievements", "x\n"), Cause::access_denied},
        Precedence{"before a read-only member in one patch",
                   by("AUDITOR", task_json, R"({"g_last_update":5,"percent_complete":5})"), Cause::access_denied},
        Precedence{"before a stale copy", by("AUDITOR", task_json, R"({"signature_hash":"x","percent_complete":5})"),
                   Cause::access_denied},
        Precedence{"before if_version", by("AUDITOR", task_json, R"({"if_version":1,"patch":{"percent_complete":5}})"),
                   Cause::access_denied},
        Precedence{"before if_version of a JSON patch",
                   by("AUDITOR", task_json,
                      R"({"if_version":1,"patch":[{"op":"replace","path":"/percent_complete","value":5}]})"),
                   Cause::access_denied},
        Precedence{
            "before a failing test",
            by("AUDITOR", task_json,
               R"([{"op":"test","path":"/status","value":"x"},{"op":"replace","path":"/status","value":"DONE"}])"),
            Cause::access_denied},
        Precedence{
            "before a failing test, of one who may write other things",
            by("JANITOR", task_json,
               R"([{"op":"test","path":"/status","value":"x"},{"op":"replace","path":"/percent_complete","value":5}])"),
            Cause::access_denied},
        Precedence{"before tasks out of order",
                   by("AUDITOR", "patch",
                      R"([{"op":"move","from":"/payload/tasks_status/0","path":"/payload/tasks_status/2"}])"),
                   Cause::access_denied},
        Precedence{"before a broken file", by("AUDITOR", "patch", R"({"payload":null})"), Cause::access_denied},
        Precedence{"before a path that leads nowhere, of a lock",
                   by("BUILDER", task_json,
                      R"([{"op":"add","path":"/_note_locked","value":true},{"op":"remove","path":"/nowhere"}])"),
                   Cause::access_denied},
        Precedence{
            "before a path that leads nowhere, of a task that is moved",
            by("BUILDER", "patch", R"([{"op":"move","from":"/payload/tasks_status/0","path":"/payload/nowhere/x"}])"),
            Cause::access_denied},
        Precedence{"before malformed JSON", by("AUDITOR", task_json, "{"), Cause::access_denied},
        Precedence{"before a locked list", by("BUILDER", "tasks", "two", Kind::add_task), Cause::access_denied},
        Precedence{"before an unknown key", by("AUDITOR", task_json, R"({"new":1,"percent_complete":5})"),
                   Cause::access_denied}));

INSTANTIATE_TEST_SUITE_P(
    NotPermittedSecond, PrecedenceTest,
    testing::Values(
        Precedence{"a lock before a bad value", by("BUILDER", "tasks/one/status", "nonsense"), Cause::not_permitted},
        Precedence{"a lock before a broken rule", by("BUILDER", "tasks/one/status", "DONE"), Cause::not_permitted},
        Precedence{"a lock before a stale copy",
                   by("BUILDER", task_json, R"({"signature_hash":"x","status":"BLOCKED"})"), Cause::not_permitted},
        Precedence{"a lock before if_version",
                   by("BUILDER", task_json, R"({"if_version":1,"patch":{"status":"BLOCKED"}})"), Cause::not_permitted},
        Precedence{
            "a lock before a failing test",
            by("BUILDER", task_json,
               R"([{"op":"test","path":"/percent_complete","value":"x"},{"op":"replace","path":"/status","value":"BLOCKED"}])"),
            Cause::not_permitted},
        Precedence{"a lock before a failing test of the whole file",
                   by("BUILDER", "patch",
                      R"([{"op":"test","path":"/payload","value":1},
                          {"op":"replace","path":"/payload/tasks_status/0/status","value":"BLOCKED"}])"),
                   Cause::not_permitted},
        Precedence{
            "read-only before a failing test",
            by("BUILDER", task_json,
               R"([{"op":"test","path":"/percent_complete","value":"x"},{"op":"replace","path":"/g_last_update","value":9}])"),
            Cause::not_permitted},
        Precedence{"read-only before if_version",
                   by("BUILDER", task_json, R"({"if_version":1,"patch":{"g_last_update":9}})"), Cause::not_permitted},
        Precedence{"read-only before a bad value",
                   by("BUILDER", task_json, R"({"percent_complete":"x","g_last_update":9})"), Cause::not_permitted},
        Precedence{"read-only before a bad value of its own", by("BUILDER", "g_last_update", "x"),
                   Cause::not_permitted},
        Precedence{"read-only before an unknown key", by("BUILDER", task_json, R"({"new":1,"g_last_update":9})"),
                   Cause::not_permitted}));

INSTANTIATE_TEST_SUITE_P(
    StaleThird, PrecedenceTest,
    testing::Values(
        Precedence{"a stale copy before a bad value",
                   by("BUILDER", task_json, R"({"signature_hash":"x","percent_complete":"y"})"), Cause::stale},
        Precedence{"a stale copy before an unknown key", by("BUILDER", task_json, R"({"signature_hash":"x","new":1})"),
                   Cause::stale},
        Precedence{"if_version before a bad value",
                   by("BUILDER", task_json, R"({"if_version":1,"patch":{"percent_complete":101}})"), Cause::stale},
        Precedence{"if_version before a path that leads nowhere",
                   by("BUILDER", task_json, R"({"if_version":1,"patch":[{"op":"remove","path":"/nowhere"}]})"),
                   Cause::stale},
        Precedence{
            "a test before a bad value",
            by("BUILDER", task_json,
               R"([{"op":"test","path":"/status","value":"x"},{"op":"replace","path":"/percent_complete","value":101}])"),
            Cause::stale}));

// --- open(2) and foreign changes -------------------------------------------------------------------------------------

TEST(RequireWritableTest, SaysWhatAnyWriteWouldSay) {
  const StatusDocument document = sample_with("/note", "1");
  const auto expect_cause = [&](const char* path, const char* archetype, Cause cause) {
    SCOPED_TRACE(path);
    const Author author = author_of(archetype);
    expect_refused(cause, {}, [&] { require_writable(document, node_at(document, path), {author}); });
  };
  expect_cause("status.json", "SUPERVISOR", Cause::not_permitted);
  expect_cause("header/file_id", "SUPERVISOR", Cause::not_permitted);
  expect_cause("tasks/one/note", "SUPERVISOR", Cause::not_permitted);
  expect_cause("tasks/one/execution_log/lock_override_log", "SUPERVISOR", Cause::not_permitted);
  expect_cause("tasks/one/status", "AUDITOR", Cause::access_denied);
  expect_cause("achievements", "JANITOR", Cause::access_denied);
  for (const char* path :
       {"achievements", "tasks/one/status", "tasks/one/task.json", "patch", "summary/execution_status"}) {
    const Author author = author_of("SUPERVISOR");
    EXPECT_NO_THROW(require_writable(document, node_at(document, path), {author})) << path;
  }
}

TEST(ReplacementTest, IsJudgedLikeAPatch) {
  const StatusDocument document = sealed_sample();
  const Author author = author_of("SUPERVISOR");
  const auto replaced = [&](const std::string& json_patch) {
    return propose_replacement(document, apply_json_patch(document.root(), decode_json_patch(parse_json(json_patch))),
                               {author});
  };
  const Proposal accepted = replaced(R"([{"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":5},
                                         {"op":"replace","path":"/payload/g_last_update","value":99}])");
  EXPECT_EQ(accepted.op, "external");
  EXPECT_EQ(outcome(accepted), (Outcome{{"one:/percent_complete", "5"}})) << "the stamps are the driver's";
  expect_refused(Cause::invalid, {"0 to 100"}, [&] {
    replaced(R"([{"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":500}])");
  });
  expect_refused(Cause::not_permitted, {"file_id"},
                 [&] { replaced(R"([{"op":"replace","path":"/os_file_header/file_id","value":"x"}])"); });
}

TEST(ProposalTest, NumbersCountByTheirDigits) {
  const std::string number = "1." + std::string(maximum_document_size / 4, '1');
  const std::string four = number + "," + number + "," + number + "," + number;
  expect_judged(sample(), {"tasks/one/task.json", R"({"latest_test_status":{"a":[)" + four + "]}}"}, Cause::too_large);
}

TEST(ProposalTest, AnEntryMayNameATaskThatIsThereAfterwards) {
  const auto patch = [](const std::string& operation, const std::string& id) {
    return Attempt{"patch", "[" + operation + R"(,{"op":"add","path":"/payload/key_achievements_log/-","value":)" +
                                R"({"achievement_summary":"a","linked_task_id":")" + id + "\"}}]"};
  };
  EXPECT_NO_THROW(
      judged(sample(), patch(R"({"op":"add","path":"/payload/tasks_status/-","value":{"task_id_ref":"new"}})", "new")));
  expect_judged(sample(), patch(R"({"op":"remove","path":"/payload/tasks_status/1"})", "two"), Cause::invalid,
                {"no such task"});
}

TEST(ProposalTest, AnUnknownValueThatIsGoneIsNamed) {
  const StatusDocument before = sample_after(R"([{"op":"add","path":"/payload/extra","value":1}])");
  const Author author = author_of("SUPERVISOR");
  expect_refused(Cause::not_found, {"extra is gone"}, [&] {
    propose(sample(), {Kind::set, node_at(before, "extra"), "1"}, {author});
  });
}

}  // namespace
}  // namespace statusfs
