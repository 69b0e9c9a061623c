// Names that the mapping does not know: files in memory, for programs that save by rename.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class ScratchTest : public SampleTest {
 protected:
  // As put_file, but through open(O_CREAT) alone: its errno, or 0.
  static int create(const Path& file, std::string_view text) {
    const int handle = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (handle < 0) return errno;
    const int error = text.empty() ? 0 : error_of(static_cast<int>(::write(handle, text.data(), text.size())));
    ::close(handle);
    return error;
  }
  static int move(const Path& from, const Path& to) { return error_of(::rename(from.c_str(), to.c_str())); }
  static int remove(const Path& file) { return error_of(::unlink(file.c_str())); }
};

TEST_F(ScratchTest, LivesInMemoryAndNotInTheJson) {
  const std::string bytes{"\0\xFF\n line", 8};
  EXPECT_VERSIONS(0, create(task("notes"), bytes));
  EXPECT_EQ(bytes, read_file(task("notes")));
  EXPECT_EQ("notes\n", bash("ls $T/tasks/task_001_scaffold | grep notes").output);
  struct stat status {};
  ASSERT_EQ(0, ::stat(task("notes").c_str(), &status));
  EXPECT_EQ(0640u, status.st_mode & 07777u);
  EXPECT_EQ(8, status.st_size);
  EXPECT_EQ(::geteuid(), status.st_uid);
  EXPECT_EQ(std::string::npos, document_on_disk().dump().find("notes"));
  EXPECT_EQ(0, remove(task("notes")));
  EXPECT_EQ(ENOENT, read_error(task("notes")));
  EXPECT_EQ(0, create(tree("kept"), "text"));
  unmount();
  mount();
  EXPECT_EQ(ENOENT, read_error(tree("kept")));
}

// Another host of the file, so to say: its next version comes without the task.
TEST_F(ScratchTest, GoesWithATaskThatAnotherProgramRemoves) {
  ASSERT_EQ(0, error_of(::mkdir(tree("tasks/extra").c_str(), 0755)));
  unmount();
  const Path other = root() / "other";
  ASSERT_EQ(0, bash("cp -a $S $S/../other").exit_status);
  ASSERT_EQ(0, statusfs({other.string(), mountpoint().string()}).exit_status);
  ASSERT_EQ(0, error_of(::rmdir(tree("tasks/extra").c_str())));
  unmount();
  mount();
  ASSERT_EQ(0, create(tree("tasks/extra/notes"), "text"));
  ASSERT_NO_FATAL_FAILURE(replace_under_lock(read_file(other / "exec_status_125.txt")));
  ASSERT_TRUE(eventually([&] { return !std::filesystem::exists(tree("tasks/extra")); })) << last_error();
  ASSERT_EQ(0, error_of(::mkdir(tree("tasks/extra").c_str(), 0755))) << last_error();
  EXPECT_EQ(ENOENT, read_error(tree("tasks/extra/notes")));
}

TEST_F(ScratchTest, CanBeMadeInEveryDirectoryOfAStatusFileAndNowhereElse) {
  for (const char* directory : {"", "header", "summary", "tasks", "tasks/task_001_scaffold/execution_log"}) {
    EXPECT_EQ(0, create(tree(directory) / "new", "x")) << directory;
  }
  EXPECT_EQ(EPERM, create(mountpoint() / "new", "x"));
  EXPECT_EQ(EPERM, create(mountpoint() / ".statusfs" / "new", "x"));
  EXPECT_EQ(EPERM, create(task("4913"), "x")) << "vim must write in place";
  EXPECT_EQ(ENAMETOOLONG, create(task(std::string(256, 'n')), "x"));
}

