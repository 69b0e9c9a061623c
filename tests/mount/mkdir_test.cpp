// Section 4 of the contract: tasks come by mkdir and go by rmdir; nothing else is made, moved or removed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class MkdirTest : public SampleTest {
 protected:
  int make(const std::string& path) const { return ::mkdir(tree(path).c_str(), 0755) == 0 ? 0 : errno; }
  int remove(const std::string& path) const { return ::rmdir(tree(path).c_str()) == 0 ? 0 : errno; }
  Json last_task() const { return document()["payload"]["tasks_status"].back(); }
};

TEST_F(MkdirTest, MkdirAddsAPendingTask) {
  EXPECT_VERSIONS(1, make("tasks/task_004_docs"));
  EXPECT_EQ("PENDING\n", read("tasks/task_004_docs/status"));
  EXPECT_EQ("0\n", read("tasks/task_004_docs/percent_complete"));
  EXPECT_EQ("task_004_docs", last_task()["task_id_ref"]);
  EXPECT_EQ(4u, document_on_disk()["payload"]["tasks_status"].size());
  EXPECT_EQ("SUPERVISOR\n", read("tasks/task_004_docs/last_updated_by_archetype"));
  EXPECT_VERSIONS(1, write("tasks/task_004_docs/percent_complete", "10\n"));
  unmount();
  expect_verified();
}

TEST_F(MkdirTest, RmdirRemovesATaskWithAllBelowIt) {
  EXPECT_VERSIONS(1, remove("tasks/task_003_tests"));
  EXPECT_EQ(ENOENT, read_error(tree("tasks/task_003_tests/status")));
  EXPECT_EQ(2u, document_on_disk()["payload"]["tasks_status"].size());
  EXPECT_EQ("PENDING\n", read("tasks/task_002_api/status"));
  unmount();
  expect_verified();
}

TEST_F(MkdirTest, WhatTheLogSaysOfARemovedTaskIsNoFault) {
  ASSERT_EQ(0, append("achievements", R"({"achievement_summary": "a", "linked_task_id": "task_003_tests"})"
                                      "\n"));
  ASSERT_EQ(0, remove("tasks/task_003_tests"));
  const CommandResult checked = statusfs({"check", status_file().string()});
  EXPECT_EQ(std::string::npos, (checked.output + checked.error).find("linked_task_id")) << checked.output;
}

TEST_F(MkdirTest, RemovingAndMakingATaskAgainBeginsAfresh) {
  ASSERT_EQ(0, write("tasks/task_003_tests/percent_complete", "10\n"));
  ASSERT_EQ(0, remove("tasks/task_003_tests"));
  ASSERT_EQ(0, make("tasks/task_003_tests"));
  EXPECT_EQ("0\n", read("tasks/task_003_tests/percent_complete"));
}

// The kernel takes a directory that was removed for dead, as long as anybody holds it.
TEST_F(MkdirTest, ATaskThatIsMadeAgainIsAliveAlthoughTheOldOneIsHeld) {
  const int field = ::open(tree("tasks/task_003_tests/status").c_str(), O_RDONLY | O_CLOEXEC);
  const int directory = ::open(tree("tasks/task_003_tests").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(0, remove("tasks/task_003_tests"));
    ASSERT_EQ(0, make("tasks/task_003_tests"));
    EXPECT_EQ("PENDING\n", read("tasks/task_003_tests/status"));
    EXPECT_EQ("11\n", bash("ls $T/tasks/task_003_tests | wc -l").output);
    EXPECT_EQ(0, write("tasks/task_003_tests/percent_complete", "10\n"));
    EXPECT_EQ("10\n", read("tasks/task_003_tests/percent_complete"));
  }
  ::close(field);
  ::close(directory);
  EXPECT_EQ("PENDING\n", read("tasks/task_003_tests/status"));
}

