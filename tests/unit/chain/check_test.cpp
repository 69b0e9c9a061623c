#include "mapping/chain/check.hpp"

#include "mapping/document/json_patch_text.hpp"
#include "tests/unit/chain/chain_writer.hpp"
#include "tests/unit/schema/test_files.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Finding> findings_in(const StatusDocument& document, const Plan* plan = nullptr) {
  return check_document(document, "exec_status_7", plan);
}

struct Expected {
  std::string patch;  ///< of a good file
  std::string pointer;
  std::string part;
};

StatusDocument good_after(const std::string& patch) {
  return document_of(apply_json_patch(begun(sample()).document->root(), decode_json_patch(parse_json(patch))));
}

TEST(CheckTest, AGoodFileHasNoFindings) {
  EXPECT_THAT(findings_in(*begun(sample()).document), IsEmpty());
  EXPECT_THAT(findings_in(sample()), IsEmpty()) << "stamps that are null are for adopt to fill";
}

class CheckTest : public testing::TestWithParam<Expected> {};

TEST_P(CheckTest, OneFindingWithItsPointer) {
  SCOPED_TRACE(GetParam().patch);
  const auto findings = findings_in(good_after(GetParam().patch));
  ASSERT_EQ(findings.size(), 1u) << (findings.size() > 1 ? findings[1].pointer + " " + findings[1].message : "none");
  EXPECT_EQ(findings[0].pointer, GetParam().pointer);
  EXPECT_THAT(findings[0].message, HasSubstr(GetParam().part));
}

Expected replaced(const std::string& pointer, const std::string& value, const std::string& part,
                  const std::string& at = "") {
  return {R"([{"op":"add","path":")" + pointer + R"(","value":)" + value + "}]", at.empty() ? pointer : at, part};
}

Expected removed(const std::string& pointer) {
  return {R"([{"op":"remove","path":")" + pointer + R"("}])", pointer, "is missing"};
}

const std::string task = "/payload/tasks_status/1";

INSTANTIATE_TEST_SUITE_P(Missing, CheckTest,
                         testing::Values(removed("/os_file_header/file_id"), removed("/os_file_header/v_file_instance"),
                                         removed("/payload/execution_plan_id_ref"),
                                         removed("/payload/payload_hash_current"),
                                         removed("/payload/_tasks_status_list_immutable"),
                                         removed("/payload/key_achievements_log"), removed(task + "/status"),
                                         removed(task + "/percent_complete"), removed(task + "/readiness_check/status"),
                                         removed(task + "/execution_log/retry_attempts_log")));

INSTANTIATE_TEST_SUITE_P(
    Wrong, CheckTest,
    testing::Values(replaced(task + "/status", R"("done")", "one of PENDING"),
                    replaced(task + "/status", "null", "one of PENDING"),
                    replaced(task + "/percent_complete", "101", "0 to 100"),
                    replaced(task + "/percent_complete", R"("5")", "0 to 100"),
                    replaced(task + "/signature_hash", R"("sha256:ghi...")", "64 hex digits"),
                    replaced(task + "/readiness_check/status", R"("OK")", "NOT_CHECKED"),
                    replaced(task + "/readiness_check/g_checked", "-1", "to 9007199254740991"),
                    replaced(task + "/latest_test_status", "[]", "a JSON object"),
                    replaced(task + "/execution_log/retry_attempts_log", "[1]", "JSON objects"),
                    replaced(task + "/execution_log/failure_details", "7", "text or a JSON object"),
                    replaced("/payload/payload_hash_previous", R"("sha256:abc...")", "64 hex digits"),
                    replaced("/payload/partition_status", R"("SPLIT")", "CONSISTENT"),
                    replaced("/payload/_tasks_status_list_immutable", R"("no")", "true or false"),
                    replaced("/payload/overall_status_summary/active_blockers_summary", "[1]", "strings"),
                    replaced("/payload/overall_status_summary/overall_completion_percentage", "50", "the tasks give 0"),
                    replaced("/payload/key_achievements_log/-", R"({"g_event":1})", "every entry has one",
                             "/payload/key_achievements_log/0/achievement_summary"),
                    replaced("/payload/key_achievements_log/-", R"({"achievement_summary":"a","trace_id":7})",
                             "one line of text", "/payload/key_achievements_log/0/trace_id"),
                    replaced("/os_file_header/file_id", R"("exec_status_8")", "number 7"),
                    replaced("/payload/execution_plan_id_ref", R"("exec_plan_8")", "number 7"),
                    replaced("/os_file_header/schema_definition_id_ref", R"("Other_v2")", "this mapping knows")));

TEST(CheckTest, AnEntryMayHaveNoTraceId) {
  EXPECT_THAT(findings_in(good_after(R"([{"op":"add","path":"/payload/key_achievements_log/-",
                                          "value":{"achievement_summary":"a","trace_id":null}}])")),
              IsEmpty());
}