TEST_F(ScratchTest, BehavesAsAnOrdinaryFile) {
  ASSERT_EQ(0, create(task("file"), "0123456789"));
  EXPECT_EQ(EEXIST, create(task("file"), ""));
  EXPECT_EQ(0, append_file(task("file"), "ab"));
  EXPECT_EQ("0123456789ab", read_file(task("file")));
  EXPECT_EQ(0, error_of(::truncate(task("file").c_str(), 3)));
  EXPECT_EQ("012", read_file(task("file")));
  EXPECT_EQ(
      0,
      bash("printf zz | dd of=$T/tasks/task_001_scaffold/file bs=1 seek=5 conv=notrunc,fsync status=none").exit_status);
  EXPECT_EQ(std::string("012\0\0zz", 7), read_file(task("file")));
  EXPECT_EQ(0, error_of(::chmod(task("file").c_str(), 0600)));
  EXPECT_EQ("600 1000000000\n",
            bash("cd $T/tasks/task_001_scaffold; touch -d @1000000000 file; stat -c '%a %Y' file").output);
  EXPECT_EQ(0, write_file(task("file"), ""));
  EXPECT_EQ("", read_file(task("file")));
}

TEST_F(ScratchTest, HasLimits) {
  EXPECT_EQ(0, create(task("large"), ""));
  EXPECT_EQ(0, write_file(task("large"), std::string(1 << 20, 'x')));
  EXPECT_EQ(EFBIG, append_file(task("large"), "x"));
  EXPECT_EQ(EFBIG, error_of(::truncate(task("large").c_str(), (1 << 20) + 1)));
  EXPECT_EQ(std::size_t{1 << 20}, read_file(task("large")).size());
  for (int number = 1; number < 64; ++number) ASSERT_EQ(0, create(tree("tasks/s" + std::to_string(number)), "x"));
  EXPECT_EQ(ENOSPC, create(task("one_too_many"), "x"));
  EXPECT_EQ(0, remove(task("large")));
  EXPECT_EQ(0, create(task("one_more"), "x"));
}

TEST_F(ScratchTest, WhoFindsNoRoomIsToldWhichFilesThereAre) {
  for (int number = 0; number < 64; ++number) ASSERT_EQ(0, create(tree("tasks/.s" + std::to_string(number)), "x"));
  EXPECT_EQ(ENOSPC, create(task("one_too_many"), "x"));
  EXPECT_NE(std::string::npos, last_error().find("exec_status_125/tasks/.s0, ")) << last_error();
  EXPECT_NE(std::string::npos, last_error().find(" and others; ")) << last_error();
}

TEST_F(ScratchTest, EachHasANumberOfItsOwnThatItKeeps) {
  const auto number_of = [](const Path& file) {
    struct stat status {};
    EXPECT_EQ(0, ::stat(file.c_str(), &status)) << file;
    return status.st_ino;
  };
  ASSERT_EQ(0, create(task("one"), "one\n"));
  const auto first = number_of(task("one"));
  ASSERT_EQ(0, move(task("one"), task("two")));
  EXPECT_EQ(first, number_of(task("two")));
  ASSERT_EQ(0, create(task("one"), "another\n"));
  EXPECT_NE(first, number_of(task("one")));
  const CommandResult copied = bash("cd $T/tasks/task_001_scaffold; cp one two");
  EXPECT_EQ(0, copied.exit_status) << copied.error;
  EXPECT_EQ("another\n", read_file(task("two")));
  EXPECT_EQ(first, number_of(task("two")));
}

