#include "fs/store/local/lock_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "fs/store/local/posix_files.hpp"
#include "fs/unique_fd.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Another program's view of the lock.
class OtherProgram {
 public:
  explicit OtherProgram(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  void lock() { ASSERT_EQ(::flock(descriptor_.get(), LOCK_EX), 0); }
  bool try_lock() { return ::flock(descriptor_.get(), LOCK_EX | LOCK_NB) == 0; }
  void unlock() { ASSERT_EQ(::flock(descriptor_.get(), LOCK_UN), 0); }

 private:
  UniqueFd descriptor_;
};

class LockFileTest : public ::testing::Test {
 protected:
  LockFileTest() {
    like_.mode = 0644;
    like_.owner = ::getuid();
    like_.group = ::getgid();
  }
  TemporaryDirectory directory_;
  PosixFiles files_;
  FileStatus like_;
  const std::string path_ = directory_ / "a.lock";
  LockFile lock_{files_, path_};
};

TEST_F(LockFileTest, IsMadeWithTheAttributesAndExcludesOthers) {
  ASSERT_TRUE(lock_.acquire(milliseconds(0), like_));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);
  OtherProgram other(path_);
  EXPECT_FALSE(other.try_lock());
  lock_.release();
  EXPECT_TRUE(other.try_lock());
}

TEST_F(LockFileTest, AFileOpenForReadingIsLockedInTheQueueUntilADeadline) {
  OtherProgram other(path_);
  other.lock();
  const auto begin = Clock::now();
  EXPECT_EQ(lock_in_queue(files_.open(path_, Files::Open::read), begin + milliseconds(50)), nullptr);
  EXPECT_GE(Clock::now() - begin, milliseconds(50));
  other.unlock();
  const auto locked = lock_in_queue(files_.open(path_, Files::Open::read), Clock::now() + std::chrono::seconds(10));
  ASSERT_NE(locked, nullptr);
  EXPECT_FALSE(other.try_lock());
}

TEST_F(LockFileTest, IsNotGotWhileAnotherHoldsIt) {
  OtherProgram other(path_);
  other.lock();
  EXPECT_FALSE(lock_.acquire(milliseconds(30), like_));
  other.unlock();
  EXPECT_TRUE(lock_.acquire(milliseconds(1000), like_));
}

TEST_F(LockFileTest, IsGotAsSoonAsItIsFree) {
  OtherProgram other(path_);
  other.lock();
  std::thread ending([&] {
    std::this_thread::sleep_for(milliseconds(50));
    other.unlock();
  });
  EXPECT_TRUE(lock_.acquire(milliseconds(5000), like_));
  ending.join();
}

TEST_F(LockFileTest, LetsGoWhenItComesTooLate) {
  OtherProgram other(path_);
  other.lock();
  EXPECT_FALSE(lock_.acquire(milliseconds(20), like_));
  other.unlock();
  OtherProgram third(path_);
  const auto deadline = Clock::now() + milliseconds(2000);
  while (!third.try_lock() && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_LT(Clock::now(), deadline) << "a lock that nobody waits for is held";
}

TEST_F(LockFileTest, IgnoresALockFileThatWasRemoved) {
  OtherProgram other(path_);
  other.lock();
  EXPECT_FALSE(lock_.acquire(milliseconds(20), like_));
  std::filesystem::remove(path_);
  EXPECT_TRUE(lock_.acquire(milliseconds(1000), like_));
  EXPECT_TRUE(std::filesystem::exists(path_));
  other.unlock();
}

TEST_F(LockFileTest, IsNotStarvedByOneThatTakesItAtOnceAgain) {
  std::atomic<bool> stop = false;
  std::thread attacker([&] {
    OtherProgram other(path_);
    while (!stop) {
      other.lock();
      std::this_thread::sleep_for(milliseconds(2));
      other.unlock();
    }
  });
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(lock_.acquire(milliseconds(5000), like_)) << round;
    lock_.release();
    std::this_thread::sleep_for(milliseconds(10));
  }
  stop = true;
  attacker.join();
}

}  // namespace
}  // namespace statusfs
