// Section 4 of the contract: lists of strings and append-only logs.
#include <fcntl.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class WriteListTest : public SampleTest {
 protected:
  const std::string blockers = "summary/active_blockers_summary";
  const std::string retries = "tasks/task_001_scaffold/execution_log/retry_attempts_log";

  Json stored_blockers() const { return document()["payload"]["overall_status_summary"]["active_blockers_summary"]; }
  Json stored_achievements() const { return document()["payload"]["key_achievements_log"]; }
  Json stored_retries() const {
    return document()["payload"]["tasks_status"][0]["execution_log"]["retry_attempts_log"];
  }
};

TEST_F(WriteListTest, WritingReplacesTheListAndAppendingExtendsIt) {
  EXPECT_VERSIONS(1, write(blockers, "no key\nno time\n"));
  EXPECT_EQ(Json::parse(R"(["no key", "no time"])"), stored_blockers());
  EXPECT_EQ("no key\nno time\n", read(blockers));
  EXPECT_VERSIONS(1, append(blockers, "no disk\n"));
  EXPECT_EQ("no key\nno time\nno disk\n", read(blockers));
  EXPECT_VERSIONS(1, append(blockers, "a\nb\n"));
  EXPECT_EQ("no key\nno time\nno disk\na\nb\n", read(blockers));
  EXPECT_VERSIONS(1, write(blockers, "only\n"));
  EXPECT_EQ(Json::array({"only"}), stored_blockers());
}

TEST_F(WriteListTest, ShellsWriteListsOverSeveralWrites) {
  EXPECT_EQ(0, bash("printf 'a\\nb\\nc\\n' > $T/" + blockers).exit_status);
  EXPECT_EQ("a\nb\nc\n", read(blockers));
  EXPECT_EQ(0, bash("printf 'd\\ne\\n' >> $T/" + blockers).exit_status);
  EXPECT_EQ("a\nb\nc\nd\ne\n", read(blockers));
  EXPECT_EQ(0, bash("{ echo x; echo y; } > $T/" + blockers).exit_status);
  EXPECT_EQ("x\ny\n", read(blockers));
  EXPECT_EQ(0, dash("printf 'p\\nq\\n' > $T/" + blockers).exit_status);
  EXPECT_EQ("p\nq\n", read(blockers));
}

TEST_F(WriteListTest, ALineThatComesInSeveralAppendedWritesIsOneLine) {
  ASSERT_EQ(0, write(blockers, "first\n"));
  EXPECT_EQ(0, bash("{ printf fo; printf 'o\\nba'; printf 'r\\n'; echo last; } >> $T/" + blockers).exit_status);
  EXPECT_EQ("first\nfoo\nbar\nlast\n", read(blockers));
  const std::string failure = "tasks/task_001_scaffold/execution_log/failure_details";
  ASSERT_EQ(0, write(failure, "first\n"));
  EXPECT_EQ(0, bash("{ printf fo; echo o; } >> $T/" + failure).exit_status);
  EXPECT_EQ("first\nfoo\n", read(failure));
}

