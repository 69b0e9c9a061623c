// Sixteen clients read and write through the mount while the daemon is killed now and then: one order of versions
// explains all that they saw. And the check that says so finds what it must find.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <random>
#include <system_error>
#include <thread>

#include "tests/mount/load.hpp"
#include "tests/mount/operation_history.hpp"

namespace statusfs::test {
namespace {

using Clock = std::chrono::steady_clock;

// --- the check -------------------------------------------------------------------------------------------------------

class OperationHistoryTest : public ::testing::Test {
 protected:
  // The field "x" is "" at version 1, "a" at 2 and "b" at 4; "y" is "" at 1 and "c" at 3.
  OperationHistoryTest() {
    for (const auto& [version, value] : std::map<std::uint64_t, std::string>{{1, ""}, {2, "a"}, {4, "b"}})
      order_.add("x", version, value);
    for (const auto& [version, value] : std::map<std::uint64_t, std::string>{{1, ""}, {3, "c"}})
      order_.add("y", version, value);
  }

  void add(Operation::Kind kind, const std::string& field, const std::string& value, int begin, int end) {
    const Operation::Time start{};
    const std::uint64_t version = kind == Operation::Kind::read_version ? std::stoull(value) : 0;
    history_.push_back(
        {kind, field, value, version, start + std::chrono::seconds(begin), start + std::chrono::seconds(end)});
  }

  std::string problem() const { return contradiction_in(history_, order_); }

  VersionOrder order_;
  std::vector<Operation> history_;
};

TEST_F(OperationHistoryTest, AcceptsWhatOneOrderExplains) {
  add(Operation::Kind::read, "x", "", 0, 1);
  add(Operation::Kind::write, "x", "a", 0, 3);
  add(Operation::Kind::read, "x", "a", 1, 2);  // seen before its write returned
  add(Operation::Kind::write, "y", "c", 4, 9);
  add(Operation::Kind::read, "y", "", 4, 5);
  add(Operation::Kind::read_version, "", "3", 5, 6);
  add(Operation::Kind::unknown_write, "x", "b", 5, 6);
  add(Operation::Kind::read, "x", "a", 7, 8);
  add(Operation::Kind::read, "x", "b", 20, 21);  // what was unknown took effect later
  add(Operation::Kind::unknown_write, "x", "never", 3, 4);
  add(Operation::Kind::refused_write, "x", "refused", 3, 4);
  EXPECT_EQ("", problem());
}

TEST_F(OperationHistoryTest, FindsALostWrite) {
  add(Operation::Kind::write, "x", "lost", 0, 1);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsARefusedWriteThatTookEffect) {
  add(Operation::Kind::refused_write, "x", "a", 0, 1);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsAReadOfWhatWasNeverDurable) {
  add(Operation::Kind::read, "x", "nobody's", 0, 1);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsAStaleRead) {
  add(Operation::Kind::write, "x", "a", 0, 1);
  add(Operation::Kind::read, "x", "", 2, 3);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsTwoReadsInTheWrongOrder) {
  add(Operation::Kind::read, "x", "b", 0, 1);
  add(Operation::Kind::read, "x", "a", 2, 3);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsAReadBeforeItsWrite) {
  add(Operation::Kind::read, "x", "a", 0, 1);
  add(Operation::Kind::write, "x", "a", 2, 3);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsFieldsThatDisagree) {
  add(Operation::Kind::read, "x", "b", 0, 1);  // version 4, so y is "c" since version 3
  add(Operation::Kind::read, "y", "", 2, 3);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsAVersionThatGoesBack) {
  add(Operation::Kind::write, "x", "b", 0, 1);
  add(Operation::Kind::read_version, "", "3", 2, 3);
  EXPECT_NE("", problem());
}

TEST_F(OperationHistoryTest, FindsWritesAgainstTheOrderOfVersions) {
  add(Operation::Kind::write, "x", "b", 0, 1);
  add(Operation::Kind::write, "y", "c", 2, 3);
  EXPECT_NE("", problem());
}

// --- the file system -------------------------------------------------------------------------------------------------

constexpr std::size_t client_count = 16;

int kills() { return load_factor() == 1 ? 3 : load_factor() == 10 ? 20 : 200; }

class LinearizabilityTest : public MountedTest {
 protected:
  struct FieldOfTask {
    std::string file, pointer;
  };

  void SetUp() override {
    MountedTest::SetUp();
    make_status_file(125, {"t0", "t1", "t2"});
    for (int task = 0; task < 3; ++task)
      for (const std::string name : {"execution_log/failure_details", "readiness_check/idempotency_key"})
        fields_.push_back({"tasks/t" + std::to_string(task) + "/" + name,
                           "/payload/tasks_status/" + std::to_string(task) + "/" + name});
  }

  static bool is_lost_connection(int error) { return error == ENOTCONN || error == ECONNABORTED || error == EIO; }

