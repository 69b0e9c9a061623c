// Section 2 of the contract: the tree, its names, modes, owners, links and sizes.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class TreeTest : public SampleTest {
 protected:
  // Of exec_status_126.txt: it is shown as unusable, and the first is written as ever.
  void expect_second_name_of_the_first() {
    mount();
    EXPECT_EQ(".error\n", bash("ls -A $M/exec_status_126").output);
    const std::string reason = read_file(tree(".error", 126));
    EXPECT_NE(std::string::npos, reason.find("exec_status_126.txt is a second name of exec_status_125.txt")) << reason;
    EXPECT_VERSIONS(1, write_file(task("percent_complete"), "12\n"));
    unmount();
  }

  static struct stat status_of(const Path& path) {
    struct stat status {};
    EXPECT_EQ(0, ::lstat(path.c_str(), &status)) << path;
    return status;
  }

  static unsigned mode(const Path& path) { return status_of(path).st_mode & 07777u; }
};

using Names = std::vector<std::string>;

TEST_F(TreeTest, RootListsTheStatusFilesAndHidesTheRest) {
  EXPECT_EQ(Names{"exec_status_125"}, names_in(mountpoint()));
}

TEST_F(TreeTest, DirectoriesHoldWhatTheContractLists) {
  EXPECT_EQ(
      (Names{"_tasks_status_list_immutable", "achievements", "board.html", "board.svg", "by-status", "events",
             "execution_plan_id_ref", "g_last_update", "header", "last_mutation_trace_id", "partition_status", "patch",
             "payload_hash_current", "payload_hash_previous", "status.json", "status.md", "summary", "tasks"}),
      names_in(tree()));
  EXPECT_EQ((Names{"entity_type", "file_id", "g_file_created", "g_file_last_modified", "schema_definition_id_ref",
                   "v_file_instance"}),
            names_in(tree("header")));
  EXPECT_EQ(
      (Names{"active_blockers_summary", "execution_status", "overall_completion_percentage", "validation_status"}),
      names_in(tree("summary")));
  EXPECT_EQ((Names{"task_001_scaffold", "task_002_api", "task_003_tests"}), names_in(tree("tasks")));
  EXPECT_EQ((Names{"execution_log", "g_last_update", "last_updated_by_archetype", "last_updated_by_persona_id",
                   "latest_test_status", "override", "percent_complete", "readiness_check", "signature_hash", "status",
                   "task.json"}),
            names_in(task()));
  EXPECT_EQ((Names{"g_checked", "idempotency_key", "readiness_assessment_id_ref", "status"}),
            names_in(task("readiness_check")));
  EXPECT_EQ((Names{"failure_details", "lock_override_log", "retry_attempts_log"}), names_in(task("execution_log")));
}

TEST_F(TreeTest, DotStatusfsIsReachableByName) {
  for (const char* name : {"version", "mapping.yaml", "metrics", "errors", "last_error"}) {
    EXPECT_EQ(0, read_error(mountpoint() / ".statusfs" / name)) << name;
  }
  EXPECT_NE("", read_file(mountpoint() / ".statusfs" / "version"));
  EXPECT_NE(std::string::npos, read_file(mountpoint() / ".statusfs" / "mapping.yaml").find("percent_complete"));
}

TEST_F(TreeTest, ModesSayWhatCanBeWritten) {
  for (const char* path : {"tasks/task_001_scaffold/status", "tasks/task_001_scaffold/task.json", "achievements",
                           "summary/active_blockers_summary", "_tasks_status_list_immutable", "patch",
                           "tasks/task_001_scaffold/readiness_check/idempotency_key",
                           "tasks/task_001_scaffold/execution_log/retry_attempts_log"}) {
    EXPECT_EQ(0644u, mode(tree(path))) << path;
  }
  for (const char* path :
       {"header/file_id", "execution_plan_id_ref", "payload_hash_current", "partition_status", "status.json",
        "summary/overall_completion_percentage", "tasks/task_001_scaffold/signature_hash",
        "tasks/task_001_scaffold/readiness_check/g_checked",
        "tasks/task_001_scaffold/execution_log/lock_override_log"}) {
    EXPECT_EQ(0444u, mode(tree(path))) << path;
  }
  for (const char* path : {"", "header", "summary", "tasks", "tasks/task_001_scaffold",
                           "tasks/task_001_scaffold/readiness_check", "tasks/task_001_scaffold/execution_log"}) {
    EXPECT_EQ(0755u, mode(tree(path))) << path;
  }
}

