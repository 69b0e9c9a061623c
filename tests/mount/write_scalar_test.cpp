// Section 4 of the contract: scalar fields, and what one mutation does to the file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class WriteScalarTest : public SampleTest {
 protected:
  const std::string percent = "tasks/task_001_scaffold/percent_complete";
  const std::string status = "tasks/task_001_scaffold/status";
  const std::string key = "tasks/task_001_scaffold/readiness_check/idempotency_key";
  const std::string failure = "tasks/task_001_scaffold/execution_log/failure_details";

  int write_at(const std::string& path, const std::string& text, off_t offset) const {
    const int handle = ::open(tree(path).c_str(), O_WRONLY | O_CLOEXEC);
    if (handle < 0) return errno;
    const int error = ::pwrite(handle, text.data(), text.size(), offset) < 0 ? errno : 0;
    ::close(handle);
    return error;
  }
};

TEST_F(WriteScalarTest, OneWriteIsOneVersion) {
  EXPECT_VERSIONS(1, write(percent, "40\n"));
  EXPECT_EQ("40\n", read(percent));
  EXPECT_VERSIONS(1, write(percent, "41"));
  EXPECT_EQ("41\n", read(percent));
}

TEST_F(WriteScalarTest, AppendingGoesByTheValueAndNotByWhatTheKernelRemembers) {
  const std::string summary = "summary/execution_status";
  const auto set = [&](const std::string& value) {
    return write("patch", R"({"payload": {"overall_status_summary": {"execution_status": )" + value + "}}}");
  };
  ASSERT_EQ(0, write(summary, "a longer value\n"));
  EXPECT_EQ(15u, std::filesystem::file_size(tree(summary)));
  ASSERT_EQ(0, set("null"));
  EXPECT_VERSIONS(1, append(summary, "new\n"));
  EXPECT_EQ("new\n", read(summary));
  EXPECT_REFUSED(EINVAL, append(summary, "more\n"));
  EXPECT_NE(std::string::npos, last_error().find("offset 4 ")) << last_error();
  ASSERT_EQ(0, set("null"));
  EXPECT_EQ(0u, std::filesystem::file_size(tree(summary)));
  ASSERT_EQ(0, set("\"ab\""));
  EXPECT_REFUSED(EINVAL, append(summary, "more\n"));
  EXPECT_NE(std::string::npos, last_error().find("offset 3 ")) << last_error();
}

TEST_F(WriteScalarTest, AValueIsInTheJournalWhenTheWriteReturns) {
  ASSERT_EQ(0, write(key, "durable-at-once\n"));
  EXPECT_NE(std::string::npos, read_file(journal_file()).find("durable-at-once"));
}

TEST_F(WriteScalarTest, TheJsonFollowsByItself) {
  ASSERT_EQ(0, write(key, "follows\n"));
  EXPECT_TRUE(eventually([&] { return read_file(status_file()).find("\"follows\"") != std::string::npos; }));
}

