// Power that goes while four writers write: ext4 stops at once and loses what was not synced. Every acknowledged write
// is there after the restart.
//
// An acknowledgement counts if it came before the power went. In the moment in which ext4 stops, fdatasync(2) of any
// program may return 0 for what is lost (a bare append and fdatasync shows it, too); where the power is really gone
// nobody is left to be told that.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <iostream>
#include <random>
#include <thread>

#include "tests/mount/load.hpp"
#include "tests/mount/loop_file_system.hpp"

namespace statusfs::test {
namespace {

constexpr std::size_t writer_count = 4;
constexpr int rounds_of_a_file =
    50;  // then a new status file: checking the chain takes time in proportion to its length

int rounds() {
  switch (load_factor()) {
    case 1:
      return 3;
    case 10:
      return 20;
    default:
      return 1000;
  }
}

class PowerLossTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    disk_ = std::make_unique<LoopFileSystem>(root() / "disk", source(), 64);
  }

  void TearDown() override {
    take_statusfs_away();
    disk_.reset();
    MountedTest::TearDown();
  }

  void take_statusfs_away() {
    if (daemon_ && daemon_->is_running()) {
      daemon_->send(SIGKILL);
      daemon_->wait();
    }
    unmount_dead();
  }

  void begin_file() {
    std::filesystem::remove_all(source() / "lost+found");
    for (const auto& entry : std::filesystem::directory_iterator(source())) std::filesystem::remove_all(entry.path());
    make_status_file(125, {"t0", "t1", "t2", "t3"});
    ::sync();
    attempts_.assign(writer_count, {});
  }

  static std::string pointer(std::size_t writer) {
    return "/payload/tasks_status/" + std::to_string(writer) + "/execution_log/failure_details";
  }

  void write_until_the_end(std::size_t writer) {
    std::vector<WriteAttempt>& attempts = attempts_[writer];
    const Path file = tree("tasks/t" + std::to_string(writer) + "/execution_log/failure_details");
    for (;;) {
      const std::string value = "value-" + std::to_string(attempts.size());
      const int error = write_file(file, value);
      const bool has_power = !is_power_lost_;  // asked after the write returned
      attempts.push_back(attempt_of(value, error == 0 && !has_power ? EIO : error));
      if (attempts.back().acknowledged) ++acknowledged_now_;
      if (error != 0) return;
    }
  }

  void lose_power_under_load() {
    daemon_ = &mount_in_foreground();
    is_power_lost_ = false;
    acknowledged_now_ = 0;
    std::vector<std::thread> writers;
    for (std::size_t writer = 0; writer < writer_count; ++writer)
      writers.emplace_back([this, writer] { write_until_the_end(writer); });
    ::usleep(std::uniform_int_distribution<useconds_t>(1'000, 150'000)(random_));
    EXPECT_TRUE(eventually([&] { return acknowledged_now_ >= 2; }));  // however slow the machine is
    is_power_lost_ = true;
    disk_->lose_power();
    for (std::thread& writer : writers) writer.join();
    take_statusfs_away();
    disk_->restart();
  }

  void expect_recovered() {
    const CommandResult recovered = statusfs({"recover", status_file().string()});
    ASSERT_EQ(0, recovered.exit_status) << recovered.error;
    const std::string json = read_file(status_file()), journal_text = read_file(journal_file());
    ASSERT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
    EXPECT_EQ(json, read_file(status_file()));
    EXPECT_EQ(journal_text, read_file(journal_file()));
    expect_verified();
    std::vector<std::string> pointers;
    for (std::size_t writer = 0; writer < writer_count; ++writer) pointers.push_back(pointer(writer));
    auto values = checked_texts(status_file(), pointers);
    for (std::size_t writer = 0; writer < writer_count; ++writer)
      expect_attempts(attempts_[writer], values[pointer(writer)], pointer(writer));
  }

  std::size_t acknowledged() const {
    std::size_t count = 0;
    for (const auto& of_writer : attempts_)
      for (const WriteAttempt& attempt : of_writer) count += attempt.acknowledged;
    return count;
  }

  std::unique_ptr<LoopFileSystem> disk_;
  Process* daemon_ = nullptr;  // of the current round; owned by the fixture
  std::vector<std::vector<WriteAttempt>> attempts_;
  std::atomic<bool> is_power_lost_ = false;
  std::atomic<int> acknowledged_now_ = 0;  // writes of the current round
  std::mt19937 random_{std::random_device{}()};
};

TEST_F(PowerLossTest, EveryAcknowledgedWriteIsOnTheDisk) {
  std::size_t total = 0;
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    if (round % rounds_of_a_file == 0) begin_file();
    const std::size_t before = acknowledged();
    ASSERT_NO_FATAL_FAILURE(lose_power_under_load());
    ASSERT_NO_FATAL_FAILURE(expect_recovered());
    total += acknowledged() - before;
  }
  EXPECT_GT(total, static_cast<std::size_t>(rounds())) << "too little load";
  std::cout << rounds() << " losses of power, " << total << " acknowledged writes kept\n";
}

}  // namespace
}  // namespace statusfs::test
