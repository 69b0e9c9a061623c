// Watching: poll(2), inotify, the stream of events, and `statusfs wait`.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

using std::chrono::milliseconds;

class Handle {
 public:
  explicit Handle(const Path& file) : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Handle() { ::close(descriptor_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  std::string read() const { return read_from(0); }
  std::string read_from(off_t offset) const {
    char text[4096];
    const ssize_t count = ::pread(descriptor_, text, sizeof text, offset);
    return count < 0 ? std::strerror(errno) : std::string(text, static_cast<std::size_t>(count));
  }
  int descriptor() const { return descriptor_; }
  /// The events that came within the limit; 0 when none did.
  int poll(milliseconds limit, short events = POLLPRI) const {
    pollfd wanted{descriptor_, events, 0};
    return ::poll(&wanted, 1, static_cast<int>(limit.count())) < 0 ? -errno : wanted.revents;
  }

 private:
  int descriptor_;
};

// Registered once, with EPOLLET: told of each change, and not asked again in between.
class EdgeWatch {
 public:
  explicit EdgeWatch(const Handle& handle) : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event wanted{EPOLLPRI | EPOLLET, {}};
    ::epoll_ctl(descriptor_, EPOLL_CTL_ADD, handle.descriptor(), &wanted);
  }
  ~EdgeWatch() { ::close(descriptor_); }
  EdgeWatch(const EdgeWatch&) = delete;
  EdgeWatch& operator=(const EdgeWatch&) = delete;

  std::uint32_t wait(milliseconds limit) const {
    epoll_event event{};
    return ::epoll_wait(descriptor_, &event, 1, static_cast<int>(limit.count())) == 1 ? event.events : 0;
  }

 private:
  int descriptor_;
};

constexpr milliseconds at_once{0};
constexpr milliseconds long_time{10000};

class WatchTest : public SampleTest {
 protected:
  // Polls in another thread, makes the change, and returns what poll said.
  template <typename Change>
  int woken_by(const Handle& handle, Change change) {
    auto waiting = std::async(std::launch::async, [&] { return handle.poll(long_time); });
    EXPECT_EQ(std::future_status::timeout, waiting.wait_for(milliseconds(100))) << "woken before the change";
    change();
    return waiting.get();
  }

