#include "mapping/tree/node.hpp"

#include <set>

#include "mapping/tree/names.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names_in(const StatusDocument& document, std::string_view path) {
  std::vector<std::string> names;
  for (const NamedNode& entry : children(document, node_at(document, path))) names.push_back(entry.name);
  return names;
}

TEST(NodeTest, TheTreeOfTheContract) {
  const StatusDocument document = sample();
  EXPECT_THAT(names_in(document, ""),
              ElementsAre("header", "execution_plan_id_ref", "payload_hash_previous", "payload_hash_current",
                          "g_last_update", "last_mutation_trace_id", "partition_status", "summary", "achievements",
                          "tasks", "by-status", "events", "status.md", "board.svg", "board.html",
                          "_tasks_status_list_immutable", "patch", "status.json"));
  EXPECT_THAT(names_in(document, "header"), ElementsAre("file_id", "entity_type", "schema_definition_id_ref",
                                                        "g_file_created", "g_file_last_modified", "v_file_instance"));
  EXPECT_THAT(names_in(document, "summary"), ElementsAre("execution_status", "validation_status",
                                                         "overall_completion_percentage", "active_blockers_summary"));
  EXPECT_THAT(names_in(document, "tasks"), ElementsAre("one", "two", "three"));
  EXPECT_THAT(names_in(document, "tasks/two"),
              ElementsAre("status", "percent_complete", "g_last_update", "last_updated_by_persona_id",
                          "last_updated_by_archetype", "signature_hash", "readiness_check", "execution_log",
                          "latest_test_status", "override", "task.json"));
  EXPECT_THAT(names_in(document, "tasks/two/readiness_check"),
              ElementsAre("status", "g_checked", "idempotency_key", "readiness_assessment_id_ref"));
  EXPECT_THAT(names_in(document, "tasks/two/execution_log"),
              ElementsAre("failure_details", "retry_attempts_log", "lock_override_log"));
}

// Every listed name is found, leads to the node that is listed, and stands there once.
void expect_listing_and_lookup_agree(const StatusDocument& document, const Node& directory, std::size_t depth = 0) {
  ASSERT_LT(depth, 20u);
  std::set<std::string> seen;
  for (const NamedNode& entry : children(document, directory)) {
    SCOPED_TRACE(path_of(document, directory) + "/" + entry.name);
    EXPECT_TRUE(seen.insert(entry.name).second) << "listed twice";
    EXPECT_LE(entry.name.size(), maximum_name_size);
    const auto found = child(document, directory, entry.name);
    ASSERT_TRUE(found);
    EXPECT_TRUE(*found == entry.node);
    EXPECT_TRUE(exists(document, entry.node));
    if (is_directory(document, entry.node)) expect_listing_and_lookup_agree(document, entry.node, depth + 1);
  }
}

TEST(NodeTest, ListingAndLookupAgree) {
  expect_listing_and_lookup_agree(sample(), {});
  expect_listing_and_lookup_agree(
      sample_after(R"([{"op":"add","path":"/extra","value":{"deep":{"er":[1]},"a/b":1,".x":2,"%":3}},
                       {"op":"add","path":"/payload/more","value":[1,2]},
                       {"op":"add","path":"/payload/patch","value":1},
                       {"op":"add","path":"/payload/tasks_status/0/status.d","value":{}},
                       {"op":"add","path":"/payload/tasks_status/0/task.json","value":5},
                       {"op":"add","path":"/payload/tasks_status/0/readiness_check/why","value":null}])"),
      {});
}

TEST(NodeTest, WhatIsNotThereIsNotFound) {
  const StatusDocument document = sample();
  for (const char* name :
       {"nothing", "", ".", "..", "payload", "os_file_header", "tasks_status", "%70atch", "%", "PATCH"})
    EXPECT_EQ(child(document, {}, name), std::nullopt) << name;
  const Node task = node_at(document, "tasks/one");
  EXPECT_EQ(child(document, task, "task_id_ref"), std::nullopt) << "the id has no file of its own";
  EXPECT_EQ(child(document, task, "%74ask_id_ref"), std::nullopt);
  EXPECT_EQ(child(document, node_at(document, "tasks"), "four"), std::nullopt);
  EXPECT_EQ(child(document, node_at(document, "tasks"), "%6Fne"), std::nullopt) << "a task has one name";
}

