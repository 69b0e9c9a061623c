// The board: directories of links to the tasks by their status.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

using Names = std::vector<std::string>;

class BoardTest : public SampleTest {
 protected:
  Path column(const std::string& status) const { return tree("by-status/" + status); }
  int move(const std::string& from, const std::string& to, const std::string& task = first_task) const {
    return ::rename((column(from) / task).c_str(), (column(to) / task).c_str()) == 0 ? 0 : errno;
  }
};

TEST_F(BoardTest, HasOneDirectoryForEachStatusOfTheMapping) {
  EXPECT_EQ((Names{"ACTIVE", "BLOCKED", "DONE", "FAILED", "PENDING", "SKIPPED"}), names_in(tree("by-status")));
  EXPECT_EQ((Names{"task_001_scaffold", "task_002_api", "task_003_tests"}), names_in(column("PENDING")));
  EXPECT_EQ(Names{}, names_in(column("DONE")));
  EXPECT_EQ(ENOENT, read_error(column("NONSENSE")));
}

TEST_F(BoardTest, LinksLeadToTheTasks) {
  EXPECT_EQ("../../tasks/task_001_scaffold", std::filesystem::read_symlink(column("PENDING") / first_task));
  EXPECT_EQ("PENDING\n", read_file(column("PENDING") / first_task / "status"));
  EXPECT_EQ(0, write_file(column("PENDING") / first_task / "percent_complete", "5\n"));
  EXPECT_EQ("5\n", read_file(task("percent_complete")));
  struct stat status {};
  ASSERT_EQ(0, ::lstat((column("PENDING") / first_task).c_str(), &status));
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  EXPECT_EQ(29, status.st_size);
}

TEST_F(BoardTest, IsAlwaysCurrent) {
  activate(first_task);
  EXPECT_EQ(Names{first_task}, names_in(column("ACTIVE")));
  EXPECT_EQ((Names{"task_002_api", "task_003_tests"}), names_in(column("PENDING")));
  EXPECT_EQ(ENOENT, read_error(column("PENDING") / first_task / "status"));
  EXPECT_EQ("ACTIVE\n", read_file(column("ACTIVE") / first_task / "status"));
  ASSERT_EQ(0, ::mkdir(tree("tasks/a%2Fb").c_str(), 0755));
  EXPECT_EQ("PENDING\n", read_file(column("PENDING") / "a%2Fb" / "status"));
  ASSERT_EQ(0, ::rmdir(tree("tasks/a%2Fb").c_str()));
  EXPECT_EQ((Names{"task_002_api", "task_003_tests"}), names_in(column("PENDING")));
}

TEST_F(BoardTest, MovingALinkChangesTheStatus) {
  activate(first_task);
  EXPECT_VERSIONS(1, move("ACTIVE", "DONE"));
  EXPECT_EQ("DONE\n", read_file(task("status")));
  EXPECT_EQ("100\n", read_file(task("percent_complete")));
  EXPECT_EQ(Names{first_task}, names_in(column("DONE")));
  EXPECT_EQ(Names{}, names_in(column("ACTIVE")));
  EXPECT_EQ("DONE\n", read_file(column("DONE") / first_task / "status"));
  EXPECT_EQ(ENOENT, read_error(column("ACTIVE") / first_task / "status"));
}

TEST_F(BoardTest, MvMovesTasks) {
  activate(first_task);
  const CommandResult moved = bash(
      "cd $T && mv by-status/ACTIVE/task_001_scaffold by-status/BLOCKED/ && "
      "mv by-status/BLOCKED/task_001_scaffold by-status/PENDING/ && cat tasks/task_001_scaffold/status");
  EXPECT_EQ("PENDING\n", moved.output) << moved.error << last_error();
  const CommandResult refused = bash("cd $T && mv by-status/PENDING/task_002_api by-status/DONE/");
  EXPECT_NE(0, refused.exit_status);
  EXPECT_NE(std::string::npos, last_error().find("EINVAL")) << last_error();
  EXPECT_EQ((Names{"task_001_scaffold", "task_002_api", "task_003_tests"}), names_in(column("PENDING")));
  EXPECT_EQ(0, bash("cd $T && gio move by-status/PENDING/task_002_api by-status/BLOCKED/").exit_status);
  EXPECT_EQ("BLOCKED\n", read("tasks/task_002_api/status"));
}

TEST_F(BoardTest, AMoveIsRefusedAsTheWriteWouldBe) {
  EXPECT_REFUSED(EINVAL, move("PENDING", "DONE"));
  EXPECT_REFUSED(write_file(task("status"), "FAILED\n"), move("PENDING", "FAILED"));
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  EXPECT_EQ("PENDING\n", read_file(column("PENDING") / first_task / "status"));
  EXPECT_REFUSED(ENOENT, move("ACTIVE", "DONE"));
}

TEST_F(BoardTest, TakesNothingElse) {
  const Path link = column("PENDING") / first_task;
  EXPECT_REFUSED(EPERM, error_of(::unlink(link.c_str())));
  EXPECT_REFUSED(EPERM, error_of(::rename(link.c_str(), (column("ACTIVE") / "other").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::rename(link.c_str(), tree("elsewhere").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::mkdir((column("PENDING") / "new").c_str(), 0755)));
  EXPECT_REFUSED(EPERM, error_of(::mkdir(column("NEW").c_str(), 0755)));
  EXPECT_REFUSED(EPERM, error_of(::rmdir(column("DONE").c_str())));
  EXPECT_REFUSED(EPERM, error_of(::open((column("DONE") / "new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)));
  EXPECT_REFUSED(EPERM, error_of(::open(column("new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)));
  EXPECT_REFUSED(EPERM, error_of(::symlink("../../tasks/task_002_api", (column("DONE") / "task_002_api").c_str())));
}

TEST_F(BoardTest, RecursiveToolsSeeEachTaskOnce) {
  EXPECT_EQ("3\n", bash("find $T/by-status -type l | wc -l").output);
  EXPECT_EQ("3\n", bash("grep -rlx 0 --include=percent_complete $T | wc -l").output);
  const CommandResult archived = bash("tar -C $T -cf $S/../all.tar . && tar -C $T -df $S/../all.tar");
  EXPECT_EQ(0, archived.exit_status) << archived.error;
}

}  // namespace
}  // namespace statusfs::test