  static Arguments long_wait(const Path& place, const Arguments& more = {}) {
    Arguments arguments{statusfs_binary().string(), "wait", place.string(), "--timeout", "600"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Nothing shows when `statusfs wait` has begun to watch, so the field changes until it ends.
  void expect_woken_by_a_change(Process& wait) {
    int value = 0;
    EXPECT_TRUE(eventually([&] {
      EXPECT_EQ(0, write_file(task("percent_complete"), std::to_string(++value % 90) + "\n"));
      return !wait.is_running();
    })) << wait.log();
    EXPECT_EQ(0, wait.wait()) << wait.log();
  }
  // Whether a descriptor of the process is this file.
  static bool has_opened(const Process& process, const Path& file) {
    std::error_code error;
    const Path descriptors = "/proc/" + std::to_string(process.pid()) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(descriptors, error))
      if (std::filesystem::read_symlink(entry.path(), error) == file) return true;
    return false;
  }
};

TEST_F(WatchTest, PollWakesWhenTheFieldChanges) {
  const Handle percent(task("percent_complete"));
  EXPECT_EQ("0\n", percent.read());
  EXPECT_EQ(0, percent.poll(at_once));
  EXPECT_EQ(POLLPRI | POLLERR, woken_by(percent, [&] { ASSERT_EQ(0, write_file(task("percent_complete"), "5\n")); }));
  EXPECT_EQ(POLLPRI | POLLERR, percent.poll(at_once)) << "until it is read again";
  EXPECT_EQ("5\n", percent.read());
  EXPECT_EQ(0, percent.poll(at_once));
  EXPECT_EQ(POLLPRI | POLLERR, woken_by(percent, [&] { ASSERT_EQ(0, write_file(task("percent_complete"), "6\n")); }));
}

TEST_F(WatchTest, WhoWatchesEdgesIsToldOfEachChange) {
  const Handle percent(task("percent_complete"));
  const EdgeWatch edges(percent);
  EXPECT_EQ(0u, edges.wait(at_once));
  for (const char* value : {"1\n", "2\n", "3\n"}) {
    percent.read();
    ASSERT_EQ(0, write_file(task("percent_complete"), value));
    EXPECT_EQ(static_cast<std::uint32_t>(EPOLLPRI | EPOLLERR), edges.wait(long_time)) << value;
    EXPECT_EQ(0u, edges.wait(at_once)) << "nothing has changed since";
  }
  for (const char* value : {"4\n", "5\n"}) {
    ASSERT_EQ(0, write_file(task("percent_complete"), value));
    EXPECT_EQ(static_cast<std::uint32_t>(EPOLLPRI | EPOLLERR), edges.wait(long_time))
        << value << "and nothing was read";
  }
}

TEST_F(WatchTest, AFollowedLogGoesOn) {
  const Path list = tree("summary/active_blockers_summary");
  ASSERT_EQ(0, append_file(list, "first\n"));
  Process tail({"tail", "-s", "0.1", "-f", "-n", "+1", list.string()}, {}, root() / "tail.log");
  std::string all = "first\n";
  for (const char* line : {"second\n", "third\n", "fourth\n"}) {
    EXPECT_TRUE(eventually([&] { return tail.log() == all; })) << tail.log();
    ASSERT_EQ(0, append_file(list, line));
    all += line;
  }
  EXPECT_TRUE(eventually([&] { return tail.log() == all; })) << tail.log();
  tail.send(SIGTERM);
}

TEST_F(WatchTest, AnOpenHandleReadsOnWhereATextOnlyGrew) {
  const Path list = tree("summary/active_blockers_summary");
  ASSERT_EQ(0, append_file(list, "first\n"));
  const Handle handle(list);
  ASSERT_EQ("first\n", handle.read());
  ASSERT_EQ(0, append_file(list, "second\n"));
  EXPECT_EQ("second\n", handle.read_from(6));
  EXPECT_EQ(0, handle.poll(at_once)) << "it has read the newest";
  ASSERT_EQ(0, write_file(list, "other lines\nare here now\n"));
  EXPECT_EQ("", handle.read_from(13)) << "what it read is not the beginning of this";
  EXPECT_EQ("other lines\nare here now\n", handle.read());
}

TEST_F(WatchTest, ReadingAndWritingNeverWait) {
  const Handle percent(task("percent_complete"));
  EXPECT_EQ(POLLIN, percent.poll(at_once, POLLIN));
}

TEST_F(WatchTest, OtherFieldsAndRefusedWritesWakeNobody) {
  const Handle percent(task("percent_complete"));
  ASSERT_EQ(0, write_file(task("readiness_check/status"), "PASSED\n"));
  ASSERT_EQ(EINVAL, write_file(task("percent_complete"), "500\n"));
  ASSERT_EQ(0, write_file(task("percent_complete"), "0\n")) << "no change";
  EXPECT_EQ(0, percent.poll(milliseconds(100)));
}

TEST_F(WatchTest, DerivedFieldsWakeToo) {
  const Handle whole(tree("summary/overall_completion_percentage"));
  const Handle version(tree("header/v_file_instance"));
  const Handle view(task("task.json"));
  const Handle status(tree("status.json"));
  activate(first_task);
  EXPECT_NE(0, version.poll(long_time));
  EXPECT_NE(0, view.poll(long_time));
  EXPECT_NE(0, status.poll(long_time));
  EXPECT_EQ(0, whole.poll(milliseconds(50))) << "it is still 0";
  EXPECT_EQ(POLLPRI | POLLERR, woken_by(whole, [&] { ASSERT_EQ(0, write_file(task("status"), "DONE\n")); }));
  EXPECT_EQ("33\n", whole.read());
}

TEST_F(WatchTest, AChangeFromOutsideWakes) {
  const Handle partition(tree("partition_status"));
  EXPECT_EQ("CONSISTENT\n", partition.read());
  EXPECT_EQ(POLLPRI | POLLERR, woken_by(partition, [&] {
              const auto result = bash(
                  "flock $S/exec_status_125.txt.lock sh -c 'jq .payload.tasks_status[0].percent_complete=7 "
                  "$S/exec_status_125.txt > $S/../new && mv $S/../new $S/exec_status_125.txt'");
              ASSERT_EQ(0, result.exit_status) << result.error;
            }));
  EXPECT_EQ("PARTITIONED\n", partition.read());
}

TEST_F(WatchTest, AValueThatNoRowShowsIsAnnounced) {
  ASSERT_EQ(0, write_file(task("task.json"), R"({"_status_locked": true})"));
  struct stat before {
  }, after{};
  {
    const Handle lock(task("_status_locked"));
    EXPECT_EQ("true\n", lock.read());
    ASSERT_EQ(0, ::stat(task("_status_locked").c_str(), &before));
    EXPECT_EQ(POLLPRI | POLLERR,
              woken_by(lock, [&] { ASSERT_EQ(0, write_file(task("task.json"), R"({"_status_locked": false})")); }));
    EXPECT_EQ("false\n", lock.read());
  }
  ASSERT_EQ(0, ::stat(task("_status_locked").c_str(), &after));
  EXPECT_EQ(before.st_size + 1, after.st_size);
  EXPECT_LT(std::pair(before.st_mtim.tv_sec, before.st_mtim.tv_nsec),
            std::pair(after.st_mtim.tv_sec, after.st_mtim.tv_nsec));
  ASSERT_EQ(0, write_file(task("task.json"), R"({"_status_locked": null})"));
  EXPECT_EQ(-1, ::stat(task("_status_locked").c_str(), &after));
  EXPECT_EQ(ENOENT, errno);
}

TEST_F(WatchTest, AValueThatNoRowShowsIsAnnouncedInAGroupToo) {
  ASSERT_EQ(0, write_file(task("task.json"), R"({"readiness_check": {"_status_locked": true}})"));
  struct stat status {};
  ASSERT_EQ(0, ::stat(task("readiness_check/_status_locked").c_str(), &status));
  EXPECT_EQ(5, status.st_size);
  ASSERT_EQ(0, write_file(task("task.json"), R"({"readiness_check": {"_status_locked": false}})"));
  ASSERT_EQ(0, ::stat(task("readiness_check/_status_locked").c_str(), &status));
  EXPECT_EQ(6, status.st_size);
}

TEST_F(WatchTest, ASaveByRenameAndAMoveOnTheBoardWake) {
  const Handle percent(task("percent_complete"));
  EXPECT_NE(0, woken_by(percent, [&] {
              EXPECT_EQ(0, bash("sed -i s/.*/8/ $T/tasks/task_001_scaffold/percent_complete").exit_status);
            }));
  EXPECT_EQ("8\n", percent.read());
  const Handle status(task("status"));
  EXPECT_NE(0, woken_by(status, [&] {
              EXPECT_EQ(0, bash("mv $T/by-status/PENDING/task_001_scaffold $T/by-status/BLOCKED/").exit_status);
            }));
}

TEST_F(WatchTest, ManyWaitersAreAllWoken) {
  std::vector<std::unique_ptr<Handle>> handles;
  std::vector<std::future<int>> waiting;
  for (int number = 0; number < 20; ++number) {
    handles.push_back(std::make_unique<Handle>(task("percent_complete")));
    waiting.push_back(
        std::async(std::launch::async, [handle = handles.back().get()] { return handle->poll(long_time); }));
  }
  ASSERT_EQ(0, write_file(task("percent_complete"), "9\n"));
  for (auto& answer : waiting) EXPECT_EQ(POLLPRI | POLLERR, answer.get());
}

TEST_F(WatchTest, InotifySeesWritesThroughTheMount) {
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ASSERT_LE(0, ::inotify_add_watch(watch, task("percent_complete").c_str(), IN_MODIFY));
  ASSERT_EQ(0, bash("echo 4 > $T/tasks/task_001_scaffold/percent_complete").exit_status);
  char events[4096];
  EXPECT_LT(0, ::read(watch, events, sizeof events));
  ::close(watch);
}

TEST_F(WatchTest, EventsAreAStreamOfJsonLines) {
  EXPECT_EQ("", read("events"));
  activate(first_task);
  const auto lines = lines_of(read("events"));
  ASSERT_EQ(2u, lines.size());
  const Json first = Json::parse(lines[0]), second = Json::parse(lines[1]);
  EXPECT_EQ("tasks/task_001_scaffold/readiness_check/status", first["path"]);
  EXPECT_EQ("tasks/task_001_scaffold/status", second["path"]);
  EXPECT_EQ(first["v"].get<int>() + 1, second["v"].get<int>());
  EXPECT_EQ("set", second["op"]);
  for (const char* member : {"g", "time", "persona", "archetype", "trace_id"})
    EXPECT_TRUE(second.contains(member)) << member;
  for (const char* member : {"patch", "record_hash", "payload_hash_current"})
    EXPECT_FALSE(second.contains(member)) << member;
  EXPECT_EQ(EPERM, write("events", "x\n") == EACCES ? EPERM : write("events", "x\n"));
}

TEST_F(WatchTest, TailFollowsTheEvents) {
  Process tail({"tail", "-s", "0.1", "-n", "+1", "-f", tree("events")}, {}, root() / "followed");
  ASSERT_EQ(0, write_file(task("percent_complete"), "1\n"));
  ASSERT_TRUE(eventually([&] { return lines_of(tail.log()).size() == 1; })) << tail.log();
  for (int value = 2; value <= 20; ++value)
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(value) + "\n"));
  // tail writes in pieces that may end within a line.
  ASSERT_TRUE(eventually([&] { return lines_of(tail.log()).size() == 20 && tail.log().ends_with('\n'); }))
      << tail.log();
  for (const std::string& line : lines_of(tail.log())) EXPECT_TRUE(Json::accept(line)) << line;
  tail.send(SIGTERM);
  tail.wait();
}

