#include "fs/identity/thread_groups.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "sleeping_thread.hpp"

namespace statusfs {
namespace {

TEST(ThreadGroups, KnowWhatWasLearntWhileItIsTrue) {
  ThreadGroups groups;
  pid_t id = 0;
  {
    SleepingThread thread;
    id = thread.id();
    EXPECT_EQ(std::nullopt, groups.known(id));
    groups.learn(id, ::getpid());
    EXPECT_EQ(::getpid(), groups.known(id));
  }
  EXPECT_EQ(std::nullopt, groups.known(id)) << "it ended";
}

TEST(ThreadGroups, DoNotTellWhatIsWrong) {
  ThreadGroups groups;
  SleepingThread thread;
  groups.learn(thread.id(), ::getppid());
  EXPECT_EQ(std::nullopt, groups.known(thread.id()));
}

TEST(ThreadGroups, RememberNoMoreThanSome) {
  ThreadGroups groups;
  SleepingThread thread;
  groups.learn(thread.id(), ::getpid());
  constexpr pid_t no_such_thread = 1 << 30;  // beyond what any kernel gives
  for (pid_t id = no_such_thread; id < no_such_thread + 1024; ++id) groups.learn(id, ::getpid());
  EXPECT_EQ(std::nullopt, groups.known(thread.id()));
  groups.learn(thread.id(), ::getpid());
  EXPECT_EQ(::getpid(), groups.known(thread.id()));
}

TEST(ThreadGroups, OneIsAThreadOfItsProcessAlone) {
  SleepingThread thread;
  EXPECT_TRUE(is_in_group(thread.id(), ::getpid()));
  EXPECT_TRUE(is_in_group(::getpid(), ::getpid()));
  EXPECT_FALSE(is_in_group(thread.id(), thread.id()));
  EXPECT_FALSE(is_in_group(thread.id(), ::getppid()));
  EXPECT_FALSE(is_in_group(0, ::getpid()));
}

}  // namespace
}  // namespace statusfs
