// Another program takes a status file's lock as often as it can, while writers write: neither starves the other.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>

#include "tests/mount/load.hpp"

namespace statusfs::test {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

std::chrono::seconds duration() { return std::chrono::seconds(load_factor() == 1 ? 4 : 30); }

/// How often something succeeded, and how long one try took at most.
struct Account {
  std::size_t count = 0;
  Clock::duration longest{};
  void add(Clock::duration one) {
    ++count;
    longest = std::max(longest, one);
  }
  Milliseconds longest_in_ms() const { return std::chrono::duration_cast<Milliseconds>(longest); }
};

class LockAttackTest : public SampleTest {
 protected:
  /// Takes the lock, holds it so long, lets it go, and at once again.
  Account attack(const std::atomic<bool>& is_over, std::chrono::microseconds hold) const {
    Account account;
    const int handle = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    EXPECT_GE(handle, 0);
    while (!is_over) {
      const auto begin = Clock::now();
      EXPECT_EQ(0, ::flock(handle, LOCK_EX));
      account.add(Clock::now() - begin);
      if (hold.count() > 0) ::usleep(static_cast<useconds_t>(hold.count()));
      ::flock(handle, LOCK_UN);
    }
    ::close(handle);
    return account;
  }

  Account write_steadily(const std::atomic<bool>& is_over) const {
    Account account;
    for (std::size_t number = 0; !is_over; ++number) {
      const auto begin = Clock::now();
      const int error = write_file(task("readiness_check/idempotency_key"), "value-" + std::to_string(number) + "\n");
      EXPECT_EQ(0, error) << last_error();
      account.add(Clock::now() - begin);
    }
    return account;
  }

  void fight(std::chrono::microseconds hold) {
    ASSERT_EQ(0, write_file(task("readiness_check/idempotency_key"), "begin\n"));  // makes the lock file
    std::atomic<bool> is_over = false;
    Account attacker, writer;
    std::thread attacking([&] { attacker = attack(is_over, hold); });
    std::thread writing([&] { writer = write_steadily(is_over); });
    std::this_thread::sleep_for(duration());
    is_over = true;
    attacking.join();
    writing.join();
    std::cout << "attacker: " << attacker.count << " times, waited " << attacker.longest_in_ms().count()
              << " ms at most; writer: " << writer.count << " writes, " << writer.longest_in_ms().count()
              << " ms at most\n";
    // The store holds the lock for a second at most, and EBUSY would come after five.
    EXPECT_GE(attacker.count, static_cast<std::size_t>(duration().count()) / 2);
    EXPECT_LT(attacker.longest, std::chrono::seconds{4});
    EXPECT_GE(writer.count, static_cast<std::size_t>(duration().count()) / 2);
    EXPECT_LT(writer.longest, std::chrono::seconds{5});
    unmount();
    expect_verified();
  }
};

TEST_F(LockAttackTest, TakenAndLetGoAtOnce) { fight(std::chrono::microseconds{0}); }
TEST_F(LockAttackTest, HeldForFiftyMilliseconds) { fight(std::chrono::microseconds{50'000}); }

}  // namespace
}  // namespace statusfs::test
