#include "mapping/tree/node_text.hpp"

#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

void expect_text(const StatusDocument& document, std::string_view path, const std::string& text) {
  SCOPED_TRACE(path);
  EXPECT_EQ(node_text(document, node_at(document, path)), text);
  EXPECT_EQ(node_size(document, node_at(document, path)), text.size());
}

TEST(NodeTextTest, Scalars) {
  const StatusDocument document = sample_with("/execution_log/failure_details", R"("two\nlines")");
  expect_text(document, "tasks/one/status", "PENDING\n");
  expect_text(document, "tasks/one/percent_complete", "0\n");
  expect_text(document, "tasks/one/latest_test_status", "");
  expect_text(document, "tasks/one/execution_log/failure_details", "two\nlines\n");
  expect_text(document, "payload_hash_previous", "");
  expect_text(document, "_tasks_status_list_immutable", "false\n");
  expect_text(document, "header/file_id", "exec_status_7\n");
}

TEST(NodeTextTest, AbsentKeys) {
  expect_text(sample(), "summary/execution_status", "");
  expect_text(sample(), "partition_status", "CONSISTENT\n");
  const StatusDocument without = sample_after(R"([{"op":"remove","path":"/payload/partition_status"},
                                                  {"op":"remove","path":"/payload/key_achievements_log"}])");
  expect_text(without, "partition_status", "CONSISTENT\n");
  expect_text(without, "achievements", "");
}

TEST(NodeTextTest, AnEmptyStringIsAnEmptyLine) {
  expect_text(sample_with("/execution_log/failure_details", "\"\""), "tasks/one/execution_log/failure_details", "\n");
}

TEST(NodeTextTest, ListsOfStringsReadOneALine) {
  const std::string list = "/payload/overall_status_summary/active_blockers_summary";
  expect_text(sample(), "summary/active_blockers_summary", "");
  expect_text(sample_after(R"([{"op":"add","path":")" + list + R"(","value":["a b","\"quoted\"",""]}])"),
              "summary/active_blockers_summary", "a b\n\"quoted\"\n\n");
  expect_text(sample_after(R"([{"op":"add","path":")" + list + R"(","value":["two\nlines",{"a":1},3,null]}])"),
              "summary/active_blockers_summary", "\"two\\nlines\"\n{\"a\":1}\n3\nnull\n");
}

TEST(NodeTextTest, LogsReadOneCompactObjectALine) {
  const StatusDocument document =
      sample_with("/execution_log/retry_attempts_log", R"([{"note": "first", "g": 1.50}, {"note": "a\nb"}])");
  expect_text(document, "tasks/one/execution_log/retry_attempts_log",
              "{\"note\":\"first\",\"g\":1.50}\n{\"note\":\"a\\nb\"}\n");
  expect_text(document, "tasks/two/execution_log/retry_attempts_log", "");
}

TEST(NodeTextTest, DocumentsAreIndented) {
  expect_text(sample_with("/latest_test_status", R"({"passed": 3, "failed": [], "by": {"x": null}})"),
              "tasks/one/latest_test_status",
              "{\n  \"passed\": 3,\n  \"failed\": [],\n  \"by\": {\n    \"x\": null\n  }\n}\n");
}

TEST(NodeTextTest, ViewsShowTheirScope) {
  const StatusDocument document = sample();
  expect_text(document, "tasks/two/task.json", indented_document(document.task(1)));
  expect_text(document, "status.json", indented_document(document.root()));
  expect_text(document, "patch", "");
}

TEST(NodeTextTest, UnknownValuesAreShownByType) {
  const StatusDocument document = sample_after(
      R"([{"op":"add","path":"/extra","value":{"n":1.50,"big":123456789012345678901234567890,"t":true,"z":null,
           "s":"x","list":["a",{"b":[1, 2]},null]}}])");
  expect_text(document, "extra/n", "1.50\n");
  expect_text(document, "extra/big", "123456789012345678901234567890\n");
  expect_text(document, "extra/t", "true\n");
  expect_text(document, "extra/z", "");
  expect_text(document, "extra/s", "x\n");
  expect_text(document, "extra/list", "\"a\"\n{\"b\":[1,2]}\nnull\n");
}

TEST(NodeTextTest, AValueOfAnotherTypeIsShownAsItIs) {
  expect_text(sample_with("/status", "[1,2]"), "tasks/one/status", "1\n2\n");
  expect_text(sample_with("/status", R"({"a":1})"), "tasks/one/status", "{\n  \"a\": 1\n}\n");
  expect_text(sample_with("/percent_complete", "\"many\""), "tasks/one/percent_complete", "many\n");
  expect_text(sample_with("/status", "\"ODD\""), "tasks/one/status", "ODD\n");
}

TEST(NodeTextTest, TheWholeFilesView) {
  const StatusDocument document = sample();
  EXPECT_EQ(whole_file_view(document.mapping())->name, "status.json");
  EXPECT_TRUE(is_whole_file(node_at(document, "status.json")));
  EXPECT_FALSE(is_whole_file(node_at(document, "tasks/one/task.json")));
  EXPECT_FALSE(is_whole_file(node_at(document, "patch")));
  EXPECT_FALSE(is_whole_file({}));
}

}  // namespace
}  // namespace statusfs
