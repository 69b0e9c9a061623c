#include "fs/identity/caller.hpp"

#include <grp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "child_process.hpp"
#include "sleeping_thread.hpp"

namespace statusfs {
namespace {

using namespace std::string_literals;

TEST(Identify, KnowsThisProcess) {
  const Caller caller = identify(12, 34, ::getpid());
  EXPECT_EQ(caller.uid, 12u);
  EXPECT_EQ(caller.gid, 34u);
  EXPECT_EQ(caller.pid, ::getpid());
  EXPECT_EQ(caller.session, ::getsid(0));
  EXPECT_TRUE(caller.groups.empty());
}

TEST(Identify, FindsTheProcessOfAThread) {
  SleepingThread thread;
  const pid_t id = thread.id();
  const Caller caller = identify(0, 0, id);
  EXPECT_NE(id, ::getpid());
  EXPECT_EQ(caller.pid, ::getpid());
  EXPECT_EQ(caller.session, ::getsid(0));
}

TEST(Identify, RemembersTheProcessOfAThread) {
  ThreadGroups known;
  SleepingThread thread;
  EXPECT_EQ(::getpid(), identify(0, 0, thread.id(), false, &known).pid);
  EXPECT_EQ(::getpid(), known.known(thread.id()));
  EXPECT_EQ(::getpid(), identify(0, 0, thread.id(), false, &known).pid);
  EXPECT_EQ(identify(0, 0, ::getpid(), true).groups, identify(0, 0, thread.id(), true, &known).groups);
}

TEST(Identify, ForgetsWhatIsNoMoreTrue) {
  ThreadGroups known;
  SleepingThread thread;
  known.learn(thread.id(), ::getppid());
  EXPECT_EQ(::getpid(), identify(0, 0, thread.id(), false, &known).pid);
  EXPECT_EQ(::getpid(), known.known(thread.id()));
}

TEST(Identify, KnowsTheSessionOfAnotherProcess) {
  const ChildProcess child = ChildProcess::running([] {
    ::setsid();
    ::pause();
  });
  while (::getsid(child.pid()) != child.pid()) std::this_thread::yield();
  EXPECT_EQ(identify(0, 0, child.pid()).session, child.pid());
}

TEST(Identify, ReadsSupplementaryGroupsWhenAsked) {
  std::vector<gid_t> expected(static_cast<std::size_t>(::getgroups(0, nullptr)));
  ::getgroups(static_cast<int>(expected.size()), expected.data());
  std::vector<gid_t> groups = identify(0, 0, ::getpid(), true).groups;
  std::ranges::sort(groups);
  std::ranges::sort(expected);
  EXPECT_EQ(groups, expected);
}

TEST(Identify, ReadsManyGroupsOfAChild) {
  ASSERT_EQ(::geteuid(), 0u) << "only root may set groups";
  std::vector<gid_t> expected;
  for (gid_t group = 3'000'000'000; expected.size() < 5000; ++group) expected.push_back(group);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]), writing(ends[1]);
  const ChildProcess child = ChildProcess::running([&] {
    const bool done = ::setgroups(expected.size(), expected.data()) == 0;
    (void)!::write(ends[1], done ? "y" : "n", 1);
    ::pause();
  });
  char done = 'n';
  ASSERT_EQ(::read(ends[0], &done, 1), 1);
  ASSERT_EQ(done, 'y');
  EXPECT_EQ(identify(0, 0, child.pid(), true).groups, expected);
}

TEST(Identify, IsContentWithAVanishedProcess) {
  ChildProcess child = ChildProcess::running([] { ::pause(); });
  const pid_t pid = child.pid();
  child.kill_and_reap();
  const Caller caller = identify(7, 8, pid, true);
  EXPECT_EQ(caller.uid, 7u);
  EXPECT_EQ(caller.gid, 8u);
  EXPECT_EQ(caller.pid, pid);
  EXPECT_EQ(caller.session, 0);
  EXPECT_TRUE(caller.groups.empty());
  EXPECT_EQ(read_labels(pid).persona, std::nullopt);
}

TEST(Identify, IsContentWithoutAProcess) {
  for (const pid_t none : {0, -1}) {
    const Caller caller = identify(7, 8, none, true);
    EXPECT_EQ(caller.uid, 7u);
    EXPECT_EQ(caller.session, 0);
    EXPECT_TRUE(caller.groups.empty());
    EXPECT_EQ(read_labels(none).trace_parent, std::nullopt);
  }
}

// A process may choose its name; it must not be able to choose another's thread group or groups.
TEST(Identify, IsNotFooledByTheNameOfAProcess) {
  std::promise<pid_t> id;
  std::promise<void> may_end;
  std::thread thread([&] {
    ::pthread_setname_np(::pthread_self(), "x\nTgid:\t1\nGro");
    id.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
    may_end.get_future().wait();
  });
  EXPECT_EQ(identify(0, 0, id.get_future().get()).pid, ::getpid());
  may_end.set_value();
  thread.join();
}

TEST(Labels, ReadsTheEnvironmentOfAChild) {
  const ChildProcess child = ChildProcess::with_environment(
      "/bin/sleep", {"PATH=/bin", "STATUSFS_PERSONA=Otto the reviewer", "TRACEPARENT=00-aa", "LAST=1"});
  const Labels labels = read_labels(child.pid());
  EXPECT_EQ(labels.persona, "Otto the reviewer");
  EXPECT_EQ(labels.trace_parent, "00-aa");
}

TEST(Labels, AreNoneInAnEmptyEnvironment) {
  const ChildProcess child = ChildProcess::with_environment("/bin/sleep", {});
  const Labels labels = read_labels(child.pid());
  EXPECT_EQ(labels.persona, std::nullopt);
  EXPECT_EQ(labels.trace_parent, std::nullopt);
}

TEST(Labels, AreFoundBehindMuchElse) {
  std::vector<std::string> environment;
  for (int i = 0; i < 5; ++i) environment.push_back("BIG" + std::to_string(i) + "=" + std::string(100'000, 'x'));
  environment.push_back("STATUSFS_PERSONA=far behind");
  const ChildProcess child = ChildProcess::with_environment("/bin/sleep", environment);
  EXPECT_EQ(read_labels(child.pid()).persona, "far behind");
}

TEST(Labels, BeyondTheLimitAreNone) {
  std::vector<std::string> environment;
  for (int i = 0; i < 11; ++i) environment.push_back("BIG" + std::to_string(i) + "=" + std::string(100'000, 'x'));
  environment.push_back("STATUSFS_PERSONA=too far behind");
  const ChildProcess child = ChildProcess::with_environment("/bin/sleep", environment);
  EXPECT_EQ(read_labels(child.pid()).persona, std::nullopt);
}

TEST(Labels, OfAProcessThatMayNotBeReadAreNone) {
  const ChildProcess child = ChildProcess::with_environment("/bin/sleep", {"STATUSFS_PERSONA=root's"});
  ASSERT_EQ(::geteuid(), 0u) << "only root may become somebody else";
  ChildProcess reader = ChildProcess::running([&] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(4001) != 0 || ::setuid(4001) != 0) ::_exit(2);
    ::_exit(read_labels(child.pid()).persona ? 1 : 0);
  });
  const int status = reader.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// tgkill(2) answers EPERM for another user's process: that, too, says that the id is a process's own.
TEST(Identify, WorksForAnotherUsersProcess) {
  ASSERT_EQ(::geteuid(), 0u) << "only root may become somebody else";
  SleepingThread thread;
  const pid_t thread_id = thread.id(), pid = ::getpid();
  ChildProcess reader = ChildProcess::running([&] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(4001) != 0 || ::setuid(4001) != 0) ::_exit(2);
    ::_exit(identify(0, 0, pid).pid == pid && identify(0, 0, thread_id).pid == pid ? 0 : 1);
  });
  const int status = reader.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Labels, InTextAreTheFirstOfTheirName) {
  const Labels labels = labels_in("STATUSFS_PERSONA=one\0STATUSFS_PERSONA=two\0XTRACEPARENT=no\0TRACEPARENT=\0"s);
  EXPECT_EQ(labels.persona, "one");
  EXPECT_EQ(labels.trace_parent, "");
}

TEST(Labels, InTextThatIsCutOffAreNone) {
  EXPECT_EQ(labels_in("A=1\0STATUSFS_PERSONA=cut o"s).persona, std::nullopt);
  EXPECT_EQ(labels_in("").persona, std::nullopt);
  EXPECT_EQ(labels_in("STATUSFS_PERSONA").persona, std::nullopt);
}

}  // namespace
}  // namespace statusfs