TEST(NodeTest, AMappedKeyThatIsAbsentIsThere) {
  const StatusDocument document = sample();
  const Node node = node_at(document, "summary/execution_status");
  EXPECT_TRUE(exists(document, node));
  EXPECT_EQ(value_at(document, node), nullptr);
}

TEST(NodeTest, UnknownKeysAreShownByType) {
  const StatusDocument document = sample_after(
      R"([{"op":"add","path":"/extra","value":{"inner":{"leaf":1},"list":[1]}},
          {"op":"add","path":"/payload/scalar","value":1.50},
          {"op":"add","path":"/os_file_header/origin","value":"here"}])");
  const Node extra = node_at(document, "extra");
  EXPECT_EQ(extra.kind, Node::Kind::unknown);
  EXPECT_TRUE(is_directory(document, extra));
  EXPECT_TRUE(is_directory(document, node_at(document, "extra/inner")));
  EXPECT_FALSE(is_directory(document, node_at(document, "extra/list")));
  EXPECT_FALSE(is_directory(document, node_at(document, "scalar")));
  EXPECT_EQ(file_pointer(document, node_at(document, "extra/inner/leaf")).text(), "/extra/inner/leaf");
  EXPECT_EQ(file_pointer(document, node_at(document, "scalar")).text(), "/payload/scalar");
  EXPECT_EQ(file_pointer(document, node_at(document, "header/origin")).text(), "/os_file_header/origin");
}

TEST(NodeTest, UnknownKeysOfATask) {
  const StatusDocument document = sample_with("/notes", R"({"by": "me"})");
  const Node node = node_at(document, "tasks/one/notes/by");
  EXPECT_EQ(node.task, "one");
  EXPECT_EQ(node.pointer.text(), "/notes/by");
  EXPECT_EQ(file_pointer(document, node).text(), "/payload/tasks_status/0/notes/by");
  EXPECT_EQ(path_of(document, node), "tasks/one/notes/by");
}

TEST(NodeTest, AKeyWhoseNameIsTaken) {
  const StatusDocument document = sample_after(R"([{"op":"add","path":"/payload/patch","value":1},
                                                   {"op":"add","path":"/summary","value":2},
                                                   {"op":"add","path":"/both","value":"root"},
                                                   {"op":"add","path":"/payload/both","value":"payload"}])");
  EXPECT_EQ(file_pointer(document, node_at(document, "%70atch")).text(), "/payload/patch");
  EXPECT_EQ(node_at(document, "patch").field->type, FieldType::patch);
  EXPECT_EQ(file_pointer(document, node_at(document, "%73ummary")).text(), "/summary");
  EXPECT_EQ(file_pointer(document, node_at(document, "both")).text(), "/both");
  EXPECT_EQ(file_pointer(document, node_at(document, "%62oth")).text(), "/payload/both");
  for (const char* path : {"%70atch", "%73ummary", "both", "%62oth"})
    EXPECT_EQ(path, path_of(document, node_at(document, path)));
}

TEST(NodeTest, AKeyThatIsTakenTwice) {
  const std::string longest(300, 'k');
  const auto add = [](const std::string& at, const std::string& key) {
    return R"({"op":"add","path":")" + at + "/" + key + R"(","value":")" + at + R"("})";
  };
  std::string operations;
  for (const std::string& key :
       {std::string("patch"), std::string("summary"), std::string("status.json"), std::string(".x"), std::string("%a"),
        std::string("\u00e9"), std::string("%"), std::string("\\n"), longest})
    for (const std::string at : {"", "/payload"}) operations += (operations.empty() ? "" : ",") + add(at, key);
  const StatusDocument document = sample_after("[" + operations + "]");
  expect_listing_and_lookup_agree(document, {});
  EXPECT_EQ(file_pointer(document, node_at(document, "%70atch")).text(), "/patch");
  EXPECT_EQ(file_pointer(document, node_at(document, "%70%61tch")).text(), "/payload/patch");
  EXPECT_EQ(file_pointer(document, node_at(document, encode_name("%"))).text(), "/%");
  EXPECT_EQ(file_pointer(document, node_at(document, encode_name("%", 1))).text(), "/payload/%");
}