TEST_F(TreeTest, UmaskOptionTakesBitsAway) {
  unmount();
  mount({"-o", "umask=077"});
  EXPECT_EQ(0600u, mode(task("status")));
  EXPECT_EQ(0400u, mode(task("signature_hash")));
  EXPECT_EQ(0700u, mode(tree("tasks")));
}

TEST_F(TreeTest, EverythingBelongsToTheMountingUser) {
  for (const Path& path : {tree(), task("status"), task("signature_hash"), mountpoint()}) {
    EXPECT_EQ(::geteuid(), status_of(path).st_uid) << path;
    EXPECT_EQ(::getegid(), status_of(path).st_gid) << path;
  }
}

TEST_F(TreeTest, LinkCountsAreTwoAndOneForEachListedDirectory) {
  EXPECT_EQ(3u, status_of(mountpoint()).st_nlink);
  EXPECT_EQ(6u, status_of(tree()).st_nlink);
  EXPECT_EQ(5u, status_of(tree("tasks")).st_nlink);
  EXPECT_EQ(4u, status_of(task()).st_nlink);
  EXPECT_EQ(2u, status_of(tree("header")).st_nlink);
  EXPECT_EQ(1u, status_of(task("status")).st_nlink);
}

TEST_F(TreeTest, LinkCountFollowsMkdirAndRmdir) {
  ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
  EXPECT_EQ(6u, status_of(tree("tasks")).st_nlink);
  ASSERT_EQ(0, ::rmdir(tree("tasks/extra").c_str()));
  EXPECT_EQ(5u, status_of(tree("tasks")).st_nlink);
}

TEST_F(TreeTest, FindWalksEverythingOnceWithoutComplaint) {
  const CommandResult directories = bash("find $M -type d | wc -l; find $M -type f | wc -l");
  // The root, exec_status_125, header, summary, tasks, three for each task, the board and its six; then the leaves of
  // each.
  EXPECT_EQ("21\n72\n", directories.output);
  EXPECT_EQ("", directories.error);
}

TEST_F(TreeTest, SizesAreTheNumberOfBytesThatRead) {
  ASSERT_EQ(0, write("tasks/task_001_scaffold/execution_log/failure_details", "first\nsecond\n"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree())) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(read_file(entry.path()).size(), static_cast<std::size_t>(status_of(entry.path()).st_size))
        << entry.path();
  }
}

TEST_F(TreeTest, InodesAreStableAndDistinct) {
  const ino_t before = status_of(task("status")).st_ino;
  EXPECT_NE(before, status_of(task("percent_complete")).st_ino);
  EXPECT_NE(before, status_of(tree("tasks/task_002_api/status")).st_ino);
  activate(first_task);
  EXPECT_EQ(before, status_of(task("status")).st_ino);
  EXPECT_EQ("ACTIVE\n", read_file(task("status")));
}

TEST_F(TreeTest, TimeOfChangeIsThatOfTheLastMutation) {
  const time_t before = ::time(nullptr);
  activate(first_task);
  const time_t changed = status_of(task("status")).st_mtime;
  EXPECT_GE(changed, before - 1);
  EXPECT_LE(changed, ::time(nullptr) + 1);
  unmount();
  const std::string recorded = journal().back()["time"];
  ASSERT_TRUE(eventually([&] { return ::time(nullptr) > changed + 1; })) << "now is another second";
  mount();
  EXPECT_EQ(recorded.substr(0, 19) + "\n", run_command({"date", "-u", "-r", task("status").string(), "+%FT%T"}).output);
}

