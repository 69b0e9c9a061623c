// Owner and mode of what is in the tree: they follow from the mount and the mapping, so none of them can be set.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class OwnerTest : public SampleTest {
 protected:
  static constexpr uid_t somebody = 1234;
  static constexpr uid_t as_it_is = static_cast<uid_t>(-1);

  static struct stat status_of(const Path& place) {
    struct stat status {};
    EXPECT_EQ(0, ::lstat(place.c_str(), &status)) << place;
    return status;
  }
  static int change_owner(const Path& place, uid_t owner, gid_t group) {
    return ::lchown(place.c_str(), owner, group) == 0 ? 0 : errno;
  }
  static int change_mode(const Path& place, mode_t mode) { return ::chmod(place.c_str(), mode) == 0 ? 0 : errno; }

  /// One of each kind.
  std::vector<Path> places() const {
    std::vector<Path> places{mountpoint(), mountpoint() / ".statusfs", mountpoint() / ".statusfs" / "errors", tree()};
    for (const char* name : {"header", "header/file_id", "tasks", "achievements", "patch", "status.json", "status.md",
                             "events", ".control", ".history", ".history/log", ".history/head", ".history/1.json",
                             "by-status", "by-status/PENDING", "_tasks_status_list_immutable"})
      places.push_back(tree(name));
    for (const char* name : {"", "status", "signature_hash", "latest_test_status", "task.json", "execution_log",
                             "execution_log/retry_attempts_log", "execution_log/failure_details"})
      places.push_back(task(name));
    return places;
  }
};

TEST_F(OwnerTest, CannotBeSetToAnythingElse) {
  for (const Path& place : places()) {
    const struct stat before = status_of(place);
    EXPECT_REFUSED(EPERM, change_owner(place, somebody, as_it_is));
    EXPECT_EQ(EPERM, change_owner(place, as_it_is, somebody)) << place;
    EXPECT_EQ(EPERM, change_mode(place, before.st_mode ^ 0020)) << place;
    const struct stat after = status_of(place);
    EXPECT_EQ(before.st_uid, after.st_uid) << place;
    EXPECT_EQ(before.st_gid, after.st_gid) << place;
    EXPECT_EQ(before.st_mode, after.st_mode) << place;
  }
  const Path link = tree("by-status/PENDING") / first_task;
  EXPECT_EQ(EPERM, change_owner(link, somebody, as_it_is));
}

// As cp -p and rsync do.
TEST_F(OwnerTest, CanBeSetToWhatTheyAre) {
  for (const Path& place : places()) {
    const struct stat now = status_of(place);
    EXPECT_EQ(0, change_owner(place, now.st_uid, now.st_gid)) << place;
    EXPECT_EQ(0, change_mode(place, now.st_mode & 07777)) << place;
  }
  EXPECT_EQ(1, version());
}

TEST_F(OwnerTest, TheRefusalSaysWhy) {
  EXPECT_EQ(EPERM, change_mode(task("status"), 0600));
  EXPECT_NE(std::string::npos, last_error().find("owner and mode follow from the mount")) << last_error();
}

TEST_F(OwnerTest, WhatIsMountedReadOnlySaysThatFirst) {
  unmount();
  mount({"-o", "ro"});
  for (const Path& place : {tree(), tree("tasks"), task("status"), tree("status.json")}) {
    EXPECT_EQ(EROFS, change_owner(place, somebody, as_it_is)) << place;
    EXPECT_EQ(EROFS, change_mode(place, 0600)) << place;
  }
}

// Who may do so on an ordinary file system may here; the kernel decides.
TEST_F(OwnerTest, AScratchFileHasItsOwn) {
  const int file = ::open(task("notes").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  ASSERT_LE(0, file);
  ::close(file);
  EXPECT_EQ(0, change_mode(task("notes"), 0600));
  EXPECT_EQ(0600u, status_of(task("notes")).st_mode & 07777u);
  const int expected = ::geteuid() == 0 ? 0 : EPERM;
  EXPECT_EQ(expected, change_owner(task("notes"), somebody, somebody));
  EXPECT_EQ(expected == 0 ? somebody : ::geteuid(), status_of(task("notes")).st_uid);
}

}  // namespace
}  // namespace statusfs::test