TEST(CheckTest, ALinkToATaskThatIsNotThere) {
  const auto findings = findings_in(good_after(R"([{"op":"add","path":"/payload/key_achievements_log/-",
                                                    "value":{"achievement_summary":"a","linked_task_id":"gone"}}])"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].pointer, "/payload/key_achievements_log/0/linked_task_id");
  EXPECT_THAT(findings[0].message, HasSubstr("no such task"));
}

TEST(CheckTest, ALinkToATaskThatWasRemovedIsNoFinding) {
  ChainWriter writer;
  writer.write({"achievements",
                R"({"achievement_summary":"a","linked_task_id":"two"})"
                "\n",
                WriteRequest::Kind::append});
  writer.write({"tasks/two", "", WriteRequest::Kind::remove_task});
  EXPECT_THAT(findings_in(writer.document()), IsEmpty());
}

TEST(CheckTest, ABrokenImplication) {
  const auto findings =
      findings_in(good_after(R"([{"op":"replace","path":"/payload/tasks_status/1/status","value":"DONE"},
      {"op":"replace","path":"/payload/overall_status_summary/overall_completion_percentage","value":33}])"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].pointer, task + "/percent_complete");
  EXPECT_THAT(findings[0].message, HasSubstr("rule done-is-complete: must be 100"));
}

// A task that is DONE and not complete, by a mapping in which that rule has this mode.
StatusDocument incomplete_under(const std::string& mode) {
  std::string text(default_mapping()->text);
  const std::size_t rule = text.find("- name: done-is-complete");
  text.replace(text.find("mode: enforce", rule), 13, "mode: " + mode);
  const Value root = good_after(R"([{"op":"replace","path":"/payload/tasks_status/1/status","value":"DONE"},
      {"op":"replace","path":"/payload/overall_status_summary/overall_completion_percentage","value":33}])")
                         .root();
  return StatusDocument(load_mapping(text, "own.yaml"), root);
}

TEST(CheckTest, AnImplicationThatIsOffIsNotBroken) {
  EXPECT_THAT(findings_in(incomplete_under("off")), IsEmpty());
  EXPECT_THAT(warnings_about(incomplete_under("off")), IsEmpty());
}

TEST(CheckTest, AnImplicationThatWarnsIsNoFinding) {
  const StatusDocument document = incomplete_under("warn");
  EXPECT_THAT(findings_in(document), IsEmpty());
  const auto warnings = warnings_about(document);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].pointer, task + "/percent_complete");
  EXPECT_THAT(warnings[0].message, HasSubstr("rule done-is-complete: must be 100"));
}

TEST(CheckTest, AnImplicationThatIsEnforcedIsNoWarning) {
  EXPECT_THAT(warnings_about(incomplete_under("enforce")), IsEmpty());
}

TEST(CheckTest, UnknownKeysAreNotFindings) {
  EXPECT_THAT(findings_in(good_after(R"([{"op":"add","path":"/x","value":1},{"op":"add","path":"/payload/y","value":{}},
                                         {"op":"add","path":"/payload/tasks_status/0/_status_locked","value":true}])")),
              IsEmpty());
}

TEST(CheckTest, TasksThatThePlanDoesNotHave) {
  const Plan plan(
      parse_json(R"({"payload":{"execution_plan_id":"exec_plan_7","tasks":[{"task_id":"one"},{"task_id":"three"}]}})"));
  const auto findings = findings_in(*begun(sample()).document, &plan);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].pointer, task);
  EXPECT_THAT(findings[0].message, HasSubstr("has no task \"two\""));
}

TEST(CheckTest, AnotherPlansId) {
  const Plan plan(parse_json(R"({"payload":{"execution_plan_id":"exec_plan_8","tasks":[{"task_id":"one"},
      {"task_id":"two"},{"task_id":"three"}]}})"));
  const auto findings = findings_in(*begun(sample()).document, &plan);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].pointer, "/payload/execution_plan_id_ref");
  EXPECT_THAT(findings[0].message, HasSubstr("the plan beside the file is exec_plan_8"));
}

// The example of the specification has placeholders where values would be.
TEST(CheckTest, TheSpecificationsExample) {
  const StatusDocument document = document_of(parse_json(text_of(test_data() / "seed_example.json")));
  std::vector<std::string> pointers;
  for (const Finding& finding : check_document(document, "exec_status_125", nullptr))
    pointers.push_back(finding.pointer);
  EXPECT_THAT(pointers,
              ElementsAre("/payload/payload_hash_previous", "/payload/payload_hash_current",
                          "/payload/partition_status", "/payload/overall_status_summary/overall_completion_percentage",
                          "/payload/tasks_status/0/signature_hash"));
}

}  // namespace
}  // namespace statusfs
