// Section 4 of the contract: merge patches, JSON patches and document values.
#include <fcntl.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class WriteDocumentTest : public SampleTest {
 protected:
  const std::string task_json = "tasks/task_001_scaffold/task.json";
  const std::string tests = "tasks/task_001_scaffold/latest_test_status";
  const std::string failure = "tasks/task_001_scaffold/execution_log/failure_details";

  Json stored_task() const { return document()["payload"]["tasks_status"][0]; }
};

TEST_F(WriteDocumentTest, AMergePatchIsOneMutation) {
  EXPECT_VERSIONS(1, write(task_json, R"({"percent_complete": 30, "execution_log": {"failure_details": "none yet"}})"));
  EXPECT_EQ(30, stored_task()["percent_complete"]);
  EXPECT_EQ("none yet", stored_task()["execution_log"]["failure_details"]);
  EXPECT_EQ(Json::array(), stored_task()["execution_log"]["retry_attempts_log"]) << "other members stay";
}

TEST_F(WriteDocumentTest, AJsonPatchIsOneMutation) {
  EXPECT_VERSIONS(1, write(task_json, R"([{"op":"test","path":"/status","value":"PENDING"},
                                          {"op":"replace","path":"/percent_complete","value":31},
                                          {"op":"replace","path":"/readiness_check/idempotency_key","value":"k"}])"));
  EXPECT_EQ(31, stored_task()["percent_complete"]);
  EXPECT_EQ("k", stored_task()["readiness_check"]["idempotency_key"]);
}

TEST_F(WriteDocumentTest, APatchOfTheFileReachesEverything) {
  EXPECT_VERSIONS(1, write("patch", R"([{"op":"replace","path":"/payload/tasks_status/0/percent_complete","value":10},
                                        {"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":20},
                                        {"op":"add","path":"/payload/overall_status_summary/active_blockers_summary/-",
                                         "value":"blocked"}])"));
  EXPECT_EQ("10\n", read("tasks/task_001_scaffold/percent_complete"));
  EXPECT_EQ("20\n", read("tasks/task_002_api/percent_complete"));
  EXPECT_EQ("blocked\n", read("summary/active_blockers_summary"));
  EXPECT_EQ("", read("patch"));
}

TEST_F(WriteDocumentTest, APatchIsAllOrNothing) {
  EXPECT_REFUSED(EINVAL, write(task_json, R"({"percent_complete": 30, "status": "NOPE"})"));
  EXPECT_REFUSED(EPERM, write(task_json, R"({"percent_complete": 30, "g_last_update": 9})"));
  EXPECT_REFUSED(EINVAL, write(task_json, R"({"percent_complete": 30, "unknown_member": 1})"));
  EXPECT_REFUSED(EINVAL, write(task_json, R"([{"op":"replace","path":"/percent_complete","value":30},
                                              {"op":"replace","path":"/percent_complete","value":300}])"));
  EXPECT_EQ(0, stored_task()["percent_complete"]);
}

TEST_F(WriteDocumentTest, MalformedPatchesAreEINVAL) {
  for (const char* text :
       {"5", "\"text\"", "{\"a\": }", "[1]", R"([{"op":"jump","path":"/status"}])",
        R"([{"op":"remove","path":"/no/such/place"}])", R"({"percent_complete": 1, "percent_complete": 2})", "{} {}"}) {
    SCOPED_TRACE(text);
    EXPECT_REFUSED(EINVAL, write(task_json, text));
  }
}

TEST_F(WriteDocumentTest, AFailedTestIsECANCELED) {
  EXPECT_REFUSED(ECANCELED, write(task_json, R"([{"op":"test","path":"/percent_complete","value":55},
                                                 {"op":"replace","path":"/percent_complete","value":56}])"));
  EXPECT_NE(std::string::npos, last_error().find("ECANCELED"));
}

TEST_F(WriteDocumentTest, AStaleCopyIsECANCELED) {
  Json copy = Json::parse(read(task_json));
  ASSERT_EQ(0, write(failure, "another writer was here\n"));
  copy["percent_complete"] = 60;
  EXPECT_REFUSED(ECANCELED, write(task_json, copy.dump()));
  EXPECT_EQ("another writer was here\n", read(failure));

  Json fresh = Json::parse(read(task_json));
  fresh["percent_complete"] = 60;
  EXPECT_VERSIONS(1, write(task_json, fresh.dump(2) + "\n"));
  EXPECT_EQ("another writer was here\n", read(failure));
  EXPECT_EQ("60\n", read("tasks/task_001_scaffold/percent_complete"));
}

