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
                   Cause::access_denied},
        Precedence{"before a list of tasks that is gone",
                   by("BUILDER", "patch", R"({"payload":{"tasks_status":null}})"), Cause::access_denied},
        Precedence{"before a payload that is removed", by("BUILDER", "patch", R"([{"op":"remove","path":"/payload"}])"),
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
                   Cause::not_permitted},
        Precedence{"read-only before a payload that is removed",
                   by("SUPERVISOR", "patch", R"([{"op":"remove","path":"/payload"}])"), Cause::not_permitted},
        Precedence{"read-only before a payload that is replaced",
                   by("SUPERVISOR", "patch", R"([{"op":"replace","path":"/payload","value":{}}])"),
                   Cause::not_permitted},
        Precedence{"read-only before a file that is replaced",
                   by("SUPERVISOR", "patch", R"([{"op":"replace","path":"","value":{}}])"), Cause::not_permitted}));

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

// A list of tasks that is locked is told before what is wrong with a task that would be added.
TEST(ImmutableListTest, ComesBeforeABadTask) {
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/payload/_tasks_status_list_immutable","value":true}])");
  const std::string id = std::string(document.task_id(0));
  for (const std::string& given : {std::string(R"("")"), std::string("5"), "\"" + id + "\""}) {
    const std::string task = R"({"task_id_ref":)" + given + "}";
    expect_judged(document, {"patch", R"([{"op":"add","path":"/payload/tasks_status/-","value":)" + task + "}]"},
                  Cause::not_permitted, {"_tasks_status_list_immutable"});
  }
  const Author author = author_of("SUPERVISOR"), builder = author_of("BUILDER");
  expect_refused(Cause::not_permitted, {"_tasks_status_list_immutable"},
                 [&] { require_adding_permitted(document, {author}); });
  expect_refused(Cause::access_denied, {"add tasks"}, [&] { require_adding_permitted(document, {builder}); });
  EXPECT_NO_THROW(require_adding_permitted(sample(), {author}));
}

TEST(LockedFieldTest, ComesBeforeHowItWasWritten) {
  const StatusDocument document = sample_with("/_status_locked", "true");
  const Author author = author_of("SUPERVISOR");
  const auto permitted = [&](const std::string& path) {
    require_write_permitted(document, node_at(document, path), {author});
  };
  expect_refused(Cause::not_permitted, {"_status_locked"}, [&] { permitted("tasks/one/status"); });
  for (const char* path : {"tasks/one/percent_complete", "tasks/one/task.json", "tasks/one/override", "patch"})
    EXPECT_NO_THROW(permitted(path)) << path;
}

}  // namespace
}  // namespace statusfs