TEST_F(WriteListTest, ALineThatIsNotTheLastAnyMoreIsNotGoneOnWith) {
  const int handle = ::open(tree(blockers).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ASSERT_EQ(2, ::write(handle, "fo", 2));
  ASSERT_EQ(0, append(blockers, "other\n"));
  EXPECT_EQ(-1, ::write(handle, "o\n", 2));
  EXPECT_EQ(ECANCELED, errno);
  EXPECT_EQ("fo\nother\n", read(blockers));
  ::close(handle);
}

TEST_F(WriteListTest, TruncationAloneKeepsTheList) {
  ASSERT_EQ(0, write(blockers, "stays\n"));
  EXPECT_VERSIONS(0, bash(": > $T/" + blockers).exit_status);
  EXPECT_EQ("stays\n", read(blockers));
}

TEST_F(WriteListTest, APatchEmptiesTheList) {
  ASSERT_EQ(0, write(blockers, "goes\n"));
  EXPECT_VERSIONS(1, write("patch", R"({"payload":{"overall_status_summary":{"active_blockers_summary":[]}}})"));
  EXPECT_EQ("", read(blockers));
  EXPECT_EQ(Json::array(), stored_blockers());
}

TEST_F(WriteListTest, BadBytesInAListAreEINVAL) {
  using namespace std::string_literals;
  EXPECT_REFUSED(EINVAL, write(blockers, "a\0b\n"s));
  EXPECT_REFUSED(EINVAL, write(blockers, "\xff\n"));
  EXPECT_REFUSED(EINVAL, append(blockers, "\xff\n"));
  EXPECT_EQ("", read(blockers));
}

TEST_F(WriteListTest, LogsOpenOnlyToAppend) {
  for (const std::string& log : {std::string("achievements"), retries}) {
    for (const int flags : {O_WRONLY, O_WRONLY | O_TRUNC, O_RDWR}) {
      errno = 0;
      EXPECT_EQ(-1, ::open(tree(log).c_str(), flags | O_CLOEXEC)) << log;
      EXPECT_EQ(EPERM, errno) << log;
    }
    EXPECT_NE(0, bash("echo text > $T/" + log).exit_status);
    EXPECT_EQ("", read(log));
  }
  EXPECT_EQ(1, version());
}

TEST_F(WriteListTest, PlainTextBecomesAStampedAchievement) {
  EXPECT_VERSIONS(1, append("achievements", "The scaffold stands.\n"));
  const Json entry = stored_achievements().at(0);
  EXPECT_EQ("The scaffold stands.", entry["achievement_summary"]);
  EXPECT_EQ(Json(true), entry["_locked_entry_definition"]);
  EXPECT_EQ(document()["payload"]["g_last_update"], entry["g_event"]);
  EXPECT_EQ(document()["payload"]["last_mutation_trace_id"], entry["trace_id"]);
  EXPECT_TRUE(entry.at("linked_task_id").is_null());
  EXPECT_TRUE(entry.at("linked_artifact_id").is_null());
  EXPECT_EQ(entry.dump() + "\n", read("achievements"));
}

TEST_F(WriteListTest, AnObjectBecomesAStampedAchievement) {
  EXPECT_VERSIONS(
      1, append("achievements", "{\"achievement_summary\": \"Done.\", \"linked_task_id\": \"task_002_api\"}\n"));
  const Json entry = stored_achievements().at(0);
  EXPECT_EQ("Done.", entry["achievement_summary"]);
  EXPECT_EQ("task_002_api", entry["linked_task_id"]);
  EXPECT_EQ(Json(true), entry["_locked_entry_definition"]);
  EXPECT_EQ(document()["payload"]["g_last_update"], entry["g_event"]);
}

TEST_F(WriteListTest, ALinkToNoTaskIsEINVAL) {
  EXPECT_REFUSED(EINVAL,
                 append("achievements", "{\"achievement_summary\": \"x\", \"linked_task_id\": \"task_999\"}\n"));
  EXPECT_NE(std::string::npos, last_error().find("task_999"));
  EXPECT_EQ("", read("achievements"));
}

TEST_F(WriteListTest, AMalformedEntryIsEINVAL) {
  EXPECT_REFUSED(EINVAL, append("achievements", "{\"achievement_summary\": 5}\n"));
  EXPECT_REFUSED(EINVAL, append("achievements", "{\"linked_task_id\": null}\n"));
  EXPECT_EQ("", read("achievements"));
}

TEST_F(WriteListTest, LogsKeepTheOrderOfTheirEntries) {
  for (const char* text : {"first", "second", "third"}) ASSERT_EQ(0, append("achievements", std::string(text) + "\n"));
  const Json entries = stored_achievements();
  ASSERT_EQ(3u, entries.size());
  EXPECT_EQ("first", entries[0]["achievement_summary"]);
  EXPECT_EQ("second", entries[1]["achievement_summary"]);
  EXPECT_EQ("third", entries[2]["achievement_summary"]);
  EXPECT_EQ(3u, lines_of(read("achievements")).size());
}

TEST_F(WriteListTest, RetriesTakeANoteOrAnObject) {
  EXPECT_VERSIONS(1, append(retries, "tried again\n"));
  EXPECT_EQ("tried again", stored_retries().at(0)["note"]);
  EXPECT_EQ(document()["payload"]["g_last_update"], stored_retries().at(0)["g"]);
  EXPECT_EQ(document()["payload"]["last_mutation_trace_id"], stored_retries().at(0)["trace_id"]);
  EXPECT_VERSIONS(1, append(retries, "{\"note\": \"and again\", \"attempt\": 2}\n"));
  EXPECT_EQ("and again", stored_retries().at(1)["note"]);
  EXPECT_EQ(2, stored_retries().at(1)["attempt"]);
}

TEST_F(WriteListTest, AChangeOfALogOtherThanAtItsEndIsEPERM) {
  ASSERT_EQ(0, append("achievements", "first\n"));
  ASSERT_EQ(0, append("achievements", "second\n"));
  for (const char* patch :
       {R"([{"op":"remove","path":"/payload/key_achievements_log/0"}])",
        R"([{"op":"replace","path":"/payload/key_achievements_log/0/achievement_summary","value":"other"}])",
        R"([{"op":"add","path":"/payload/key_achievements_log/0","value":{"achievement_summary":"before"}}])",
        R"({"payload":{"key_achievements_log":[]}})"}) {
    SCOPED_TRACE(patch);
    EXPECT_REFUSED(EPERM, write("patch", patch));
  }
  EXPECT_VERSIONS(
      1, write("patch",
               R"([{"op":"add","path":"/payload/key_achievements_log/-","value":{"achievement_summary":"third"}}])"));
  ASSERT_EQ(3u, stored_achievements().size());
  EXPECT_EQ("third", stored_achievements().at(2)["achievement_summary"]);
}

}  // namespace
}  // namespace statusfs::test