TEST_F(WriteDocumentTest, AStaleCopyOfTheFileIsECANCELED) {
  const Json copy = Json::parse(read("status.json"));
  ASSERT_EQ(0, write(failure, "newer\n"));
  EXPECT_REFUSED(ECANCELED, write("patch", R"({"os_file_header": {"v_file_instance": 1},
                                               "payload": {"_tasks_status_list_immutable": true}})"));
  EXPECT_REFUSED(ECANCELED,
                 write("patch", R"({"payload": {"_tasks_status_list_immutable": true, "payload_hash_current": )" +
                                    copy["payload"]["payload_hash_current"].dump() + "}}"));
  EXPECT_VERSIONS(1, write("patch", R"({"os_file_header": {"v_file_instance": 2},
                                        "payload": {"_tasks_status_list_immutable": true}})"));
}

TEST_F(WriteDocumentTest, ReadOnlyMembersMustBeUnchanged) {
  const Json current = stored_task();
  EXPECT_VERSIONS(0, write(task_json, current.dump()));
  EXPECT_REFUSED(EPERM, write(task_json, R"({"task_id_ref": "other"})"));
  EXPECT_REFUSED(EPERM, write(task_json, R"({"last_updated_by_persona_id": "somebody"})"));
  EXPECT_REFUSED(EPERM, write("patch", R"({"payload":{"partition_status":"PARTITIONED"}})"));
  EXPECT_REFUSED(EPERM,
                 write("patch", R"([{"op":"replace","path":"/payload/execution_plan_id_ref","value":"exec_plan_1"}])"));
  EXPECT_REFUSED(EPERM, write("patch", R"({"os_file_header":{"file_id":"x"}})"));
}

TEST_F(WriteDocumentTest, UnknownMembersCannotBeAdded) {
  EXPECT_REFUSED(EINVAL, write("patch", R"({"payload":{"invented":1}})"));
  EXPECT_REFUSED(EINVAL, write("patch", R"([{"op":"add","path":"/payload/invented","value":1}])"));
  EXPECT_REFUSED(EINVAL, write(task_json, R"([{"op":"add","path":"/readiness_check/invented","value":1}])"));
}

