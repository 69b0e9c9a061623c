// The machine gives the daemon no more threads: writes are carried out all the same.
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

class NoThreadTest : public MountedTest {};

// As long as it has nothing to do, a status file has no thread; the next commit wants one. Each thread of the daemon is
// refused the first that it asks for.
TEST_F(NoThreadTest, WritesAreCarriedOutAndTheDaemonLivesOn) {
  make_sample();
  Process& daemon = mount_in_foreground();
  ASSERT_EQ(0, ::mkdir(tree("tasks/first").c_str(), 0755));
  std::this_thread::sleep_for(std::chrono::seconds(7));
  const Path trace = root() / "trace";
  Process strace({"strace", "-f", "-qq", "-o", trace.string(), "-e", "trace=clone,clone3", "-e",
                  "inject=clone,clone3:error=EAGAIN:when=1", "-p", std::to_string(daemon.pid())},
                 {}, root() / "strace.log");
  ASSERT_TRUE(eventually([&] { return is_traced(daemon.pid()); })) << strace.log();
  EXPECT_VERSIONS(1, ::mkdir(tree("tasks/second").c_str(), 0755) == 0 ? 0 : errno);
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "5\n"));
  EXPECT_VERSIONS(1, ::rmdir(tree("tasks/second").c_str()) == 0 ? 0 : errno);
  EXPECT_EQ("5\n", read_file(task("percent_complete")));
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
