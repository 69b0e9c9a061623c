#include "fs/on_demand_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace statusfs {
namespace {

using std::chrono::milliseconds;

TEST(OnDemandThread, CallsTheStepWhenItIsWokenAndWhenItIsDue) {
  std::atomic<int> calls = 0;
  OnDemandThread thread(
      [&]() -> std::optional<OnDemandThread::Time> {
        if (++calls >= 3) return std::nullopt;
        return std::chrono::steady_clock::now() + milliseconds(1);
      },
      milliseconds(20));
  EXPECT_FALSE(thread.is_running());
  thread.wake();
  while (calls < 3) std::this_thread::sleep_for(milliseconds(1));
  while (thread.is_running()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(calls, 3);
  thread.wake();
  while (calls < 4) std::this_thread::sleep_for(milliseconds(1));
  thread.stop();
  thread.wake();
  EXPECT_FALSE(thread.is_running());
}

}  // namespace
}  // namespace statusfs