TEST(NodeTest, KeysThatAreNoFileNames) {
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/extra","value":{"a/b":1,".x":2,"%":3,"line\nbreak":4,"":5}}])");
  EXPECT_THAT(names_in(document, "extra"), ElementsAre("a%2Fb", "%2Ex", "%25", "line%0Abreak"))
      << "an empty key has no name and is not shown";
  EXPECT_EQ(value_at(document, node_at(document, "extra/a%2Fb"))->as_integer(), 1);
  EXPECT_EQ(value_at(document, node_at(document, "extra/%25"))->as_integer(), 3);
  EXPECT_EQ(child(document, node_at(document, "extra"), "%61%2Fb"), std::nullopt);
}

TEST(NodeTest, LongKeysAndIdsAreFoundByTheirCutName) {
  const std::string longest(400, 'k');
  const StatusDocument document =
      sample_after(R"([{"op":"add","path":"/extra","value":{")" + longest + R"(":1,")" + longest + R"(2":2}},
          {"op":"replace","path":"/payload/tasks_status/1/task_id_ref","value":")" +
                   longest + R"("}])");
  EXPECT_EQ(value_at(document, node_at(document, "extra/" + encode_name(longest)))->as_integer(), 1);
  EXPECT_EQ(value_at(document, node_at(document, "extra/" + encode_name(longest + "2")))->as_integer(), 2);
  EXPECT_EQ(node_at(document, "tasks/" + encode_name(longest)).task, longest);
  EXPECT_EQ(child(document, node_at(document, "tasks"), encode_name(longest + "3")), std::nullopt);
}

TEST(NodeTest, TaskIdsThatAreNoFileNames) {
  const StatusDocument document =
      sample_after(R"([{"op":"replace","path":"/payload/tasks_status/0/task_id_ref","value":"a/b%"},
                       {"op":"replace","path":"/payload/tasks_status/1/task_id_ref","value":".."},
           {"op":"replace","path":"/payload/tasks_status/2/task_id_ref","value":"short~0123456789abcdef"}])");
  EXPECT_THAT(names_in(document, "tasks"), ElementsAre("a%2Fb%25", "%2E.", "short~0123456789abcdef"));
  EXPECT_EQ(node_at(document, "tasks/a%2Fb%25").task, "a/b%");
  EXPECT_EQ(node_at(document, "tasks/%2E.").task, "..");
  EXPECT_EQ(node_at(document, "tasks/short~0123456789abcdef").task, "short~0123456789abcdef");
  expect_listing_and_lookup_agree(document, {});
}

TEST(NodeTest, ANodeOutlivesItsTask) {
  const StatusDocument document = sample();
  const Node status = node_at(document, "tasks/three/status");
  const StatusDocument without = document.without_task(2);
  EXPECT_FALSE(exists(without, status));
  EXPECT_EQ(value_at(without, status), nullptr);
  EXPECT_EQ(path_of(without, status), "tasks/three/status");
  EXPECT_EQ(file_pointer(without, status).text(), "/payload/tasks_status");
}

TEST(NodeTest, PathsAndPointers) {
  const StatusDocument document = sample();
  const std::vector<std::pair<std::string, std::string>> expected{
      {"", ""},
      {"header", "/os_file_header"},
      {"summary/active_blockers_summary", "/payload/overall_status_summary/active_blockers_summary"},
      {"tasks", "/payload/tasks_status"},
      {"tasks/two", "/payload/tasks_status/1"},
      {"tasks/two/readiness_check/g_checked", "/payload/tasks_status/1/readiness_check/g_checked"},
      {"tasks/two/task.json", "/payload/tasks_status/1"},
      {"status.json", ""}};
  for (const auto& [path, pointer] : expected) {
    EXPECT_EQ(path_of(document, node_at(document, path)), path);
    EXPECT_EQ(file_pointer(document, node_at(document, path)).text(), pointer) << path;
  }
}

TEST(NodeTest, PathsOfUnknownKeysAreThoseUnderWhichTheyAreListed) {
  const StatusDocument document = sample_after(R"([{"op":"add","path":"/payload/extra","value":{"in":1}},
      {"op":"add","path":"/payload/patch","value":1},{"op":"add","path":"/os_file_header/foo","value":1}])");
  for (const char* path : {"extra", "extra/in", "%70atch", "header/foo"})
    EXPECT_EQ(path_of(document, node_at(document, path)), path);
  EXPECT_EQ(path_of(sample(), node_at(document, "extra/in")), "extra/in") << "also when it is gone";
}

}  // namespace
}  // namespace statusfs