TEST_F(WriteScalarTest, TheJsonIsCompleteAfterFsync) {
  ASSERT_EQ(0, write(key, "synced\n"));
  const int handle = ::open(tree(key).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(0, ::fsync(handle));
  ::close(handle);
  EXPECT_NE(std::string::npos, read_file(status_file()).find("\"synced\""));
}

TEST_F(WriteScalarTest, OneMutationStampsTheFileTheTaskAndTheJournal) {
  const Json before = document();
  ASSERT_EQ(0, write(percent, "40\n"));
  const Json after = document_on_disk();
  const int g = before["payload"]["g_last_update"].get<int>() + 1;
  EXPECT_EQ(g, after["payload"]["g_last_update"]);
  EXPECT_EQ(g, after["os_file_header"]["g_file_last_modified"]);
  EXPECT_EQ(2, after["os_file_header"]["v_file_instance"]);
  EXPECT_EQ(before["os_file_header"]["g_file_created"], after["os_file_header"]["g_file_created"]);
  EXPECT_EQ(before["payload"]["payload_hash_current"], after["payload"]["payload_hash_previous"]);
  EXPECT_NE(before["payload"]["payload_hash_current"], after["payload"]["payload_hash_current"]);

  const Json task_before = before["payload"]["tasks_status"][0];
  const Json task_after = after["payload"]["tasks_status"][0];
  EXPECT_EQ(40, task_after["percent_complete"]);
  EXPECT_EQ(g, task_after["g_last_update"]);
  EXPECT_EQ(run_command({"id", "-un"}).output, task_after["last_updated_by_persona_id"].get<std::string>() + "\n");
  EXPECT_EQ("SUPERVISOR", task_after["last_updated_by_archetype"]);
  EXPECT_NE(task_before["signature_hash"], task_after["signature_hash"]);
  EXPECT_EQ(before["payload"]["tasks_status"][1], after["payload"]["tasks_status"][1]);

  const Json record = journal().back();
  EXPECT_EQ(2, record["v"]);
  EXPECT_EQ(g, record["g"]);
  EXPECT_EQ(static_cast<int>(::geteuid()), record["uid"]);
  EXPECT_EQ(static_cast<int>(::getpid()), record["pid"]);
  EXPECT_EQ(task_after["last_updated_by_persona_id"], record["persona"]);
  EXPECT_EQ("SUPERVISOR", record["archetype"]);
  EXPECT_EQ(after["payload"]["last_mutation_trace_id"], record["trace_id"]);
  EXPECT_EQ(after["payload"]["payload_hash_current"], record["payload_hash_current"]);
  EXPECT_EQ(after["payload"]["payload_hash_previous"], record["payload_hash_previous"]);
  EXPECT_EQ(std::filesystem::file_size(status_file()), record["size"].get<std::uintmax_t>());
}

TEST_F(WriteScalarTest, AWriteThatChangesNothingMakesNoVersion) {
  ASSERT_EQ(0, write(percent, "40\n"));
  EXPECT_VERSIONS(0, write(percent, "40\n"));
  EXPECT_VERSIONS(0, write(status, "PENDING\n"));
}

TEST_F(WriteScalarTest, TruncationAloneChangesNothing) {
  ASSERT_EQ(0, write(percent, "40\n"));
  EXPECT_VERSIONS(0, bash(": > $T/" + percent).exit_status);
  EXPECT_VERSIONS(0, ::truncate(tree(percent).c_str(), 0));
  EXPECT_VERSIONS(0, bash("touch $T/" + percent).exit_status);
  EXPECT_EQ("40\n", read(percent));
}

TEST_F(WriteScalarTest, IntegersOutOfTypeOrRangeAreEINVAL) {
  for (const char* text :
       {"101\n", "-1\n", "1.5\n", "abc\n", "true\n", "\"7\"\n", "99999999999999999999\n", "null\n", "\n", "7 8\n"}) {
    SCOPED_TRACE(text);
    EXPECT_REFUSED(EINVAL, write(percent, text));
  }
  for (const char* text : {"0\n", "1\n", "99\n"}) {
    EXPECT_EQ(0, write(percent, text)) << text;
    EXPECT_EQ(text, read(percent));
  }
}

TEST_F(WriteScalarTest, EnumsTakeTheirValuesOnly) {
  for (const char* text : {"RUNNING\n", "pending\n", "null\n", "\n", "PENDING|ACTIVE\n"}) {
    SCOPED_TRACE(text);
    EXPECT_REFUSED(EINVAL, write(status, text));
  }
  EXPECT_REFUSED(EINVAL, write("tasks/task_001_scaffold/readiness_check/status", "DONE\n"));
  EXPECT_NE(std::string::npos, last_error().find("NOT_CHECKED")) << "the message says what would be accepted";
}

TEST_F(WriteScalarTest, BooleansTakeTrueAndFalse) {
  for (const char* text : {"1\n", "yes\n", "null\n", "TRUE\n"}) {
    SCOPED_TRACE(text);
    EXPECT_REFUSED(EINVAL, write("_tasks_status_list_immutable", text));
  }
  EXPECT_VERSIONS(1, write("_tasks_status_list_immutable", "true\n"));
  EXPECT_EQ("true\n", read("_tasks_status_list_immutable"));
  EXPECT_EQ(Json(true), document()["payload"]["_tasks_status_list_immutable"]);
  EXPECT_VERSIONS(1, write("_tasks_status_list_immutable", "false\n"));
}

TEST_F(WriteScalarTest, NullableFieldsTakeNullAndTheEmptyLine) {
  const auto stored = [&] { return document()["payload"]["tasks_status"][0]["readiness_check"]["idempotency_key"]; };
  EXPECT_VERSIONS(1, write(key, "k-1\n"));
  EXPECT_EQ("k-1", stored());
  EXPECT_VERSIONS(1, write(key, "null\n"));
  EXPECT_EQ(Json(nullptr), stored());
  EXPECT_EQ("", read(key));
  EXPECT_VERSIONS(1, write(key, "k-2\n"));
  EXPECT_VERSIONS(1, write(key, "\n"));
  EXPECT_EQ(Json(nullptr), stored());
}

TEST_F(WriteScalarTest, BytesThatCannotBeTextAreEINVAL) {
  using namespace std::string_literals;
  for (const std::string& text : {"a\0b\n"s, "a\nb\n"s, "\xff\xfe\n"s, "\xc3\n"s, "\xed\xa0\x80\n"s, "a\n\n"s}) {
    EXPECT_REFUSED(EINVAL, write(key, text));
  }
  for (const std::string& text : {"a\0b\n"s, "\xff\n"s}) EXPECT_REFUSED(EINVAL, write(failure, text));
}

TEST_F(WriteScalarTest, TextIsKeptByteForByte) {
  for (const std::string text :
       {"Grüße, 世界 😂", "quotes \" and \\ and \t tab", " blanks around ", "-1", "true", "{not json"}) {
    ASSERT_EQ(0, write(key, text + "\n")) << text;
    EXPECT_EQ(text + "\n", read(key));
    EXPECT_EQ(text, document_on_disk()["payload"]["tasks_status"][0]["readiness_check"]["idempotency_key"]);
  }
  unmount();
  expect_verified();
}

TEST_F(WriteScalarTest, AnotherOffsetIsEINVAL) {
  ASSERT_EQ(0, write(percent, "40\n"));
  EXPECT_REFUSED(EINVAL, write_at(percent, "7", 1));
  EXPECT_REFUSED(EINVAL, write_at(percent, "7", 4096));
  EXPECT_VERSIONS(1, write_at(percent, "8\n", 0));
  EXPECT_EQ("8\n", read(percent));
}

TEST_F(WriteScalarTest, ASecondWriteBehindTheFirstIsEINVAL) {
  EXPECT_EQ(EINVAL, write_parts(tree(percent), O_TRUNC, {"5\n", "6\n"}));
  EXPECT_EQ("5\n", read(percent));
}

TEST_F(WriteScalarTest, TextOfSeveralLinesGrowsWithTheWritesOfAHandle) {
  EXPECT_VERSIONS(1, write(failure, "one\ntwo\n"));
  EXPECT_EQ("one\ntwo\n", read(failure));
  EXPECT_EQ("one\ntwo", document()["payload"]["tasks_status"][0]["execution_log"]["failure_details"]);
  EXPECT_EQ(0, write_parts(tree(failure), O_TRUNC, {"first\n", "second\n", "third\n"}));
  EXPECT_EQ("first\nsecond\nthird\n", read(failure));
  EXPECT_EQ(0, bash("printf 'a\\nb\\nc\\n' > $T/" + failure).exit_status);
  EXPECT_EQ("a\nb\nc\n", read(failure));
  EXPECT_VERSIONS(1, write(failure, "null\n"));
  EXPECT_EQ("", read(failure));
}

TEST_F(WriteScalarTest, FailureDetailsIsAnObjectIfTheTextIsOne) {
  EXPECT_VERSIONS(1, write(failure, "{\"code\": 7, \"why\": [\"a\"]}\n"));
  const Json expected = Json::parse(R"({"code": 7, "why": ["a"]})");
  EXPECT_EQ(expected, document()["payload"]["tasks_status"][0]["execution_log"]["failure_details"]);
  EXPECT_EQ(expected, Json::parse(read(failure)));
}

TEST_F(WriteScalarTest, TheLimitIs512KiB) {
  const std::string largest(512 * 1024, 'x');
  EXPECT_VERSIONS(1, write(failure, largest));
  EXPECT_EQ(largest + "\n", read(failure));
  EXPECT_REFUSED(EFBIG, write(failure, largest + "y"));
  EXPECT_REFUSED(EFBIG, write(failure, largest + "y\n"));
  EXPECT_EQ(largest + "\n", read(failure));
  EXPECT_VERSIONS(0, write(failure, largest + "\n"));  // the newline that is dropped does not count
  for (const std::string& path : {key, failure}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(0, write(path, largest + "\n"));
    EXPECT_EQ(largest + "\n", read(path));
    EXPECT_REFUSED(EFBIG, write(path, largest + "yz"));
  }
}

TEST_F(WriteScalarTest, ReadOnlyFieldsAreEPERM) {
  const bool is_root = ::geteuid() == 0;
  for (const char* path :
       {"header/file_id", "header/v_file_instance", "execution_plan_id_ref", "payload_hash_current", "g_last_update",
        "partition_status", "status.json", "summary/overall_completion_percentage",
        "tasks/task_001_scaffold/signature_hash", "tasks/task_001_scaffold/last_updated_by_persona_id",
        "tasks/task_001_scaffold/readiness_check/g_checked",
        "tasks/task_001_scaffold/execution_log/lock_override_log"}) {
    const std::string before = read(path);
    // The kernel's own look at 0444 comes first for anybody but root.
    const int error = write(path, "5\n");
    EXPECT_TRUE(error == EPERM || (!is_root && error == EACCES)) << path << ": " << error;
    EXPECT_EQ(before, read(path));
  }
}

TEST_F(WriteScalarTest, DoneMeansAHundredPercent) {
  ASSERT_EQ(0, write(percent, "70\n"));
  activate(first_task);
  EXPECT_VERSIONS(1, write(status, "DONE\n"));
  EXPECT_EQ("100\n", read(percent));
  EXPECT_REFUSED(EINVAL, write(percent, "99\n"));
  EXPECT_VERSIONS(0, write(percent, "100\n"));
  EXPECT_VERSIONS(1, write(status, "PENDING\n"));
  EXPECT_VERSIONS(1, write(percent, "20\n"));
}

TEST_F(WriteScalarTest, CompletionIsTheRoundedDownPartOfDoneTasks) {
  EXPECT_EQ("0\n", read("summary/overall_completion_percentage"));
  const std::vector<std::string> expected = {"33\n", "66\n", "100\n"};
  const std::vector<std::string> ids = {"task_001_scaffold", "task_002_api", "task_003_tests"};
  for (std::size_t index = 0; index < ids.size(); ++index) {
    activate(ids[index]);
    ASSERT_EQ(0, write("tasks/" + ids[index] + "/status", "DONE\n"));
    EXPECT_EQ(expected[index], read("summary/overall_completion_percentage"));
  }
  EXPECT_EQ(100, document_on_disk()["payload"]["overall_status_summary"]["overall_completion_percentage"]);
}

TEST_F(WriteScalarTest, FailedWithItsDetailsIsAccepted) {
  activate(first_task);
  ASSERT_EQ(0, write(failure, "the build broke\n"));
  EXPECT_VERSIONS(1, write(status, "FAILED\n"));
  EXPECT_EQ("FAILED\n", read(status));
}

TEST_F(WriteScalarTest, ReadinessIsStampedWithG) {
  ASSERT_EQ(0, write("tasks/task_001_scaffold/readiness_check/status", "PASSED\n"));
  EXPECT_EQ(read("g_last_update"), read("tasks/task_001_scaffold/readiness_check/g_checked"));
}

TEST_F(WriteScalarTest, TheTraceIsTheWritersTraceparent) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto write_with = [&](const std::string& traceparent, const std::string& value) {
    CommandOptions options;
    options.environment["TRACEPARENT"] = traceparent;
    return bash("echo " + value + " > $T/" + percent, options).exit_status;
  };
  ASSERT_EQ(0, write_with("00-" + trace + "-00f067aa0ba902b7-01", "11"));
  EXPECT_EQ(trace + "\n", read("last_mutation_trace_id"));
  EXPECT_EQ(trace, journal().back()["trace_id"]);

  const std::regex random_trace("[0-9a-f]{32}\n");
  std::string previous = trace + "\n";
  int value = 12;
  for (const std::string& invalid :
       {"00-" + trace + "-00f067aa0ba902b7", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "ff-" + trace + "-00f067aa0ba902b7-01", std::string("nonsense")}) {
    ASSERT_EQ(0, write_with(invalid, std::to_string(value++)));
    EXPECT_TRUE(std::regex_match(read("last_mutation_trace_id"), random_trace)) << invalid;
    EXPECT_NE(previous, read("last_mutation_trace_id")) << invalid;
    previous = read("last_mutation_trace_id");
  }
}