// Whether or not anybody has looked at the file there, and what it does not concern keeps its time.
TEST_F(WatchTest, AMountThatOnlyReadsHasTheEventsOfTheOneThatWrites) {
  const Path reader = root() / "reader" / "exec_status_125";
  std::filesystem::create_directory(root() / "reader");
  ASSERT_EQ(0, statusfs({source().string(), (root() / "reader").string(), "-o", "ro"}).exit_status);
  const auto is_same = [&] { return read_file(reader / "events") == read("events"); };
  ASSERT_EQ(0, write_file(task("percent_complete"), "1\n"));
  EXPECT_TRUE(eventually([&] { return lines_of(read_file(reader / "events")).size() == 1; }));
  const auto time_of = [&](const char* name) {
    return std::filesystem::last_write_time(reader / "tasks" / first_task / name);
  };
  const auto status = time_of("status"), percent = time_of("percent_complete");
  for (const char* value : {"2\n", "3\n", "4\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
  std::filesystem::create_directory(tree("tasks/added"));
  EXPECT_TRUE(eventually(is_same)) << read_file(reader / "events");
  EXPECT_EQ(5u, lines_of(read("events")).size());
  EXPECT_EQ("PENDING\n", read_file(reader / "tasks/added/status"));
  EXPECT_EQ(status, time_of("status"));
  EXPECT_LT(percent, time_of("percent_complete"));
  std::filesystem::remove(tree("tasks/added"));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(reader / "tasks/added"); }));
  EXPECT_TRUE(eventually(is_same)) << read_file(reader / "events");
}