TEST_F(TreeTest, NamesThatAreNotThereAreENOENT) {
  EXPECT_EQ(ENOENT, read_error(tree("nothing")));
  EXPECT_EQ(ENOENT, read_error(tree("tasks/task_999/status")));
  EXPECT_EQ(ENOENT, read_error(mountpoint() / "exec_status_999" / "status.json"));
  EXPECT_EQ(EISDIR, read_error(tree("tasks")));
}

TEST_F(TreeTest, NewStatusFilesAppearAndDeletedOnesVanish) {
  make_status_file(126, {"only"});
  EXPECT_TRUE(eventually([&] { return read_error(tree("tasks/only/status", 126)) == 0; }));
  EXPECT_EQ((Names{"exec_status_125", "exec_status_126"}), names_in(mountpoint()));
  // The journal first: a JSON that is missing while its journal stands would be rebuilt.
  EXPECT_EQ(0, bash("rm $S/exec_status_126.txt.journal && rm -f $S/exec_status_126.txt*").exit_status);
  EXPECT_TRUE(eventually([&] { return names_in(mountpoint()) == Names{"exec_status_125"}; }));
  EXPECT_TRUE(eventually([&] { return read_error(tree("status.json", 126)) == ENOENT; }));
}

TEST_F(TreeTest, AMissingJsonWhoseJournalStandsIsRebuilt) {
  ASSERT_EQ(0, write("tasks/task_001_scaffold/percent_complete", "33\n"));
  const Json before = document_on_disk();
  std::filesystem::remove(status_file());
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(status_file()); }));
  EXPECT_EQ(before, document_on_disk());
  EXPECT_EQ("33\n", read_file(task("percent_complete")));
}

TEST_F(TreeTest, UnknownKeysAreShownByTypeReadOnlyAndKept) {
  unmount();
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  Json seed = Json::parse(test_data("seed_example.json"));
  seed["payload"]["note_of_ours"] = "kept";
  seed["payload"]["patch"] = "name taken";
  seed["payload"]["tasks_status"][0]["cost_record"] = Json::parse(R"({"tokens": 12, "prices": [1.5, "x", null]})");
  put_file(status_file(), seed.dump(2));
  ASSERT_EQ(0, statusfs({"adopt", status_file().string()}).exit_status);
  mount();
  EXPECT_EQ("kept\n", read("note_of_ours"));
  EXPECT_EQ("name taken\n", read("%70atch"));
  EXPECT_EQ("", read("patch"));
  EXPECT_EQ("12\n", read_file(task("cost_record/tokens")));
  EXPECT_EQ("1.5\n\"x\"\nnull\n", read_file(task("cost_record/prices")));
  EXPECT_EQ(0444u, mode(tree("note_of_ours")));
  EXPECT_EQ(0444u, mode(task("cost_record/tokens")));
  EXPECT_REFUSED(EPERM, write("note_of_ours", "other\n"));
  ASSERT_EQ(0, write_file(task("execution_log/failure_details"), "something\n"));
  EXPECT_EQ(seed["payload"]["tasks_status"][0]["cost_record"],
            document_on_disk()["payload"]["tasks_status"][0]["cost_record"]);
}

TEST_F(TreeTest, KeyOrderIsKept) {
  const std::string keys = "[.payload | keys_unsorted, (.tasks_status[0] | keys_unsorted)]";
  const std::string before = jq(keys, status_file());
  activate(first_task);
  document_on_disk();
  EXPECT_EQ(before, jq(keys, status_file()));
}

TEST_F(TreeTest, AnAbsentMappedKeyReadsAsEmptyAndCanBeWritten) {
  ASSERT_FALSE(document()["payload"]["overall_status_summary"].contains("execution_status"));
  EXPECT_EQ("", read("summary/execution_status"));
  EXPECT_VERSIONS(1, write("summary/execution_status", "RUNNING\n"));
  EXPECT_EQ("RUNNING\n", read("summary/execution_status"));
  EXPECT_EQ("RUNNING", document_on_disk()["payload"]["overall_status_summary"]["execution_status"]);
}