TEST_F(WriteScalarTest, ARefusedWriteLeavesEveryByteAlone) {
  document_on_disk();
  const std::string json = read_file(status_file());
  const std::string journal_text = read_file(journal_file());
  EXPECT_EQ(EINVAL, write(status, "NOPE\n"));
  EXPECT_EQ(EINVAL, write(percent, "1000\n"));
  unmount();
  EXPECT_EQ(json, read_file(status_file()));
  EXPECT_EQ(journal_text, read_file(journal_file()));
}

TEST_F(WriteScalarTest, EverythingIsThereAfterAnotherMount) {
  activate(first_task);
  ASSERT_EQ(0, write(failure, "kept\nover mounts\n"));
  const std::string before = read("status.json");
  unmount();
  EXPECT_EQ(before, read_file(status_file()));
  mount();
  EXPECT_EQ(before, read("status.json"));
  EXPECT_VERSIONS(1, write(percent, "50\n"));
}

TEST_F(WriteScalarTest, AFieldKeepsItsInodeWhateverItsValueIs) {
  const std::vector<std::string> paths{percent,
                                       status,
                                       "header/v_file_instance",
                                       "header/g_file_last_modified",
                                       "payload_hash_current",
                                       "payload_hash_previous",
                                       "g_last_update",
                                       "last_mutation_trace_id",
                                       "summary/overall_completion_percentage",
                                       "tasks/task_001_scaffold/signature_hash",
                                       "tasks/task_001_scaffold/task.json",
                                       "tasks/task_001_scaffold/last_updated_by_persona_id",
                                       "tasks"};
  const auto inodes = [&] {
    std::vector<ino_t> numbers;
    for (const std::string& path : paths) {
      struct stat found {};
      EXPECT_EQ(0, ::stat(tree(path).c_str(), &found)) << path;
      numbers.push_back(found.st_ino);
    }
    return numbers;
  };
  const std::vector<ino_t> before = inodes();
  activate(first_task);
  EXPECT_VERSIONS(1, write(status, "DONE\n"));
  EXPECT_EQ("33\n", read("summary/overall_completion_percentage"));
  EXPECT_EQ(before, inodes());
  unmount();
  mount();
  EXPECT_EQ(before, inodes()) << "and across mounts";
}