TEST_F(MkdirTest, AnOldHandleShowsTheFieldOfATaskThatIsMadeAgainAfterAPatch) {
  const int field = ::open(tree("tasks/task_003_tests/percent_complete").c_str(), O_RDONLY | O_CLOEXEC);
  const int directory = ::open(tree("tasks/task_003_tests").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(0, write("patch", R"([{"op": "remove", "path": "/payload/tasks_status/2"}])")) << last_error();
  struct stat status {};
  EXPECT_EQ(-1, ::fstat(field, &status));
  ASSERT_EQ(0, make("tasks/task_003_tests"));
  ASSERT_EQ(0, write("tasks/task_003_tests/percent_complete", "100\n")) << last_error();
  ASSERT_EQ(0, ::fstat(field, &status));
  EXPECT_EQ(4, status.st_size) << "an old handle shows what stands there now, and its size";
  ASSERT_EQ(0, write("tasks/task_003_tests/percent_complete", "1\n")) << last_error();
  ASSERT_EQ(0, ::fstat(field, &status));
  EXPECT_EQ(2, status.st_size);
  EXPECT_EQ("1\n", read("tasks/task_003_tests/percent_complete"));
  ::close(field);
  ::close(directory);
}

TEST_F(MkdirTest, NothingInATaskIsOlderThanTheTask) {
  const std::string count =
      "touch $S/../now; sleep 0.05; mkdir $T/tasks/new; find $T/tasks/new | wc -l; "
      "find $T/tasks/new -newer $S/../now | wc -l; ";
  const auto counts = lines_of(bash(count + "rmdir $T/tasks/new; sleep 0.05; " + count).output);
  ASSERT_EQ(4u, counts.size());
  for (const std::string& number : counts) EXPECT_EQ(counts.front(), number);
  EXPECT_EQ("", bash("find $T/tasks/task_001_scaffold -newer $S/../now").output);
}

TEST_F(MkdirTest, CompletionIsDerivedAnew) {
  activate(first_task);
  ASSERT_EQ(0, write("tasks/task_001_scaffold/status", "DONE\n"));
  ASSERT_EQ("33\n", read("summary/overall_completion_percentage"));
  ASSERT_EQ(0, make("tasks/task_004_docs"));
  EXPECT_EQ("25\n", read("summary/overall_completion_percentage"));
  ASSERT_EQ(0, remove("tasks/task_004_docs"));
  ASSERT_EQ(0, remove("tasks/task_003_tests"));
  EXPECT_EQ("50\n", read("summary/overall_completion_percentage"));
}

TEST_F(MkdirTest, WithoutTasksCompletionIsZero) {
  for (const char* id : {"task_001_scaffold", "task_002_api", "task_003_tests"}) {
    ASSERT_EQ(0, remove(std::string("tasks/") + id));
  }
  EXPECT_EQ("0\n", read("summary/overall_completion_percentage"));
  EXPECT_EQ(0, bash("[ -z \"$(ls $T/tasks)\" ]").exit_status);
}

TEST_F(MkdirTest, NamesThatExistOrDoNot) {
  EXPECT_REFUSED(EEXIST, make("tasks/task_001_scaffold"));
  EXPECT_REFUSED(ENOENT, remove("tasks/task_999"));
}

TEST_F(MkdirTest, EncodedNamesAreDecoded) {
  EXPECT_VERSIONS(1, make("tasks/a%2Fb"));
  EXPECT_EQ("a/b", last_task()["task_id_ref"]);
  EXPECT_VERSIONS(1, make("tasks/100%25"));
  EXPECT_EQ("100%", last_task()["task_id_ref"]);
  EXPECT_VERSIONS(1, make("tasks/%2Ehidden"));
  EXPECT_EQ(".hidden", last_task()["task_id_ref"]);
  EXPECT_VERSIONS(1, make("tasks/two%0Alines"));
  EXPECT_EQ("two\nlines", last_task()["task_id_ref"]);
  EXPECT_REFUSED(EEXIST, make("tasks/two\nlines"));
  EXPECT_REFUSED(EINVAL, make("tasks/nul%00"));
  EXPECT_VERSIONS(1, remove("tasks/two%0Alines"));
  EXPECT_EQ("%2Ehidden\n100%25\na%2Fb\n", bash("ls $T/tasks | grep % | LC_ALL=C sort").output);
  EXPECT_EQ("PENDING\n", read("tasks/a%2Fb/status"));
  EXPECT_VERSIONS(1, remove("tasks/a%2Fb"));
}

TEST_F(MkdirTest, ALonePercentIsEINVAL) {
  for (const char* name : {"tasks/50%", "tasks/%", "tasks/%zz", "tasks/a%2"}) {
    SCOPED_TRACE(name);
    EXPECT_REFUSED(EINVAL, make(name));
  }
}

TEST_F(MkdirTest, ALongNameIsENAMETOOLONG) {
  EXPECT_REFUSED(ENAMETOOLONG, make("tasks/" + std::string(256, 'n')));
  EXPECT_VERSIONS(1, make("tasks/" + std::string(255, 'n')));
  EXPECT_EQ(std::string(255, 'n'), last_task()["task_id_ref"]);
}

TEST_F(MkdirTest, UnicodeNamesAreTheirOwn) {
  EXPECT_VERSIONS(1, make("tasks/aufgabe_größe_😂"));
  EXPECT_EQ("aufgabe_größe_😂", last_task()["task_id_ref"]);
  EXPECT_EQ("PENDING\n", read("tasks/aufgabe_größe_😂/status"));
}

TEST_F(MkdirTest, DirectoriesAreMadeAndRemovedNowhereElse) {
  for (const char* path : {"extra", "header/extra", "summary/extra", "tasks/task_001_scaffold/extra"}) {
    SCOPED_TRACE(path);
    EXPECT_REFUSED(EPERM, make(path));
  }
  for (const char* path : {"header", "summary", "tasks", "tasks/task_001_scaffold/readiness_check"}) {
    SCOPED_TRACE(path);
    EXPECT_REFUSED(EPERM, remove(path));
  }
  EXPECT_EQ(EPERM, ::mkdir((mountpoint() / "exec_status_9").c_str(), 0755) == 0 ? 0 : errno);
  EXPECT_EQ(EPERM, ::rmdir(tree().c_str()) == 0 ? 0 : errno);
}

TEST_F(MkdirTest, FieldsAreNotMovedLinkedOrRemoved) {
  const std::string status = task("status");
  EXPECT_REFUSED(EPERM, error_of(::unlink(status.c_str())));
  EXPECT_REFUSED(EPERM, error_of(::rename(status.c_str(), task("moved").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::rename(task().c_str(), tree("tasks/renamed").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::symlink("status", task("link").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::link(status.c_str(), task("link").c_str())));
  EXPECT_EQ("PENDING\n", read_file(status));
}

TEST_F(MkdirTest, NothingElseIsMadeMovedOrRemovedAnywhere) {
  for (const Path& directory : {task(), tree("tasks"), tree(), mountpoint(), mountpoint() / ".statusfs"}) {
    SCOPED_TRACE(directory);
    EXPECT_REFUSED(EPERM, error_of(::mkfifo((directory / "fifo").c_str(), 0644)));
    EXPECT_REFUSED(EPERM, error_of(::symlink("status", (directory / "link").c_str())));
  }
  EXPECT_REFUSED(EPERM, error_of(::rename(tree().c_str(), (mountpoint() / "exec_status_126").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::unlink((mountpoint() / ".statusfs" / "errors").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::rename(tree("header").c_str(), tree("head").c_str())));
  EXPECT_EQ("PENDING\n", read_file(task("status")));
}

class ReadOnlyNamesTest : public MountedTest {
 protected:
  // Whatever is wrong with each: that the file takes no writes is what the writer must know first.
  void expect_read_only_first() {
    const std::string status = task("status");
    for (const char* name : {"50%", ".hidden", "%zz", "\xff", "good"})
      EXPECT_EQ(EROFS, error_of(::mkdir((tree("tasks") / name).c_str(), 0755))) << name;
    EXPECT_EQ(EROFS, error_of(::mkdir(task("extra").c_str(), 0755)));
    EXPECT_EQ(EROFS, error_of(::rmdir(task().c_str())));
    EXPECT_EQ(EROFS, error_of(::rmdir(tree("header").c_str())));
    EXPECT_EQ(EROFS, error_of(::unlink(status.c_str())));
    EXPECT_EQ(EROFS, error_of(::rename(status.c_str(), task("moved").c_str())));
    EXPECT_EQ(EROFS, error_of(::symlink("status", task("link").c_str())));
    EXPECT_EQ(EROFS, error_of(::link(status.c_str(), task("link").c_str())));
    EXPECT_EQ(EROFS, error_of(::mkfifo(task("fifo").c_str(), 0644)));
    EXPECT_EQ(EROFS, error_of(::chmod(status.c_str(), 0600)));
    EXPECT_EQ(EROFS, error_of(::truncate(status.c_str(), 0)));
    EXPECT_NE(std::string::npos, last_error().find(" EROFS ")) << last_error();
  }
};

TEST_F(ReadOnlyNamesTest, OfAFileWithoutAChain) {
  put_file(status_file(), test_data("seed_example.json"));
  mount();
  expect_read_only_first();
}

TEST_F(ReadOnlyNamesTest, OfAFileInQuarantine) {
  make_sample();
  mount();
  Json document = document_on_disk();
  document["payload"]["tasks_status"][0]["percent_complete"] = 77;
  ASSERT_NO_FATAL_FAILURE(replace_under_lock(document.dump(2) + "\n"));
  ASSERT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
  expect_read_only_first();
}

TEST_F(MkdirTest, ALongNameIsExplained) {
  const auto lines = [&] { return lines_of(read_file(mountpoint() / ".statusfs" / "errors")).size(); };
  ASSERT_EQ(0u, lines());
  EXPECT_EQ(ENAMETOOLONG, make("tasks/" + std::string(256, 'n')));
  EXPECT_EQ(1u, lines());
  EXPECT_NE(std::string::npos, last_error().find(" ENAMETOOLONG exec_status_125/tasks/nnn")) << last_error();
}

TEST_F(MkdirTest, AnImmutableListKeepsItsTasks) {
  ASSERT_EQ(0, write("_tasks_status_list_immutable", "true\n"));
  EXPECT_REFUSED(EPERM, make("tasks/task_004_docs"));
  EXPECT_REFUSED(EPERM, remove("tasks/task_001_scaffold"));
  EXPECT_REFUSED(EPERM, write("patch", R"([{"op":"remove","path":"/payload/tasks_status/0"}])"));
  EXPECT_NE(std::string::npos, last_error().find("_tasks_status_list_immutable")) << last_error();
  ASSERT_EQ(0, write("_tasks_status_list_immutable", "false\n"));
  EXPECT_VERSIONS(1, make("tasks/task_004_docs"));
}

}  // namespace
}  // namespace statusfs::test