TEST_F(WatchTest, WaitReturnsWhenTheFieldChanges) {
  Process wait(long_wait(task("percent_complete")), {}, root() / "wait");
  ::usleep(300000);
  EXPECT_TRUE(wait.is_running()) << wait.log();
  expect_woken_by_a_change(wait);
}

TEST_F(WatchTest, TheEndOfTheMountIsNoChange) {
  unmount();
  Process& daemon = mount_in_foreground();
  Process wait(long_wait(task("percent_complete")), {}, root() / "wait");
  ASSERT_TRUE(eventually([&] { return has_opened(wait, task("percent_complete")); })) << wait.log();
  daemon.send(SIGKILL);
  daemon.wait();
  EXPECT_EQ(2, wait.wait());
  unmount_dead();
}

TEST_F(WatchTest, WaitTakesAnyTime) {
  for (const char* seconds : {"9999999999", "1e300"}) {
    Process wait({binary(), "wait", task("percent_complete"), "--timeout", seconds}, {}, root() / "wait");
    ::usleep(200000);
    EXPECT_TRUE(wait.is_running()) << seconds;
  }
}

TEST_F(WatchTest, WaitUntilAValue) {
  EXPECT_EQ(0, statusfs({"wait", task("status"), "--until", "PENDING"}).exit_status) << "it is so already";
  Process wait({binary(), "wait", task("status"), "--until", "DONE", "--timeout", "20"}, {}, root() / "wait");
  activate(first_task);
  ::usleep(100000);
  EXPECT_TRUE(wait.is_running());
  ASSERT_EQ(0, write_file(task("status"), "DONE\n"));
  EXPECT_EQ(0, wait.wait());
}