TEST_F(WriteScalarTest, AnotherOffsetIsEINVALForEveryKind) {
  const std::string task_path = "tasks/task_001_scaffold/";
  for (const std::string& path : {percent, status, key, failure, std::string("_tasks_status_list_immutable"),
                                  std::string("summary/active_blockers_summary"), task_path + "latest_test_status",
                                  task_path + "task.json", task_path + "override", std::string("patch")}) {
    SCOPED_TRACE(path);
    for (const off_t offset : {1, 4096}) EXPECT_REFUSED(EINVAL, write_at(path, "{}", offset));
  }
}

TEST_F(WriteScalarTest, TruncationAndTouchAloneChangeNothingOfAnyKind) {
  const std::string task_path = "tasks/task_001_scaffold/";
  ASSERT_EQ(0, write(failure, "text\n"));
  ASSERT_EQ(0, write("summary/active_blockers_summary", "a blocker\n"));
  ASSERT_EQ(0, write(task_path + "latest_test_status", "{\"passed\": 1}\n"));
  ASSERT_EQ(0, append("achievements", "one\n"));
  const std::string before = read("status.json");
  for (const std::string& path :
       {failure, std::string("summary/active_blockers_summary"), task_path + "latest_test_status",
        task_path + "task.json", task_path + "override", std::string("patch"), std::string("achievements")}) {
    SCOPED_TRACE(path);
    if (path != "achievements") EXPECT_VERSIONS(0, bash(": > $T/" + path).exit_status);
    EXPECT_VERSIONS(0, bash(": >> $T/" + path).exit_status);
    EXPECT_VERSIONS(0, ::truncate(tree(path).c_str(), 0));
    EXPECT_VERSIONS(0, bash("touch $T/" + path).exit_status);
  }
  EXPECT_EQ(before, read("status.json"));
}

}  // namespace
}  // namespace statusfs::test
