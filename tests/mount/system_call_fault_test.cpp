// The real daemon dies at any of its system calls that touch a status file, or any of them fails, once or from then on.
// Whatever happens, every acknowledged write is there afterwards and no refused one, recovering twice gives the same
// bytes, and nothing is left over.
//
// The short form takes a few calls of each kind; STATUSFS_LONG=1 takes every call until a run meets none any more.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "tests/mount/load.hpp"
#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {
namespace {

constexpr int tasks = 3;
constexpr int writes = 9;
constexpr int most_calls = 200;  // a run that still meets the injection after so many goes round in circles

struct Case {
  std::string system_call;
  std::string action;
  bool is_lasting = false;

  std::string name() const {
    std::string text = action.substr(action.find('=') + 1);
    return system_call + "_" + text + (is_lasting ? "_lasting" : "");
  }
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name(); }

class FaultRounds : public MountedTest {
 protected:
  // A file without hashes, which the mount adopts: so the beginning of the chain is among what is hit.
  void begin_round() {
    const std::string plain = plain_text();
    std::filesystem::remove_all(source());
    std::filesystem::create_directory(source());
    put_file(status_file(), plain);
    attempts_.assign(tasks, {});
  }

  const std::string& plain_text() {
    if (!plain_text_.empty()) return plain_text_;
    make_status_file(125, {"one", "two", "three"});
    Json document = Json::parse(read_file(status_file()));
    document["payload"]["payload_hash_current"] = nullptr;
    document["payload"]["payload_hash_previous"] = nullptr;
    for (Json& task : document["payload"]["tasks_status"]) task["signature_hash"] = nullptr;
    return plain_text_ = document.dump(2) + "\n";
  }

  static std::string pointer(std::size_t task) {
    return "/payload/tasks_status/" + std::to_string(task) + "/execution_log/failure_details";
  }

  static const std::string& task_id(std::size_t task) {
    static const std::vector<std::string> ids = {"one", "two", "three"};
    return ids[task];
  }

  bool is_mounted(TracedProgram& daemon) const {
    eventually([&] { return !daemon.is_running() || read_error(mountpoint() / ".statusfs/version") == 0; },
               std::chrono::seconds{60});
    return daemon.is_running();
  }

