// The mount is taken away by force while clients are at it: the daemon ends as it should, and keeps what it
// acknowledged.
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "tests/mount/load.hpp"

namespace statusfs::test {
namespace {

constexpr int rounds = 10, readers = 8;

class UnmountTest : public MountedTest {
 protected:
  // Both end when the mount answers no more.
  void read_until_the_end() const {
    while (read_error(task("status")) == 0) {
    }
  }
  void write_until_the_end(std::vector<WriteAttempt>& attempts) const {
    for (int error = 0; error == 0;) {
      const std::string value = "value-" + std::to_string(attempts.size());
      error = write_file(task("execution_log/failure_details"), value);
      attempts.push_back(attempt_of(value, error));
    }
  }

  void take_away_by_force() {
    if (::umount2(mountpoint().c_str(), MNT_FORCE | MNT_DETACH) != 0)
      throw std::system_error(errno, std::generic_category(), "umount2");
  }
};

// A request that the daemon is just reading then fails with ECONNABORTED instead of ENODEV, in about one round of 30.
TEST_F(UnmountTest, ByForceUnderLoadIsANormalEnd) {
  make_sample();
  std::vector<WriteAttempt> attempts;
  for (int round = 0; round < rounds * load_factor(); ++round) {
    Process& daemon = mount_in_foreground();
    std::vector<std::thread> clients;
    for (int reader = 0; reader < readers; ++reader) clients.emplace_back([&] { read_until_the_end(); });
    clients.emplace_back([&] { write_until_the_end(attempts); });
    ::usleep(50'000);
    take_away_by_force();
    for (std::thread& client : clients) client.join();
    ASSERT_EQ(0, daemon.wait()) << daemon.log();
  }
  const std::string pointer = "/payload/tasks_status/0/execution_log/failure_details";
  expect_attempts(attempts, checked_texts(status_file(), {pointer})[pointer], pointer);
  expect_verified();
}

// As in a container that was started while it was mounted.
TEST_F(UnmountTest, OfAMountThatStandsElsewhereTooReturns) {
  make_sample();
  mount();
  std::filesystem::create_directory(root() / "elsewhere");
  EXPECT_EQ("", bash("mount --bind $M $S/../elsewhere").error);
  const CommandResult first = bash("echo 7 > $T/tasks/task_001_scaffold/percent_complete; timeout 20 $B umount $M");
  EXPECT_EQ(0, first.exit_status) << first.error;
  EXPECT_NE(std::string::npos, first.error.find("also mounted elsewhere")) << first.error;
  EXPECT_EQ(7, Json::parse(read_file(status_file()))["payload"]["tasks_status"][0]["percent_complete"]);
  const CommandResult last = bash("timeout 20 $B umount $S/../elsewhere");
  EXPECT_EQ(0, last.exit_status) << last.error;
  EXPECT_EQ("", last.error);
}

/// A directory that is a mount of its own: what is mounted in it stays when it is taken away in another name space.
class PrivatePlace {
 public:
  explicit PrivatePlace(Path path) : path_(std::move(path)) {
    if (::mount(path_.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        ::mount(nullptr, path_.c_str(), nullptr, MS_PRIVATE, nullptr) != 0)
      throw std::system_error(errno, std::generic_category(), "mount " + path_.string());
  }
  ~PrivatePlace() { ::umount2(path_.c_str(), MNT_DETACH); }
  PrivatePlace(const PrivatePlace&) = delete;
  PrivatePlace& operator=(const PrivatePlace&) = delete;

 private:
  const Path path_;
};

TEST_F(UnmountTest, OfAMountThatAnotherNameSpaceHasReturns) {
  make_sample();
  const PrivatePlace place(root());
  mount();
  put_file(root() / "held", "");
  // The mounts of other tests would be held there, too; where they are shared they go by themselves.
  const std::string hold_one_mount =
      "findmnt -rn -t fuse.statusfs -o TARGET,PROPAGATION | sed -n 's/ private$//p' | grep -vxF \"$0\" | xargs -r -n1 "
      "umount -l;"
      "echo ready; while test -e \"$1\"; do sleep 0.1; done";
  Process container(
      {tool("private_mounts"), "sh", "-c", hold_one_mount, mountpoint().string(), (root() / "held").string()}, {},
      root() / "container.log");
  ASSERT_TRUE(eventually([&] { return container.log() == "ready\n"; })) << container.log();
  const CommandResult unmounted = bash("timeout 20 $B umount $M");
  EXPECT_EQ(0, unmounted.exit_status) << unmounted.error;
  EXPECT_NE(std::string::npos, unmounted.error.find("also mounted elsewhere")) << unmounted.error;
  std::filesystem::remove(root() / "held");
  EXPECT_EQ(0, container.wait()) << container.log();
}

}  // namespace
}  // namespace statusfs::test
