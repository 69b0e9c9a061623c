#include "fs/identity/system_call.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <thread>

#include "sleeping_thread.hpp"

namespace statusfs {
namespace {

TEST(SystemCall, OneThatSleepsMovesNothing) {
  SleepingThread thread;
  EXPECT_EQ(false, is_moving_content(thread.id()));
}

TEST(SystemCall, OneThatWaitsInSpliceMovesContent) {
  std::array<int, 2> from, to;
  ASSERT_EQ(0, ::pipe2(from.data(), O_CLOEXEC));
  ASSERT_EQ(0, ::pipe2(to.data(), O_CLOEXEC));
  std::promise<pid_t> id;
  std::thread thread([&] {
    id.set_value(::gettid());
    ::splice(from[0], nullptr, to[1], nullptr, 1, 0);  // there is nothing in the pipe
  });
  const pid_t thread_id = id.get_future().get();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (is_moving_content(thread_id) != true && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(true, is_moving_content(thread_id));
  EXPECT_EQ(1, ::write(from[1], "x", 1));
  thread.join();
  for (const int end_of_pipe : {from[0], from[1], to[0], to[1]}) ::close(end_of_pipe);
}

TEST(SystemCall, OfNoThreadNothingCanBeTold) {
  EXPECT_EQ(std::nullopt, is_moving_content(0));
  EXPECT_EQ(std::nullopt, is_moving_content(1 << 30)) << "beyond what any kernel gives";
}

}  // namespace
}  // namespace statusfs
