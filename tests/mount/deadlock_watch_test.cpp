// Sixty-four clients do everything that a user does, on sixteen status files and a daemon with four threads, and none
// of them stands still.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iostream>
#include <random>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t client_count = 64;
constexpr int file_count = 16;
constexpr std::chrono::seconds longest_call{
    20};  // every operation's time is bounded; this is far above what a loaded machine takes

std::chrono::seconds duration() { return std::chrono::seconds(load_factor() == 1 ? 6 : 60); }

/// What one client is at. Written by the client, read by the watch.
struct Progress {
  std::atomic<std::int64_t> since{0};  ///< begin of the current call; 0 between calls
  std::atomic<const char*> call{""};
  std::atomic<std::size_t> done{0};
};

std::int64_t now() { return Clock::now().time_since_epoch().count(); }

class DeadlockWatchTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    for (int number = 0; number < file_count; ++number) make_status_file(number, {"a", "b"});
  }

  /// One random call of a shell's everyday life. What it comes to does not matter, only that it ends.
  void do_one(std::size_t client, std::mt19937& random, Progress& progress) const {
    const int number = static_cast<int>(random() % file_count);
    const std::string own = "client_" + std::to_string(client);
    const std::string field = random() % 2 == 0 ? "a" : "b";
    switch (random() % 8) {
      case 0:
        return timed(progress, "mkdir", [&] { ::mkdir(tree("tasks/" + own, number).c_str(), 0755); });
      case 1:
        return timed(progress, "rmdir", [&] { ::rmdir(tree("tasks/" + own, number).c_str()); });
      case 2:
        return timed(progress, "ls", [&] { list(tree("tasks", number)); });
      case 3:
        return timed(progress, "ls -l", [&] { list_with_attributes(tree("tasks/" + field, number)); });
      case 4:
        return timed(progress, "cat", [&] { read_error(tree("status.json", number)); });
      case 5:
        return timed(progress, "cat", [&] { read_error(tree("tasks/" + field + "/percent_complete", number)); });
      case 6:
        return timed(progress, "rename", [&] { save_by_rename(client, number, field); });
      default:
        return timed(progress, "echo", [&] {
          write_file(tree("tasks/" + field + "/percent_complete", number), std::to_string(random() % 100) + "\n");
        });
    }
  }

  template <typename Call>
  static void timed(Progress& progress, const char* name, Call call) {
    progress.call = name;
    progress.since = now();
    call();
    progress.since = 0;
    ++progress.done;
  }

  static void list(const Path& directory) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) static_cast<void>(entry);
  }

  static void list_with_attributes(const Path& directory) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
      struct stat status {};
      ::stat(entry.path().c_str(), &status);
    }
  }

  void save_by_rename(std::size_t client, int number, const std::string& field) const {
    const Path scratch = tree("tasks/" + field + "/.save_" + std::to_string(client), number);
    const int handle = ::open(scratch.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (handle < 0) return;
    const std::string value = std::to_string(client) + "\n";
    static_cast<void>(!::write(handle, value.data(), value.size()));
    ::close(handle);
    if (::rename(scratch.c_str(), tree("tasks/" + field + "/percent_complete", number).c_str()) != 0)
      ::unlink(scratch.c_str());
  }

  /// Empty, or which client stands still.
  std::string stall() const {
    for (std::size_t client = 0; client < client_count; ++client) {
      const std::int64_t since = progress_[client].since;
      if (since != 0 && Clock::duration(now() - since) > longest_call * slowness())
        return "client " + std::to_string(client) + " stands still in " + progress_[client].call.load();
    }
    return {};
  }

  /// Empty, or which client stands still although the disk does not: it may for longer than any of our bounds.
  std::string stall_of_the_daemon() const {
    if (stall().empty()) return {};
    write_durably(root() / "canary");
    ::sleep(5);
    return stall();
  }

  static void write_durably(const Path& path) {
    const int handle = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_TRUE(handle >= 0 && ::write(handle, "x", 1) == 1 && ::fsync(handle) == 0);
    ::close(handle);
  }

  /// Watches for the duration, and then until each of these clients has done so much or one stands still.
  std::string stall_while_working(std::size_t clients, std::size_t least_done) const {
    const auto have_worked = [&] {
      return std::all_of(progress_.begin(), progress_.begin() + static_cast<std::ptrdiff_t>(clients),
                         [&](const Progress& progress) { return progress.done >= least_done; });
    };
    const auto end = Clock::now() + duration();
    const auto last_end = end + longest_call * slowness();
    std::string stalled;
    while (stalled.empty() && (Clock::now() < end || (!have_worked() && Clock::now() < last_end))) {
      ::usleep(100'000);
      stalled = stall_of_the_daemon();
    }
    return stalled;
  }

  /// No call is begun any more: empty, or which client does not come out of its last one.
  std::string stall_at_the_end() const {
    const auto is_idle = [](const Progress& progress) { return progress.since == 0; };
    std::string stalled;
    while (stalled.empty() && !std::ranges::all_of(progress_, is_idle)) {
      ::usleep(100'000);
      stalled = stall_of_the_daemon();
    }
    return stalled.empty() ? stalled : "after the end, " + stalled;
  }

  std::array<Progress, client_count> progress_;
};

TEST_F(DeadlockWatchTest, SixtyFourClientsNeverStandStill) {
  Process& daemon = mount_in_foreground({"-o", "max_threads=4"});
  std::atomic<bool> is_over = false;
  std::vector<std::thread> clients;
  for (std::size_t client = 0; client < client_count; ++client)
    clients.emplace_back([&, client] {
      std::mt19937 random(static_cast<unsigned>(client));
      while (!is_over) do_one(client, random, progress_[client]);
    });
  std::string stalled = stall_while_working(client_count, 1);
  is_over = true;
  if (stalled.empty()) stalled = stall_at_the_end();
  EXPECT_EQ("", stalled);
  if (!stalled.empty()) daemon.send(SIGKILL);  // lets the clients go: a call to a daemon that is gone ends
  for (std::thread& client : clients) client.join();
  std::size_t calls = 0;
  for (const Progress& progress : progress_) {
    EXPECT_GT(progress.done, 0u);
    calls += progress.done;
  }
  std::cout << calls << " calls of " << client_count << " clients in " << duration().count() << " s\n";
}

/// A daemon with so few threads that none is to spare.
class FewThreadsTest : public DeadlockWatchTest, public ::testing::WithParamInterface<int> {
 protected:
  Path field(int number) const { return tree("tasks/a/latest_test_status", number); }
};

// Through a mapping the kernel reads a page, which the announcement of a write to the file waits for.
constexpr const char* reader_of_pages = R"(
import mmap, sys
while True:
    with open(sys.argv[1], "rb") as file:
        mmap.mmap(file.fileno(), 10, mmap.MAP_PRIVATE, mmap.PROT_READ)[:1]
)";

TEST_P(FewThreadsTest, AMappedFileThatIsWrittenStopsNobody) {
  Process& daemon = mount_in_foreground({"-o", "max_threads=" + std::to_string(GetParam())});
  std::vector<std::unique_ptr<Process>> readers;
  for (std::size_t number = 0; number < 2; ++number) {
    const Path file = field(static_cast<int>(number));
    ASSERT_EQ(0, write_file(file, "{\"passed\": 100000}"));
    for (const char* log : {"reader", "another reader"})
      readers.push_back(std::make_unique<Process>(Arguments{"python3", "-c", reader_of_pages, file.string()},
                                                  CommandOptions{}, root() / (log + std::to_string(number))));
  }
  std::atomic<bool> is_over = false;
  std::vector<std::thread> writers;
  for (std::size_t client = 0; client < 2; ++client)
    writers.emplace_back([&, client] {
      for (int round = 100'000; !is_over; ++round)
        timed(progress_[client], "write",
              [&] { write_file(field(static_cast<int>(client)), "{\"passed\": " + std::to_string(round) + "}"); });
    });
  std::string stalled = stall_while_working(2, 11);
  is_over = true;
  if (stalled.empty()) stalled = stall_at_the_end();
  EXPECT_EQ("", stalled);
  for (const auto& reader : readers) EXPECT_TRUE(reader->is_running()) << reader->log();
  if (!stalled.empty()) daemon.send(SIGKILL);
  for (const auto& reader : readers) reader->send(SIGKILL);
  for (std::thread& writer : writers) writer.join();
  for (std::size_t client = 0; client < 2; ++client) EXPECT_GT(progress_[client].done, 10u);
}

INSTANTIATE_TEST_SUITE_P(Threads, FewThreadsTest, ::testing::Values(1, 2), ::testing::PrintToStringParamName());

}  // namespace
}  // namespace statusfs::test