TEST_F(ScratchTest, WithoutANameThereIsNoLink) {
  const auto links_of = [](int handle) {
    struct stat status {};
    EXPECT_EQ(0, ::fstat(handle, &status));
    return status.st_nlink;
  };
  ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
  const Path files[] = {task("removed"), task("replaced"), tree("tasks/extra/gone")};
  std::vector<int> handles;
  for (const Path& file : files) {
    ASSERT_EQ(0, create(file, "x"));
    handles.push_back(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_EQ(1u, links_of(handles.back()));
  }
  ASSERT_EQ(0, remove(files[0]));
  ASSERT_EQ(0, create(task("other"), "y"));
  ASSERT_EQ(0, move(task("other"), files[1]));
  ASSERT_EQ(0, ::rmdir(tree("tasks/extra").c_str()));
  for (const int handle : handles) {
    EXPECT_EQ(0u, links_of(handle));
    ::close(handle);
  }
}

TEST_F(ScratchTest, NamesCanBeUsedAgainAndAgain) {
  for (int round = 0; round < 500; ++round) {
    ASSERT_EQ(0, create(task("again"), std::to_string(round))) << round;
    ASSERT_EQ(std::to_string(round), read_file(task("again")));
    ASSERT_EQ(0, remove(task("again")));
  }
}

TEST_F(ScratchTest, GoesWithItsTask) {
  ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
  ASSERT_EQ(0, create(tree("tasks/extra/left"), "x"));
  ASSERT_EQ(0, ::rmdir(tree("tasks/extra").c_str()));
  ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
  EXPECT_EQ(ENOENT, read_error(tree("tasks/extra/left")));
}

TEST_F(ScratchTest, GoesWithATaskThatAPatchRemoves) {
  ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
  ASSERT_EQ(0, create(tree("tasks/extra/left"), "x"));
  ASSERT_EQ(0, write("patch", R"([{"op": "remove", "path": "/payload/tasks_status/3"}])")) << last_error();
  ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
  EXPECT_EQ(ENOENT, read_error(tree("tasks/extra/left")));
}

// The clock of the machine ends in the year 2262.
TEST_F(ScratchTest, TakesAnyTime) {
  ASSERT_EQ(0, create(task("old"), "x"));
  for (const char* date : {"2300-01-01", "1600-01-01", "2001-02-03"}) {
    const auto result = bash(std::string("touch -d ") + date + " $T/tasks/task_001_scaffold/old");
    EXPECT_EQ(0, result.exit_status) << date << result.error;
  }
  EXPECT_EQ("2001-02-03\n", bash("date -r $T/tasks/task_001_scaffold/old +%F").output);
  ASSERT_EQ(0, bash("touch -d 2300-01-01 $T/tasks/task_001_scaffold/old").exit_status);
  EXPECT_EQ("2262\n", bash("date -u -r $T/tasks/task_001_scaffold/old +%Y").output);
}

TEST_F(ScratchTest, GivesWayToATaskOfItsName) {
  put_file(tree("tasks/later"), "scratch");
  ASSERT_EQ(0,
            write("patch", R"([{"op": "add", "path": "/payload/tasks_status/-", "value": {"task_id_ref": "later"}}])"));
  EXPECT_EQ("PENDING\n", read("tasks/later/status"));
  EXPECT_EQ("1\n", bash("ls $T/tasks | grep -c later").output);
}

TEST_F(ScratchTest, CanBeMovedAndReplaced) {
  ASSERT_EQ(0, create(task("one"), "1"));
  ASSERT_EQ(0, create(tree("two"), "2"));
  EXPECT_EQ(0, move(task("one"), tree("three")));
  EXPECT_EQ(ENOENT, read_error(task("one")));
  EXPECT_EQ("1", read_file(tree("three")));
  EXPECT_EQ(EEXIST,
            error_of(::renameat2(AT_FDCWD, tree("three").c_str(), AT_FDCWD, tree("two").c_str(), RENAME_NOREPLACE)));
  EXPECT_EQ(0, move(tree("three"), tree("two")));
  EXPECT_EQ("1", read_file(tree("two")));
  EXPECT_EQ(EXDEV, move(tree("two"), root() / "outside"));
}

TEST_F(ScratchTest, RenamedOverAFieldIsOneWrite) {
  ASSERT_EQ(0, create(task("temporary"), "42\n"));
  EXPECT_VERSIONS(1, move(task("temporary"), task("percent_complete")));
  EXPECT_EQ("42\n", read_file(task("percent_complete")));
  EXPECT_EQ(ENOENT, read_error(task("temporary")));
  EXPECT_EQ("644 3\n", bash("stat -c '%a %s' $T/tasks/task_001_scaffold/percent_complete").output);
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "7\n"));
  EXPECT_EQ("7\n", read_file(task("percent_complete")));
  EXPECT_EQ("644 2\n", bash("stat -c '%a %s' $T/tasks/task_001_scaffold/percent_complete").output);
}

TEST_F(ScratchTest, ManySavesInARowKeepTheFieldWhole) {
  for (int round = 0; round <= 100; ++round) {
    const std::string value = std::to_string(round % 90) + "\n";
    ASSERT_EQ(0, create(task(".temporary"), value));
    ASSERT_EQ(0, move(task(".temporary"), task("percent_complete")));
    ASSERT_EQ(value, read_file(task("percent_complete")));
    ASSERT_EQ(value.size(), std::filesystem::file_size(task("percent_complete")));
  }
  unmount();
  expect_verified();
}