TEST_F(WriteDocumentTest, AnIncompletePatchFailsAtCloseAndChangesNothing) {
  const int before = version();
  const int handle = ::open(tree(task_json).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  const std::string half = "{\"percent_complete\": ";
  ASSERT_EQ(static_cast<ssize_t>(half.size()), ::write(handle, half.data(), half.size()));
  errno = 0;
  EXPECT_EQ(-1, ::close(handle));
  EXPECT_EQ(EINVAL, errno);
  EXPECT_EQ(before, version());
  EXPECT_EQ("0\n", read("tasks/task_001_scaffold/percent_complete"));
}

TEST_F(WriteDocumentTest, APatchMayComeInPieces) {
  put_file(root() / "a", "{\"percent_complete\": 4");
  put_file(root() / "b", "2, \"readiness_check\": {\"idempotency_key\": \"pieces\"}}\n");
  const int before = version();
  bash("{ cat " + (root() / "a").string() + "; cat " + (root() / "b").string() + "; } > $T/" + task_json);
  EXPECT_EQ(before + 1, version());
  EXPECT_EQ(42, stored_task()["percent_complete"]);
  EXPECT_EQ("pieces", stored_task()["readiness_check"]["idempotency_key"]);
}

TEST_F(WriteDocumentTest, APatchWrittenByteByByteIsOneMutation) {
  const int before = version();
  const std::string text = R"({"percent_complete": 43, "execution_log": {"failure_details": "byte by byte"}})";
  const int handle = ::open(tree(task_json).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  for (const char byte : text) ASSERT_EQ(1, ::write(handle, &byte, 1));
  EXPECT_EQ(before + 1, version()) << "committed as soon as the value is complete, before close";
  EXPECT_EQ(0, ::close(handle));
  EXPECT_EQ(before + 1, version());
  EXPECT_EQ(43, stored_task()["percent_complete"]);
}

TEST_F(WriteDocumentTest, LatestTestStatusTakesAnObject) {
  EXPECT_EQ("", read(tests));
  EXPECT_VERSIONS(1, write(tests, "{\"passed\": 12, \"failed\": [\"a\"]}\n"));
  const Json expected = Json::parse(R"({"passed": 12, "failed": ["a"]})");
  EXPECT_EQ(expected, stored_task()["latest_test_status"]);
  EXPECT_EQ(expected.dump(2) + "\n", read(tests));
  EXPECT_VERSIONS(1, write(tests, "{\"passed\": 13}\n"));
  EXPECT_EQ(Json::parse(R"({"passed": 13})"), stored_task()["latest_test_status"]) << "a new value, not a merge";
  EXPECT_VERSIONS(1, write(tests, "null\n"));
  EXPECT_EQ("", read(tests));
}

TEST_F(WriteDocumentTest, LatestTestStatusTakesNothingElse) {
  for (const char* text : {"[1]\n", "5\n", "\"text\"\n", "{\"a\":1,\"a\":2}\n", "{\"n\": 9007199254740993}\n"}) {
    SCOPED_TRACE(text);
    EXPECT_REFUSED(EINVAL, write(tests, text));
  }
}

TEST_F(WriteDocumentTest, ADocumentOverOneMebibyteIsEFBIG) {
  const std::string fits = "{\"log\": \"" + std::string(1000 * 1000, 'x') + "\"}";
  put_file(root() / "fits", fits);
  put_file(root() / "large", "{\"log\": \"" + std::string(1024 * 1024, 'x') + "\"}");
  EXPECT_EQ(0, bash("cat " + (root() / "fits").string() + " > $T/" + tests).exit_status);
  EXPECT_EQ(Json::parse(fits), stored_task()["latest_test_status"]);
  const int before = version();
  const CommandResult refused = bash("cat " + (root() / "large").string() + " > $T/" + tests);
  EXPECT_NE(0, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("File too large")) << refused.error;
  EXPECT_EQ(before, version());
}

TEST_F(WriteDocumentTest, LockedEntriesStayAsTheyAre) {
  ASSERT_EQ(0, append("achievements", "locked at once\n"));
  EXPECT_REFUSED(EPERM, write("patch", R"([{"op":"replace","path":"/payload/key_achievements_log/0/linked_artifact_id",
                                            "value":"artifact"}])"));
}

TEST_F(WriteDocumentTest, TheLimitIsOneMebibyte) {
  constexpr std::size_t limit = 1024 * 1024;
  // The errno of what is written piece by piece, as large as the kernel takes them; closing must add none of its own.
  const auto write_all = [&](const std::string& path, const std::string& text) {
    const int handle = ::open(tree(path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (handle < 0) return errno;
    int error = 0;
    for (std::size_t done = 0; done < text.size() && error == 0;) {
      const ssize_t count = ::write(handle, text.data() + done, text.size() - done);
      if (count < 0)
        error = errno;
      else
        done += static_cast<std::size_t>(count);
    }
    const int at_close = ::close(handle) == 0 ? 0 : errno;
    EXPECT_EQ(error, at_close) << path << " " << text.size();
    return error;
  };
  const auto filled = [](const std::string& begin, const std::string& end, std::size_t size) {
    return begin + std::string(size - begin.size() - end.size(), ' ') + end;
  };
  int value = 0;
  const auto next = [&](const std::string& path, std::size_t size) {
    const std::string number = std::to_string(++value);
    if (path == tests) return filled("{\"passed\": " + number, "}", size);
    if (path == task_json) return filled("{\"percent_complete\": " + number, "}", size);
    return filled("[{\"op\": \"replace\", \"path\": \"/payload/tasks_status/0/percent_complete\", \"value\": " + number,
                  "}]", size);
  };
  for (const std::string& path : {tests, task_json, std::string("patch")}) {
    SCOPED_TRACE(path);
    EXPECT_VERSIONS(1, write_all(path, next(path, limit - 1)));
    EXPECT_VERSIONS(1, write_all(path, next(path, limit)));
    EXPECT_VERSIONS(1, write_all(path, next(path, limit) + "\n"));
    EXPECT_REFUSED(EFBIG, write_all(path, next(path, limit + 1)));
    EXPECT_NE(std::string::npos, last_error().find(" EFBIG ")) << last_error();
  }
}

TEST_F(WriteDocumentTest, CloseSaysAfterARefusedWriteWhatTheWriteSaid) {
  const auto write_in_pieces = [&](const std::string& first, const std::string& second) {
    const int handle = ::open(tree(task_json).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    EXPECT_EQ(static_cast<ssize_t>(first.size()), ::write(handle, first.data(), first.size()));
    const int error = ::write(handle, second.data(), second.size()) < 0 ? errno : 0;
    const std::string refusal = last_error();
    EXPECT_EQ(error, ::close(handle) == 0 ? 0 : errno);
    EXPECT_EQ(refusal, last_error()) << "it is written down once";
    return error;
  };
  EXPECT_REFUSED(ECANCELED, write_in_pieces("{\"signature_hash\": \"sha256:00\", ", "\"percent_complete\": 7}"));
  EXPECT_NE(std::string::npos, last_error().find(" ECANCELED ")) << last_error();
  EXPECT_REFUSED(EPERM, write_in_pieces("{\"g_last_update\": 7, ", "\"percent_complete\": 7}"));
  EXPECT_NE(std::string::npos, last_error().find(" EPERM ")) << last_error();
  EXPECT_REFUSED(EINVAL, write_in_pieces("{\"percent_complete\": ", "}"));
  EXPECT_EQ(std::string::npos, last_error().find("incomplete")) << last_error();
}

TEST_F(WriteDocumentTest, OneWriteThatIsTooLargeFailsAtClose) {
  const std::string text = "{\"latest_test_status\": {\"a\": \"" + std::string(1200000, 'x') + "\"}}";
  for (const std::string& path : {task_json, std::string("patch"), tests}) {
    SCOPED_TRACE(path);
    const int before = version();
    const int handle = ::open(tree(path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    EXPECT_GT(static_cast<ssize_t>(text.size()), ::write(handle, text.data(), text.size())) << "the kernel cuts it";
    errno = 0;
    EXPECT_EQ(-1, ::close(handle));
    EXPECT_EQ(EFBIG, errno);
    EXPECT_EQ(before, version());
  }
}

TEST_F(WriteDocumentTest, WhiteSpaceBeforeADocumentIsNoFault) {
  for (const std::string blank : {" \n", "\t", " ", "\r\n", "\n\n"}) {
    SCOPED_TRACE(blank);
    const int handle = ::open(tree(tests).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    for (const std::string& piece : {blank, std::string("{\"blank\": " + std::to_string(blank.size()) + "}\n")})
      EXPECT_EQ(static_cast<ssize_t>(piece.size()), ::write(handle, piece.data(), piece.size())) << last_error();
    EXPECT_EQ(0, ::close(handle)) << last_error();
    EXPECT_EQ(blank.size(), stored_task()["latest_test_status"]["blank"]);
    EXPECT_REFUSED(EINVAL, write(tests, blank));  // it is no null
  }
  EXPECT_VERSIONS(1, write(tests, "\n"));
  EXPECT_TRUE(stored_task()["latest_test_status"].is_null());
}

TEST_F(WriteDocumentTest, CloseSpeaksOfWhatIsLeftAfterARefusedWriteWasGoneOnWith) {
  const int handle = ::open(tree(task_json).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  for (const std::string piece : {"{\"percent_complete\": ", "}", "12"}) {
    const ssize_t count = ::write(handle, piece.data(), piece.size());
    EXPECT_EQ(piece == "}" ? -1 : static_cast<ssize_t>(piece.size()), count) << piece;
  }
  errno = 0;
  EXPECT_EQ(-1, ::close(handle));
  EXPECT_EQ(EINVAL, errno);
}

TEST_F(WriteDocumentTest, WhiteSpaceAloneIsIncomplete) {
  for (const std::string& path : {task_json, std::string("patch")}) {
    SCOPED_TRACE(path);
    EXPECT_REFUSED(EINVAL, write(path, " \n"));
    EXPECT_NE(std::string::npos, last_error().find("white space")) << last_error();
    const int before = version();
    const int handle = ::open(tree(path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    const std::string value = path == task_json ? "{\"percent_complete\": 8}"
                                                : "[{\"op\": \"replace\", \"path\": "
                                                  "\"/payload/tasks_status/0/percent_complete\", \"value\": 9}]";
    for (const std::string& piece : {std::string("\n"), std::string("  "), value, std::string("\n")})
      EXPECT_EQ(static_cast<ssize_t>(piece.size()), ::write(handle, piece.data(), piece.size()));
    EXPECT_EQ(0, ::close(handle)) << last_error();
    EXPECT_EQ(before + 1, version());
  }
  EXPECT_EQ(9, stored_task()["percent_complete"]);
}

}  // namespace
}  // namespace statusfs::test