  void write_values() {
    for (int number = 0; number < writes; ++number) {
      const std::size_t task = static_cast<std::size_t>(number % tasks);
      const std::string value = "value-" + std::to_string(number);
      const int error = write("tasks/" + task_id(task) + "/execution_log/failure_details", value + "\n");
      attempts_[task].push_back(attempt_of(value, error));
      if (number == 2) sync_tree();
      if (number == 5) ::usleep(100'000);  // the JSON is written meanwhile
    }
  }

  void sync_tree() const {
    const int handle = ::open(tree("summary/active_blockers_summary").c_str(), O_RDONLY | O_CLOEXEC);
    if (handle < 0) return;
    ::fsync(handle);
    ::close(handle);
  }

  /// Mounts, writes and unmounts with the injection. Whether the call that it is about was made.
  bool run_with(const Injection& injection) {
    TracedProgram daemon({binary().string(), source().string(), mountpoint().string(), "-f", "-o", "adopt"}, injection,
                         status_file(), root());
    if (is_mounted(daemon)) write_values();
    unmount_dead();
    const int status = daemon.wait();
    const bool is_death = injection.action.starts_with("signal");
    EXPECT_TRUE(is_death || status < 128) << "the daemon ended with " << status << "\n" << daemon.log();
    return daemon.was_met();
  }

  bool has_acknowledged() const {
    return std::ranges::any_of(attempts_, [](const auto& of_task) {
      return std::ranges::any_of(of_task, [](const WriteAttempt& attempt) { return attempt.acknowledged; });
    });
  }

  void expect_recovered() {
    const int status = statusfs({"recover", status_file().string()}).exit_status;
    if (!std::filesystem::exists(journal_file())) {
      EXPECT_FALSE(has_acknowledged()) << "the journal is gone";
      EXPECT_EQ(Json::parse(plain_text()), Json::parse(read_file(status_file())));
      return expect_nothing_left_over();
    }
    ASSERT_EQ(0, status);
    const std::string json = read_file(status_file()), journal_text = read_file(journal_file());
    ASSERT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
    EXPECT_EQ(json, read_file(status_file())) << "recovering again changes nothing";
    EXPECT_EQ(journal_text, read_file(journal_file())) << "recovering again changes nothing";
    expect_verified();
    expect_history();
    expect_nothing_left_over();
  }

  void expect_history() const {
    std::vector<std::string> pointers;
    for (std::size_t task = 0; task < tasks; ++task) pointers.push_back(pointer(task));
    std::map<std::string, std::vector<std::string>> values;
    for (const Change& change : checked_changes(status_file(), pointers))
      if (change.value.is_string()) values[change.pointer].push_back(change.value);
    for (std::size_t task = 0; task < tasks; ++task)
      expect_attempts(attempts_[task], values[pointer(task)], pointer(task));
  }

  void expect_nothing_left_over() const {
    const std::string name = status_file().filename().string();
    for (const auto& entry : std::filesystem::directory_iterator(source())) {
      const std::string found = entry.path().filename().string();
      EXPECT_TRUE(found == name || found == name + ".journal" || found == name + ".lock") << found << " was left over";
    }
  }

  void run_case(const Injection& injection, bool& is_met) {
    SCOPED_TRACE(injection.text());
    begin_round();
    is_met = run_with(injection);
    expect_recovered();
  }

 private:
  std::string plain_text_;
  std::vector<std::vector<WriteAttempt>> attempts_;
};

class SystemCallFaultTest : public FaultRounds, public ::testing::WithParamInterface<Case> {};

TEST_P(SystemCallFaultTest, LosesNothing) {
  const Case& one = GetParam();
  const bool is_full = load_factor() > 1;
  int met = 0;
  bool is_met = true;
  for (int when = 1; is_met && when <= most_calls && !HasFailure(); when += is_full ? 1 : 3) {
    run_case({one.system_call, one.action, when, one.is_lasting}, is_met);
    met += is_met;
    if (!is_full && met == 2) break;
  }
  EXPECT_GT(met, 0) << "the daemon never calls " << one.system_call;
  EXPECT_LE(met, most_calls);
  RecordProperty("faults", met);
  std::cout << met << " faults survived\n";
}

// What the daemon does to a status file, and what may come of it.
const std::vector<std::string> changing_calls = {"pwrite64", "fdatasync", "fsync", "renameat2"};
const std::vector<std::string> other_calls = {"openat", "unlink", "flock", "fchmod", "fchown", "utimensat"};

std::vector<Case> cases(const std::string& action, const std::vector<std::string>& calls, bool is_lasting) {
  std::vector<Case> all;
  for (const std::string& call : calls) all.push_back({call, action, is_lasting});
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) { return info.param.name(); }

INSTANTIATE_TEST_SUITE_P(DiesAt, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("signal=SIGKILL", changing_calls, false)), name_of);
INSTANTIATE_TEST_SUITE_P(DiesAtOther, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("signal=SIGKILL", other_calls, false)), name_of);
INSTANTIATE_TEST_SUITE_P(IoErrorOnce, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("error=EIO", changing_calls, false)), name_of);
INSTANTIATE_TEST_SUITE_P(IoErrorFromThenOn, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("error=EIO", changing_calls, true)), name_of);
INSTANTIATE_TEST_SUITE_P(IoErrorElsewhere, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("error=EIO", {"openat", "unlink", "pread64", "newfstatat"}, false)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(NoSpaceOnce, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("error=ENOSPC", changing_calls, false)), name_of);
INSTANTIATE_TEST_SUITE_P(NoSpaceFromThenOn, SystemCallFaultTest,
                         ::testing::ValuesIn(cases("error=ENOSPC", changing_calls, true)), name_of);

/// The second fault: the command that recovers what a crash left dies at any of its calls, too.
class RecoveryFaultTest : public FaultRounds {
 protected:
  /// A JSON that lags behind its journal, a torn line at the journal's end, and what was just being written.
  void make_crash() {
    begin_round();
    Process& daemon = mount_in_foreground({"-o", "adopt"});
    sync_tree();
    const std::string earlier = read_file(status_file());
    write_values();
    daemon.send(SIGKILL);
    daemon.wait();
    unmount_dead();
    put_file(status_file(), earlier);
    std::ofstream(journal_file(), std::ios::app) << R"({"v":99,"g":99,"time":"20)";
    put_file(source() / ("." + status_file().filename().string() + ".statusfs-new"), earlier.substr(0, 700));
    std::filesystem::copy(source(), crashed());
  }

  void restore_crash() const {
    std::filesystem::remove_all(source());
    std::filesystem::copy(crashed(), source());
  }

  Path crashed() const { return root() / "crashed"; }
};

TEST_F(RecoveryFaultTest, DyingWhileRecoveringLosesNothing) {
  make_crash();
  int met = 0;
  for (const std::string call : {"openat", "ftruncate", "fdatasync", "pwrite64", "fsync", "renameat2", "unlink"}) {
    bool is_met = true;
    for (int when = 1; is_met && when <= most_calls && !HasFailure(); ++when) {
      SCOPED_TRACE(call + " " + std::to_string(when));
      restore_crash();
      TracedProgram recovery({binary().string(), "recover", status_file().string()},
                             {call, "signal=SIGKILL", when, false}, status_file(), root());
      recovery.wait();
      is_met = recovery.was_met();
      met += is_met;
      expect_recovered();
    }
  }
  EXPECT_GT(met, 7);
  std::cout << met << " deaths during recovery survived\n";
}

}  // namespace
}  // namespace statusfs::test