TEST_F(ScratchTest, ARefusedSaveKeepsTheFieldItsNodeAndTheScratchFile) {
  struct stat before {
  }, after{};
  ASSERT_EQ(0, ::stat(task("status").c_str(), &before));
  ASSERT_EQ(0, create(task("temporary"), "NONSENSE\n"));
  EXPECT_REFUSED(EINVAL, move(task("temporary"), task("status")));
  EXPECT_NE(std::string::npos, last_error().find("status")) << last_error();
  ASSERT_EQ(0, ::stat(task("status").c_str(), &after));
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  EXPECT_EQ("NONSENSE\n", read_file(task("temporary")));
  EXPECT_REFUSED(EPERM, move(task("temporary"), task("signature_hash")));
  EXPECT_REFUSED(EPERM, move(task("temporary"), tree("status.json")));
  EXPECT_REFUSED(EPERM, move(task("temporary"), tree("achievements")));
  EXPECT_REFUSED(EPERM, move(task("temporary"), tree(".control")));
  EXPECT_REFUSED(EISDIR, move(task("temporary"), tree("summary")));
}

TEST_F(ScratchTest, DocumentsAndListsAreSavedWhole) {
  ASSERT_EQ(0, create(task("t"), R"({"percent_complete": 55})"));
  EXPECT_VERSIONS(1, move(task("t"), task("task.json")));
  EXPECT_EQ("55\n", read_file(task("percent_complete")));
  ASSERT_EQ(0, create(task("t"), R"({"percent_complete": )"));
  EXPECT_REFUSED(EINVAL, move(task("t"), task("task.json")));
  ASSERT_EQ(0, create(tree("lines"), "one\ntwo\n"));
  EXPECT_VERSIONS(1, move(tree("lines"), tree("summary/active_blockers_summary")));
  EXPECT_EQ("one\ntwo\n", read("summary/active_blockers_summary"));
  ASSERT_EQ(0, create(tree("large"), ""));
  ASSERT_EQ(0, write_file(tree("large"), std::string(600 * 1024, 'x')));
  EXPECT_REFUSED(EFBIG, move(tree("large"), tree("summary/active_blockers_summary")));
}

TEST_F(ScratchTest, HandlesThatWereOpenStayWithWhatTheyOpened) {
  ASSERT_EQ(0, create(task("temporary"), "42\n"));
  const int of_scratch = ::open(task("temporary").c_str(), O_RDWR | O_CLOEXEC);
  const int of_field = ::open(task("percent_complete").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(0, move(task("temporary"), task("percent_complete")));
  char text[8] = {};
  EXPECT_EQ(3, ::pread(of_field, text, sizeof text, 0));
  EXPECT_EQ("42\n", std::string(text, 3)) << "an open field shows the newest value";
  EXPECT_EQ(3, ::pread(of_scratch, text, sizeof text, 0));
  EXPECT_EQ(ECANCELED, error_of(static_cast<int>(::pwrite(of_scratch, "43\n", 3, 0)))) << "it would reach nobody";
  EXPECT_EQ(3, ::pwrite(of_field, "44\n", 3, 0));
  EXPECT_EQ("44\n", read_file(task("percent_complete")));
  ::close(of_scratch);
  ::close(of_field);
}

TEST_F(ScratchTest, FieldsCannotBeMovedAwayOrExchanged) {
  ASSERT_EQ(0, create(task("temporary"), "5\n"));
  EXPECT_REFUSED(EPERM, move(task("status"), task("elsewhere")));
  EXPECT_REFUSED(EPERM, move(task("status"), task("temporary")));
  EXPECT_REFUSED(EPERM, remove(task("status")));
  EXPECT_REFUSED(EINVAL, error_of(::renameat2(AT_FDCWD, task("temporary").c_str(), AT_FDCWD,
                                              task("percent_complete").c_str(), RENAME_EXCHANGE)));
}

}  // namespace
}  // namespace statusfs::test