  /// While the daemon lives nothing fails; ENOENT is what a client meets where there is no mount.
  void expect_death(int error, int generation) const {
    EXPECT_TRUE(is_lost_connection(error) || error == ENOENT) << "errno " << error;
    EXPECT_TRUE(!is_mounted_ || generation_ != generation) << "errno " << error << " from a daemon that lives";
  }

  /// One random call. Whether the daemon was there.
  bool do_one(std::size_t client, std::mt19937& random, std::vector<Operation>& history) const {
    const FieldOfTask& field = fields_[random() % fields_.size()];
    switch (random() % 5) {
      case 0:
        return read_version(history);
      case 1:
      case 2:
        return read_field(field, history);
      default:
        return write_field(field, std::to_string(client) + "-" + std::to_string(history.size()), history);
    }
  }

  bool write_field(const FieldOfTask& field, const std::string& value, std::vector<Operation>& history) const {
    const int generation = generation_;
    Operation operation{Operation::Kind::write, field.pointer, value, 0, Clock::now(), {}};
    const int error = write(field.file, value + "\n");
    operation.end = Clock::now();
    if (error != 0)
      operation.kind = is_lost_connection(error) ? Operation::Kind::unknown_write : Operation::Kind::refused_write;
    history.push_back(operation);
    if (error != 0) expect_death(error, generation);
    return error == 0;
  }

  bool read_field(const FieldOfTask& field, std::vector<Operation>& history) const {
    return note_read({Operation::Kind::read, field.pointer, {}, 0, Clock::now(), {}}, field.file, history);
  }

  bool read_version(std::vector<Operation>& history) const {
    return note_read({Operation::Kind::read_version, "version", {}, 0, Clock::now(), {}}, "header/v_file_instance",
                     history);
  }

  bool note_read(Operation operation, const std::string& file, std::vector<Operation>& history) const {
    const int generation = generation_;
    try {
      std::string text = read(file);
      operation.end = Clock::now();
      if (text.ends_with('\n')) text.pop_back();
      operation.value = text;
      if (operation.kind == Operation::Kind::read_version) operation.version = std::stoull(text);
    } catch (const std::system_error& error) {
      expect_death(error.code().value(), generation);
      return false;
    }
    history.push_back(operation);
    return true;
  }

  void be_client(std::size_t client, std::vector<Operation>& history) {
    std::mt19937 random(static_cast<unsigned>(client) + seed_);
    while (!is_over_) {
      const int generation = generation_;
      if (do_one(client, random, history)) {
        ++operations_;
        continue;
      }
      // Not again before there is another daemon: the calls in between say nothing.
      while (!is_over_ && generation_ == generation) ::usleep(2'000);
    }
  }

  void kill_and_mount_again(std::size_t least_operations) {
    const std::size_t before = operations_;
    Process& daemon = mount_in_foreground();
    ++generation_;
    is_mounted_ = true;
    ::usleep(std::uniform_int_distribution<useconds_t>(100'000, 500'000)(random_));
    EXPECT_TRUE(eventually([&] { return operations_ >= before + least_operations; }));  // however slow the machine is
    is_mounted_ = false;
    daemon.send(SIGKILL);
    daemon.wait();
    unmount_dead();
  }

  VersionOrder order_in_journal() const {
    std::vector<std::string> pointers;
    for (const FieldOfTask& field : fields_) pointers.push_back(field.pointer);
    VersionOrder order;
    for (const Change& change : checked_changes(status_file(), pointers))
      order.add(change.pointer, static_cast<std::uint64_t>(change.version),
                change.value.is_string() ? change.value.get<std::string>() : std::string());
    return order;
  }

  std::vector<FieldOfTask> fields_;
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> is_mounted_ = false;
  std::atomic<int> generation_ = 0;
  std::atomic<std::size_t> operations_ = 0;  // that succeeded
  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
};

TEST_F(LinearizabilityTest, OneOrderOfVersionsExplainsWhatSixteenClientsSaw) {
  std::vector<std::vector<Operation>> histories(client_count);
  std::vector<std::thread> clients;
  is_over_ = false;
  const auto join = [&] {
    is_over_ = true;
    for (std::thread& client : clients) client.join();
  };
  try {
    kill_and_mount_again(0);
    for (std::size_t client = 0; client < client_count; ++client)
      clients.emplace_back([&, client] { be_client(client, histories[client]); });
    for (int kill = 0; kill < kills(); ++kill) kill_and_mount_again(25);
  } catch (...) {
    join();
    throw;
  }
  join();
  ASSERT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  std::vector<Operation> all;
  for (const auto& history : histories) all.insert(all.end(), history.begin(), history.end());
  EXPECT_GT(all.size(), static_cast<std::size_t>(20 * kills())) << "too little load";
  EXPECT_EQ("", contradiction_in(all, order_in_journal())) << "seed " << seed_;
  std::cout << all.size() << " operations of " << client_count << " clients, " << kills() << " deaths of the daemon\n";
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
