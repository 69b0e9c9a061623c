#include "mapping/rules/proposal.hpp"

#include <set>

#include "mapping/document/json_patch_text.hpp"
#include "mapping/rules/acceptable.hpp"
#include "mapping/rules/validity.hpp"
#include "tests/unit/rules/judging.hpp"

namespace statusfs {
namespace {

using Kind = WriteRequest::Kind;

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

TEST(ReplacementTest, WhatIsRefusedByItselfIsLeftOut) {
  const StatusDocument document = sealed_sample();
  const Author author = author_of("SUPERVISOR");
  const Value replacement = apply_json_patch(
      document.root(), decode_json_patch(parse_json(
                           R"([{"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":5},
          {"op":"replace","path":"/payload/tasks_status/0/readiness_check/status","value":"GONE"},
          {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":500},
          {"op":"replace","path":"/payload/g_last_update","value":99},
          {"op":"replace","path":"/os_file_header/file_id","value":"x"}])")));
  const Acceptable acceptable = propose_acceptable(document, replacement, {author});
  EXPECT_EQ(outcome(acceptable.proposal), (Outcome{{"one:/percent_complete", "5"}}));
  std::set<std::string> left_out;
  for (const LeftOut& change : acceptable.left_out) {
    left_out.insert(change.task + ":" + change.pointer.text());
    EXPECT_FALSE(change.reason.empty());
  }
  EXPECT_EQ(left_out, (std::set<std::string>{"one:/readiness_check/status", "two:/percent_complete",
                                             ":/os_file_header/file_id"}));
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
