// Where several causes apply, the first one is told.
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

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
        Precedence{"before a list of tasks that is none",
                   by("BUILDER", "patch",
                      R"({"payload":{"overall_status_summary":{"execution_status":"x"},"tasks_status":5}})"),
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
                   Cause::not_permitted},
        Precedence{"read-only before a list of tasks that is none",
                   by("SUPERVISOR", "patch", R"({"payload":{"partition_status":"PARTITIONED","tasks_status":5}})"),
                   Cause::not_permitted},
        Precedence{"read-only before two tasks of one name",
                   by("SUPERVISOR", "patch",
                      R"({"payload":{"g_last_update":9,"tasks_status":[{"task_id_ref":"a"},{"task_id_ref":"a"}]}})"),
                   Cause::not_permitted},
        Precedence{"read-only before a payload that is gone", by("SUPERVISOR", "patch", R"({"payload":null})"),
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
        Precedence{"if_version before a list of tasks that is none",
                   by("SUPERVISOR", "patch", R"({"if_version":1,"patch":{"payload":{"tasks_status":5}}})"),
                   Cause::stale},
        Precedence{"a stale copy before a list of tasks that is none",
                   by("SUPERVISOR", "patch", R"({"payload":{"payload_hash_current":"sha256:0","tasks_status":5}})"),
                   Cause::stale},
        Precedence{"if_version before a path that leads nowhere",
                   by("BUILDER", task_json, R"({"if_version":1,"patch":[{"op":"remove","path":"/nowhere"}]})"),
                   Cause::stale},
        Precedence{
            "a test before a bad value",
            by("BUILDER", task_json,
               R"([{"op":"test","path":"/status","value":"x"},{"op":"replace","path":"/percent_complete","value":101}])"),
            Cause::stale}));

}  // namespace
}  // namespace statusfs
