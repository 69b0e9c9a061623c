// The real daemon dies at any of its system calls that touch a status file, or any of them fails, once or from then on.
// Whatever happens, every acknowledged write is there afterwards and no refused one, recovering twice gives the same
// bytes, and nothing is left over.
//
// The short form takes a few calls of each kind; STATUSFS_LONG=1 takes every call until a run meets none any more.
#include <signal.h>

#include <fstream>
#include <iostream>

#include "tests/mount/fault_rounds.hpp"

namespace statusfs::test {
namespace {

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

/// A journal that is due to be closed: the first write that follows does it.
class ClosingFaultTest : public FaultRounds, public ::testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    FaultRounds::SetUp();
    begin_round();
    mount({"-o", "adopt"});
    for (char letter = 'a'; letter < 'a' + 11; ++letter) write_value(0, std::string(500'000, letter));
    unmount();
    earlier_attempts_ = attempts_;
    std::filesystem::copy(source(), due());
    const std::vector<Json> records = journal();
    const Path directory = journal_file().string() + ".d";
    const Path closed = directory / (records.front()["v"].dump() + "-" + records.back()["v"].dump() + ".jsonl.gz");
    traced_paths_ = {directory, closed, temporary_of(closed), temporary_of(journal_file())};
  }

  void run_round(const Injection& injection, bool& is_met) {
    SCOPED_TRACE(injection.text());
    std::filesystem::remove_all(source());
    std::filesystem::copy(due(), source());
    attempts_ = earlier_attempts_;
    is_met = run_with(injection);
    expect_recovered();
    expect_closed_at_last();
  }

 private:
  // Whatever was left of the first try.
  void expect_closed_at_last() {
    mount();
    write_value(1, "last");
    unmount();
    expect_recovered();
    EXPECT_LT(std::filesystem::file_size(journal_file()), 2'000'000u) << "the journal was not closed";
  }

  Path due() const { return root() / "due"; }

  std::vector<std::vector<WriteAttempt>> earlier_attempts_;
};

TEST_P(ClosingFaultTest, LosesNothing) {
  const Case& one = GetParam();
  int met = 0;
  bool is_met = true;
  for (int when = 1; is_met && when <= most_calls && !HasFailure(); ++when) {
    run_round({one.system_call, one.action, when, one.is_lasting}, is_met);
    met += is_met;
    if (load_factor() == 1 && met == 1) break;
  }
  EXPECT_GT(met, 0) << "closing a journal never calls " << one.system_call;
  std::cout << met << " faults survived\n";
}

const std::vector<std::string> closing_calls = {"mkdir", "openat", "pwrite64", "fsync", "renameat2"};

INSTANTIATE_TEST_SUITE_P(DiesAt, ClosingFaultTest, ::testing::ValuesIn(cases("signal=SIGKILL", closing_calls, false)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(IoErrorOnce, ClosingFaultTest, ::testing::ValuesIn(cases("error=EIO", closing_calls, false)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(NoSpaceFromThenOn, ClosingFaultTest,
                         ::testing::ValuesIn(cases("error=ENOSPC", {"mkdir", "pwrite64", "renameat2"}, true)), name_of);

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
                             {call, "signal=SIGKILL", when, false}, paths_of(status_file()), root());
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
