// The machine gives the daemon no more threads: each write is answered once, and the daemon lives on.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

bool is_traced(pid_t process) {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    const std::string status = read_file(thread.path() / "status");
    if (status.find("TracerPid:\t0\n") != std::string::npos) return false;
  }
  return true;
}

class NoThreadTest : public MountedTest {
 protected:
  // It makes one version, or it says EROFS and makes none: where there is no thread that lets the lock of the file go
  // afterwards, nothing is written.
  template <typename Write>
  void expect_answered(Write write) {
    const int before = version();
    const int error = write();
    EXPECT_TRUE(error == 0 || error == EROFS) << error;
    EXPECT_EQ(before + (error == 0 ? 1 : 0), version());
  }
};

// As long as it has nothing to do, a status file has no thread; the next commit wants one. Each thread of the daemon is
// refused the first that it asks for.
TEST_F(NoThreadTest, WritesAreAnsweredOnceAndTheDaemonLivesOn) {
  make_sample();
  Process& daemon = mount_in_foreground();
  ASSERT_EQ(0, ::mkdir(tree("tasks/first").c_str(), 0755));
  std::this_thread::sleep_for(std::chrono::seconds(7));
  const Path trace = root() / "trace";
  Process strace({"strace", "-f", "-qq", "-o", trace.string(), "-e", "trace=clone,clone3", "-e",
                  "inject=clone,clone3:error=EAGAIN:when=1", "-p", std::to_string(daemon.pid())},
                 {}, root() / "strace.log");
  ASSERT_TRUE(eventually([&] { return is_traced(daemon.pid()); })) << strace.log();
  expect_answered([&] { return ::mkdir(tree("tasks/second").c_str(), 0755) == 0 ? 0 : errno; });
  expect_answered([&] { return write_file(task("percent_complete"), "5\n"); });
  expect_answered([&] { return write_file(task("percent_complete"), "6\n"); });
  expect_answered([&] { return ::mkdir(tree("tasks/another").c_str(), 0755) == 0 ? 0 : errno; });
  EXPECT_TRUE(daemon.is_running());
  strace.send(SIGTERM);
  strace.wait();
  EXPECT_NE(std::string::npos, read_file(trace).find("(INJECTED)")) << "no thread was asked for";
  ASSERT_EQ(0, ::mkdir(tree("tasks/third").c_str(), 0755));
  unmount();
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