TEST_F(TreeTest, ASingleFileAsSourceIsTheRootItself) {
  unmount();
  ASSERT_EQ(0, statusfs({status_file().string(), mountpoint().string()}).exit_status);
  EXPECT_EQ("PENDING\n", read_file(mountpoint() / "tasks" / first_task / "status"));
  EXPECT_EQ(0, write_file(mountpoint() / "tasks" / first_task / "percent_complete", "7\n"));
  EXPECT_EQ("7\n", read_file(mountpoint() / "tasks" / first_task / "percent_complete"));
}

TEST_F(TreeTest, ALinkInsideSourceIsFollowedAndStaysOne) {
  unmount();
  std::filesystem::create_directory(source() / "kept");
  std::filesystem::rename(status_file(), source() / "kept" / "real.txt");
  std::filesystem::remove(journal_file());
  std::filesystem::create_symlink("kept/real.txt", status_file());
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "12\n"));
  unmount();
  EXPECT_TRUE(std::filesystem::is_symlink(status_file()));
  expect_verified();
  EXPECT_EQ("12", jq(".payload.tasks_status[0].percent_complete", source() / "kept" / "real.txt"));
}

TEST_F(TreeTest, ASingleFileMayBeNamedByALink) {
  unmount();
  const Path outside = root() / "link";
  std::filesystem::create_symlink(status_file(), outside);
  std::filesystem::create_directory(source() / "kept");
  std::filesystem::rename(status_file(), source() / "kept" / "real.txt");
  std::filesystem::create_symlink("kept/real.txt", status_file());
  int percent = 1;
  for (const Path& file : {status_file(), outside}) {
    if (file == outside) {  // one that leads to a file of a status file's name
      std::filesystem::remove(status_file());
      std::filesystem::rename(source() / "kept" / "real.txt", status_file());
    }
    ASSERT_EQ(0, statusfs({file.string(), mountpoint().string()}).exit_status);
    const Path field = mountpoint() / "tasks" / first_task / "percent_complete";
    const std::string value = std::to_string(percent++) + "\n";
    EXPECT_EQ(0, write_file(field, value));
    EXPECT_EQ(value, read_file(field));
    unmount();
    EXPECT_EQ(file == status_file(), std::filesystem::is_symlink(status_file()));
    expect_verified();
  }
}

TEST_F(TreeTest, ALinkInTheLocksPlaceIsRefusedWithTheReason) {
  unmount();
  const Path lock = status_file().string() + ".lock";
  std::filesystem::remove(lock);
  put_file(root() / "elsewhere", "");
  std::filesystem::create_symlink(root() / "elsewhere", lock);
  mount();
  EXPECT_REFUSED(EROFS, write_file(task("percent_complete"), "9\n"));
  EXPECT_NE(std::string::npos, last_error().find(".lock is a symbolic link")) << last_error();
  std::filesystem::remove(lock);
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "9\n"));
}

TEST_F(TreeTest, ThingsThatAreNotRegularFilesAreNotOpened) {
  unmount();
  ASSERT_EQ(0, ::mkfifo((source() / "exec_status_7.txt").c_str(), 0644));
  std::filesystem::create_directory(source() / "exec_status_8.txt");
  mount();
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  EXPECT_EQ(0, bash("timeout 10 ls -R $M").exit_status);
}

