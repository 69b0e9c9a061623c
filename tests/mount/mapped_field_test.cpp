// A process that has mapped a field waits, in the middle of touching its memory, for the daemon to read the field; the
// daemon must not wait for that memory meanwhile.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t page = 4096;

/// Touches a mapped field, changes its own memory map and writes to fields, each in threads of its own.
class BusyProcess {
 public:
  BusyProcess(Path read, std::vector<Path> written) : read_(std::move(read)), written_(std::move(written)) {}

  /// Until the time is over. Whether every kind of thread got on to the end.
  bool work(milliseconds time) {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 2; ++number) {
      threads.emplace_back([this](const std::stop_token& stop) { touch(stop); });
      threads.emplace_back([](const std::stop_token& stop) { map_and_unmap(stop); });
    }
    for (const Path& file : written_)
      threads.emplace_back([this, file](const std::stop_token& stop) { write(stop, file); });
    std::this_thread::sleep_for(time);
    const int writes = writes_, touches = touches_;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20) * slowness();
    while (writes_ == writes || touches_ == touches) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
  }

 private:
  void touch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int file = ::open(read_.c_str(), O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;
      void* memory = ::mmap(nullptr, page, PROT_READ, MAP_PRIVATE, file, 0);
      for (int round = 0; round < 50 && memory != MAP_FAILED; ++round, ++touches_) {
        (void)*static_cast<volatile char*>(memory);
        ::madvise(memory, page, MADV_DONTNEED);
      }
      if (memory != MAP_FAILED) ::munmap(memory, page);
      ::close(file);
    }
  }
  // Each of these waits for all that touch memory just now, and lets nobody else begin.
  static void map_and_unmap(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      void* memory = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (memory != MAP_FAILED) ::munmap(memory, page);
    }
  }
  void write(const std::stop_token& stop, const Path& file) {
    for (int value = 0; !stop.stop_requested(); value = (value + 1) % 90)
      if (write_file(file, std::to_string(value) + "\n") == 0) ++writes_;
  }

  const Path read_;
  const std::vector<Path> written_;
  std::atomic<int> touches_ = 0, writes_ = 0;
};

class MappedFieldTest : public MountedTest, public ::testing::WithParamInterface<int> {
 protected:
  // In a process of its own, which can be given up. Its exit status; nothing when it stands still.
  std::optional<int> run_busy_process() {
    const pid_t child = ::fork();
    if (child == 0) {
      BusyProcess busy(task("percent_complete"),
                       {task("percent_complete"), task("readiness_check/idempotency_key"),
                        task("execution_log/failure_details"), task("readiness_check/idempotency_key")});
      ::_exit(busy.work(milliseconds(2000)) ? 0 : 1);
    }
    int status = 0;
    const bool has_ended =
        eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }, std::chrono::seconds(40));
    if (has_ended) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    abandoned_ = child;
    return std::nullopt;
  }
  // Who waits for the daemon cannot be killed before it.
  void give_up(Process& daemon) {
    daemon.send(SIGKILL);
    daemon.wait();
    ::kill(abandoned_, SIGKILL);
    ::waitpid(abandoned_, nullptr, 0);
    unmount_dead();
  }

  pid_t abandoned_ = 0;
};

TEST_P(MappedFieldTest, IsReadWhileTheSameProcessWrites) {
  make_sample();
  Process& daemon = mount_in_foreground({"-o", "max_threads=" + std::to_string(GetParam())});
  const std::optional<int> status = run_busy_process();
  if (!status) give_up(daemon);
  ASSERT_TRUE(status) << "process and daemon wait for each other";
  EXPECT_EQ(0, *status) << "it stood still";
  EXPECT_GT(version(), 1);
  unmount();
  expect_verified();
}

INSTANTIATE_TEST_SUITE_P(ServingThreads, MappedFieldTest, ::testing::Values(1, 2, 4, 10),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace statusfs::test