TEST_F(WatchTest, WaitForAStatusFileOrItsDirectory) {
  for (const Path& place : {status_file(), tree()}) {
    Process wait(long_wait(place), {}, root() / "wait");
    ::usleep(300000);
    EXPECT_TRUE(wait.is_running()) << wait.log();
    expect_woken_by_a_change(wait);
  }
}

TEST_F(WatchTest, WaitSaysWhyItEnds) {
  EXPECT_EQ(4, statusfs({"wait", task("status"), "--timeout", "0.1"}).exit_status);
  EXPECT_EQ(4, statusfs({"wait", task("status"), "--until", "DONE", "--timeout", "0"}).exit_status);
  EXPECT_EQ(1, statusfs({"wait", task("status"), "--timeout", "-1"}).exit_status);
  EXPECT_EQ(1, statusfs({"wait"}).exit_status);
  EXPECT_EQ(2, statusfs({"wait", task("nothing")}).exit_status);
  EXPECT_EQ(2, statusfs({"wait", (root() / "nothing").string()}).exit_status);
  unmount();
  EXPECT_EQ(2, statusfs({"wait", status_file()}).exit_status) << "it is not mounted";
}

TEST_F(WatchTest, WaitEndsWhenItsTaskIsRemoved) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--until", "DONE"}, {}}) {
    ASSERT_EQ(0, ::mkdir(tree("tasks/extra").c_str(), 0755));
    Process wait(long_wait(tree("tasks/extra/status"), more), {}, root() / "wait");
    ASSERT_TRUE(eventually([&] { return has_opened(wait, tree("tasks/extra/status")); })) << wait.log();
    ASSERT_EQ(0, ::rmdir(tree("tasks/extra").c_str()));
    EXPECT_EQ(2, wait.wait()) << wait.log();
    EXPECT_NE(std::string::npos, wait.log().find("removed")) << wait.log();
  }
}

TEST_F(WatchTest, WaitTakesFieldsAndViewsAndNothingElse) {
  put_file(task("notes~"), "1\n");
  for (const char* path : {"tasks/task_001_scaffold/notes~", ".history/head", ".control", "../.statusfs/errors"})
    EXPECT_EQ(2, statusfs({"wait", tree(path), "--timeout", "0"}).exit_status) << path;
  for (const char* path : {"status.json", "events", "g_last_update", "tasks/task_001_scaffold/task.json"})
    EXPECT_EQ(4, statusfs({"wait", tree(path), "--timeout", "0"}).exit_status) << path;
}

}  // namespace
}  // namespace statusfs::test
