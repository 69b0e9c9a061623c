// kill -9 of the daemon under load: recovery keeps every acknowledged write, and besides at most those that were
// waiting.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/mount/key_pairs.hpp"
#include "tests/mount/load.hpp"

namespace statusfs::test {
namespace {

constexpr int kills_of_a_round = 20;

// 20 kills in the short form, 200 with STATUSFS_LONG, 5,000 with STATUSFS_SOAK.
int rounds() { return load_factor() == 50 ? 250 : load_factor(); }

// One writer of one field. Its log is kept here, outside of what is killed.
struct FieldWriter {
  std::string file;
  std::string pointer;
  std::vector<WriteAttempt> attempts;
};

class KillTest : public MountedTest {
 protected:
  void begin_round() {
    std::filesystem::remove_all(source());
    std::filesystem::create_directory(source());
    make_sample();
    writers_ = {
        {"tasks/task_001_scaffold/execution_log/failure_details",
         "/payload/tasks_status/0/execution_log/failure_details",
         {}},
        {"tasks/task_002_api/execution_log/failure_details",
         "/payload/tasks_status/1/execution_log/failure_details",
         {}},
        {"tasks/task_003_tests/readiness_check/idempotency_key",
         "/payload/tasks_status/2/readiness_check/idempotency_key",
         {}},
        {"tasks/task_001_scaffold/readiness_check/idempotency_key",
         "/payload/tasks_status/0/readiness_check/idempotency_key",
         {}},
    };
  }

  // Until the daemon is gone.
  void write_until_the_end(FieldWriter& writer) {
    const Path file = tree(writer.file);
    for (;;) {
      const std::string value = "value-" + std::to_string(writer.attempts.size());
      const int error = write_file(file, value);
      writer.attempts.push_back({value, error == 0});
      ++attempts_of_this_life_;
      if (error == 0) continue;
      EXPECT_TRUE(error == ENOTCONN || error == ECONNABORTED || error == EIO) << "errno " << error;
      return;
    }
  }

  void kill_under_load() {
    const std::size_t least_attempts = 3 * writers_.size();  // however slow the machine is
    attempts_of_this_life_ = 0;
    Process& daemon = mount_in_foreground(mount_options_);
    std::vector<std::thread> threads;
    for (FieldWriter& writer : writers_) threads.emplace_back([&] { write_until_the_end(writer); });
    std::uniform_int_distribution<int> pause(1'000, 80'000);
    ::usleep(static_cast<useconds_t>(pause(random_)));
    EXPECT_TRUE(eventually([&] { return attempts_of_this_life_ >= least_attempts; }));
    daemon.send(SIGKILL);
    daemon.wait();
    for (std::thread& thread : threads) thread.join();
    unmount_dead();
  }

  // The value that must stand now is the last acknowledged one, or one that was waiting when the daemon died since
  // then.
  static std::vector<Json> allowed_values(const FieldWriter& writer) {
    std::vector<Json> allowed;
    for (auto attempt = writer.attempts.rbegin(); attempt != writer.attempts.rend(); ++attempt) {
      allowed.emplace_back(attempt->value);
      if (attempt->acknowledged) return allowed;
    }
    allowed.emplace_back(nullptr);
    return allowed;
  }

  void expect_last_values(const Json& document) const {
    for (const FieldWriter& writer : writers_) {
      const Json found = document.at(Json::json_pointer(writer.pointer));
      const std::vector<Json> allowed = allowed_values(writer);
      EXPECT_NE(allowed.end(), std::find(allowed.begin(), allowed.end(), found)) << writer.pointer << " is " << found;
    }
  }

  void recover_by_command() {
    Arguments recover{"recover", status_file().string()};
    recover.insert(recover.end(), recover_options_.begin(), recover_options_.end());
    const CommandResult result = statusfs(recover);
    ASSERT_EQ(0, result.exit_status) << result.error;
    const std::string recovered = read_file(status_file());
    expect_last_values(Json::parse(recovered));
    ASSERT_EQ(0, statusfs(recover).exit_status);
    EXPECT_EQ(recovered, read_file(status_file())) << "recovering again changes nothing";
  }