TEST_F(TreeTest, AJournalThatCannotBeUsedHarmsItsOwnFileOnly) {
  unmount();
  make_status_file(126, {"task_a"});
  make_status_file(127, {"task_b"});
  std::filesystem::rename(journal_file(126), root() / "elsewhere");
  std::filesystem::create_symlink(root() / "elsewhere", journal_file(126));
  std::filesystem::remove(journal_file(127));
  ASSERT_EQ(0, ::mkfifo(journal_file(127).c_str(), 0644));
  const std::string before = read_file(root() / "elsewhere");
  mount();
  EXPECT_EQ(0, write_file(task("percent_complete"), "9\n"));
  EXPECT_EQ("PENDING\n", read_file(tree("tasks/task_a/status", 126)));
  EXPECT_EQ(EROFS, write_file(tree("tasks/task_a/percent_complete", 126), "9\n"));
  EXPECT_NE(std::string::npos, last_error().find("exec_status_126.txt.journal")) << last_error();
  EXPECT_EQ(EROFS, write_file(tree("tasks/task_b/percent_complete", 127), "9\n"));
  EXPECT_EQ(before, read_file(root() / "elsewhere"));
}

TEST_F(TreeTest, ALinkThatCannotBeFollowedIsUnusableAndHindersNoOther) {
  unmount();
  std::filesystem::create_directory(source() / "kept");
  std::filesystem::rename(status_file(), source() / "kept" / "real.txt");
  std::filesystem::create_symlink("kept/real.txt", status_file());
  std::filesystem::create_symlink("exec_status_111.txt", status_file(111));
  std::filesystem::create_symlink("kept", status_file(112));
  std::filesystem::create_symlink("nowhere", status_file(113));
  for (const char* command : {"check", "verify"}) {
    const CommandResult result = statusfs({command, source().string()});
    EXPECT_EQ(2, result.exit_status) << command;
    for (const char* name : {"exec_status_111.txt", "exec_status_112.txt"})
      EXPECT_NE(std::string::npos, (result.output + result.error).find(name)) << result.output << result.error;
    EXPECT_EQ(0, statusfs({command, status_file().string()}).exit_status) << command;
  }
  mount();
  EXPECT_EQ("exec_status_111\nexec_status_112\nexec_status_125\n", bash("ls $M").output);
  EXPECT_NE(std::string::npos, read_file(tree(".error", 111)).find("symbolic links")) << read_file(tree(".error", 111));
  EXPECT_NE(std::string::npos, read_file(tree(".error", 112)).find("regular file")) << read_file(tree(".error", 112));
  EXPECT_EQ(0, write_file(task("percent_complete"), "12\n")) << last_error();
}

TEST_F(TreeTest, ASingleFileThatIsMissingIsRebuiltFromItsJournal) {
  ASSERT_EQ(0, write_file(task("percent_complete"), "12\n"));
  unmount();
  const std::string before = read_file(status_file());
  std::filesystem::remove(status_file());
  ASSERT_EQ(0, statusfs({status_file().string(), mountpoint().string()}).exit_status);
  EXPECT_EQ("12\n", read_file(mountpoint() / "tasks" / first_task / "percent_complete"));
  unmount();
  EXPECT_EQ(before, read_file(status_file()));
  std::filesystem::remove(status_file());
  std::filesystem::remove(journal_file());
  EXPECT_EQ(2, statusfs({status_file().string(), mountpoint().string()}).exit_status);
}

TEST_F(TreeTest, OfTwoLinksToOneFileTheSecondIsUnusable) {
  unmount();
  std::filesystem::create_directory(source() / "kept");
  std::filesystem::rename(status_file(), source() / "kept" / "real.txt");
  std::filesystem::create_symlink("kept/real.txt", status_file());
  std::filesystem::create_symlink("kept/../kept/real.txt", status_file(126));
  expect_second_name_of_the_first();
  expect_verified();
}

TEST_F(TreeTest, ASecondNameOfAStatusFileIsUnusableAndSaysWhy) {
  unmount();
  std::filesystem::create_symlink("exec_status_125.txt", status_file(126));
  expect_second_name_of_the_first();
  EXPECT_FALSE(std::filesystem::exists(journal_file(126)));
  EXPECT_TRUE(std::filesystem::is_symlink(status_file(126)));
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