  void recover_by_mount() {
    mount(mount_options_);
    expect_last_values(document());
    unmount();
    expect_last_values(Json::parse(read_file(status_file())));
  }

  void expect_history() const {
    std::vector<std::string> pointers;
    for (const FieldWriter& writer : writers_) pointers.push_back(writer.pointer);
    std::map<std::string, std::vector<std::string>> values;
    for (const Change& change : checked_changes(status_file(), pointers)) {
      if (change.version > 1) values[change.pointer].push_back(change.value);
    }
    for (const FieldWriter& writer : writers_) expect_attempts(writer.attempts, values[writer.pointer], writer.pointer);
  }

  std::vector<FieldWriter> writers_;
  std::atomic<std::size_t> attempts_of_this_life_ = 0;
  Arguments mount_options_, recover_options_;
  std::mt19937 random_{std::random_device{}()};
};

TEST_F(KillTest, EveryAcknowledgedWriteSurvives) {
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    begin_round();
    for (int kill = 0; kill < kills_of_a_round && !HasFailure(); ++kill) {
      SCOPED_TRACE("round " + std::to_string(round) + ", kill " + std::to_string(kill));
      kill_under_load();
      ASSERT_NO_FATAL_FAILURE(kill % 2 == 0 ? recover_by_command() : recover_by_mount());
      expect_verified();
    }
    expect_history();
  }
}

// A crash leaves the signature of a version before; recovery signs what the journal says.
TEST_F(KillTest, WhatIsRecoveredIsSignedWhereThereIsAKey) {
  ASSERT_EQ(0, bash(make_key_pairs).exit_status);
  const std::string key = (root() / "key.pem").string();
  mount_options_ = {"-o", "signing_key=" + key};
  recover_options_ = {"--signing-key", key};
  for (int round = 0; round < rounds() && !HasFailure(); ++round) {
    begin_round();
    for (int kill = 0; kill < kills_of_a_round / 2 && !HasFailure(); ++kill) {
      kill_under_load();
      ASSERT_NO_FATAL_FAILURE(kill % 2 == 0 ? recover_by_command() : recover_by_mount());
      const CommandResult result =
          statusfs({"verify", status_file().string(), "--public-key", (root() / "public.pem").string()});
      EXPECT_EQ(0, result.exit_status) << result.output;
    }
    expect_history();
  }
}

// The JSON lags behind the journal by some milliseconds, and whoever would have written it is dead.
TEST_F(KillTest, AReadOnlyMountShowsWhatAWriterThatDiedHadAcknowledged) {
  begin_round();
  const Path beside = root() / "beside";
  ASSERT_TRUE(std::filesystem::create_directory(beside));
  ASSERT_EQ(0, statusfs({source().string(), beside.string(), "-o", "ro"}).exit_status);
  const Path field = beside / "exec_status_125" / "tasks" / first_task / "percent_complete";
  EXPECT_EQ("0\n", read_file(field));
  bool has_lagged = false;
  for (int value = 1; value <= 20 && !has_lagged; ++value) {
    Process& daemon = mount_in_foreground();
    const std::string text = std::to_string(value);
    ASSERT_EQ(0, write_file(task("percent_complete"), text + "\n"));
    daemon.send(SIGKILL);
    daemon.wait();
    has_lagged = read_file(status_file()).find("\"percent_complete\": " + text + ",") == std::string::npos;
    EXPECT_TRUE(eventually([&] { return read_file(field) == text + "\n"; }));
    unmount_dead();
  }
  EXPECT_TRUE(has_lagged) << "the JSON was always there first";
  EXPECT_EQ(0, statusfs({"umount", beside.string()}).exit_status);
}

TEST_F(KillTest, AMountStandsOverNoRuinAfterACrash) {
  begin_round();
  Process& daemon = mount_in_foreground();
  ASSERT_EQ(0, write_file(task("percent_complete"), "71\n"));
  daemon.send(SIGKILL);
  daemon.wait();
  EXPECT_EQ(ENOTCONN, read_error(task("status")));
  unmount_dead();
  mount();
  EXPECT_EQ("71\n", read_file(task("percent_complete")));
  EXPECT_EQ(0, write_file(task("percent_complete"), "72\n"));
}

}  // namespace
}  // namespace statusfs::test
