// Nothing that was acknowledged is lost, whatever fails and whenever the power goes.
//
// The short form runs every fault, and every power cut with a choice of torn writes. STATUSFS_CRASH=full tears each
// write at every byte and cuts the power once more during each recovery.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "tests/crash/script.hpp"

namespace statusfs::crash {
namespace {

using Kind = Operation::Kind;

bool is_full() {
  const char* form = std::getenv("STATUSFS_CRASH");
  return form && std::string_view(form) == "full";
}

// A slow build (see STATUSFS_SLOWNESS in scripts/test) looks for errors of memory: what each kind of operation comes to
// is enough for that.
std::size_t stride() { return std::getenv("STATUSFS_SLOWNESS") ? 5 : 1; }

/// The power goes when so many operations were made, and all that was not synced is lost.
std::string problem_of_cut(const SimulatedDisk& disk, const History& history, std::size_t count) {
  const auto unsynced = disk.unsynced_before(count);
  const std::string problem = problem_after(disk.after_power_cut(count, {unsynced.begin(), unsynced.end()}), history);
  return problem.empty() ? problem : "after a power cut at " + std::to_string(count) + ": " + problem;
}

std::string problem_of_fault(const Fault& fault, bool& is_met) {
  SimulatedFiles files = fresh_files();
  files.set_fault(fault);
  const History history = run_script(files);
  is_met = files.operations() > fault.at;
  const SimulatedDisk& disk = files.disk();
  std::string problem = problem_after(disk.now(), history);
  if (!problem.empty()) return "after the end of the process: " + problem;
  for (std::size_t count = is_full() ? 0 : disk.log().size(); count <= disk.log().size(); ++count)
    if (problem = problem_of_cut(disk, history.before(count), count); !problem.empty()) return problem;
  return {};
}

void fail_every_operation(Fault::Kind kind, bool is_lasting) {
  bool is_met = true;
  std::size_t failed = 0;
  for (std::size_t at = 0; is_met; at += stride()) {
    const std::string problem = problem_of_fault({kind, at, is_lasting}, is_met);
    ASSERT_EQ(problem, "") << "operation " << at;
    failed += is_met ? 1 : 0;
  }
  std::cout << failed << " operations failed, one in each run\n";
}

TEST(Fault, IoErrorOnce) { fail_every_operation(Fault::Kind::io_error, false); }
TEST(Fault, IoErrorFromThenOn) { fail_every_operation(Fault::Kind::io_error, true); }
TEST(Fault, NoSpaceOnce) { fail_every_operation(Fault::Kind::no_space, false); }
TEST(Fault, NoSpaceFromThenOn) { fail_every_operation(Fault::Kind::no_space, true); }
TEST(Fault, ShortWriteOnce) { fail_every_operation(Fault::Kind::short_write, false); }
TEST(Fault, ShortWritesFromThenOn) { fail_every_operation(Fault::Kind::short_write, true); }

TEST(Fault, NothingFailsWithoutAFault) {
  SimulatedFiles files = fresh_files();
  const History history = run_script(files);
  EXPECT_GE(history.acknowledged.size(), 40u);
  EXPECT_TRUE(history.refused.empty());
  EXPECT_GE(files.names_in(json_path + ".journal.d").size(), 2u) << "journals are closed on the way";
  EXPECT_EQ(problem_after(files.disk().now(), history), "");
}

TEST(Fault, DuringRecovery) {
  SimulatedFiles files = fresh_files();
  const History history = run_script(files);
  const SimulatedDisk& disk = files.disk();
  std::size_t cases = 0;
  for (std::size_t cut = 0; cut <= disk.log().size(); cut += is_full() ? 1 : 7 * stride()) {
    const auto unsynced = disk.unsynced_before(cut);
    const DiskState state = disk.after_power_cut(cut, {unsynced.begin(), unsynced.end()});
    for (const Fault::Kind kind : {Fault::Kind::io_error, Fault::Kind::no_space, Fault::Kind::short_write}) {
      bool is_met = true;
      for (std::size_t at = 0; is_met; ++at, ++cases) {
        SimulatedFiles recovery(state);
        recovery.set_fault(Fault{kind, at, at % 2 == 1});
        load_once(recovery);
        is_met = recovery.operations() > at;
        const SimulatedDisk& after = recovery.disk();
        ASSERT_EQ(problem_after(after.now(), history.before(cut)), "") << "cut " << cut << ", operation " << at;
        ASSERT_EQ(problem_of_cut(after, history.before(cut), after.log().size()), "") << cut << ", operation " << at;
      }
    }
  }
  std::cout << cases << " recoveries failed\n";
}

class PowerCut : public ::testing::Test {
 protected:
  PowerCut() : files_(fresh_files()), history_(run_script(files_)) {}

  /// The power goes when so many operations were made.
  void cut(std::size_t count, const std::set<std::size_t>& lost, std::optional<std::size_t> torn = std::nullopt) {
    SimulatedFiles recovery;
    const DiskState state = disk().after_power_cut(count, lost, torn);
    const History history = history_.before(count);
    ++cases_;
    ASSERT_EQ(problem_after(state, history, &recovery), "")
        << "operation " << count << ", " << lost.size() << " lost, torn at " << torn.value_or(0);
    if (cases_ % 20 == 0 || (is_full() && !torn)) cut_again(recovery, history);
  }

  /// And once more at every operation of the recovery.
  void cut_again(SimulatedFiles& recovery, const History& history) {
    const SimulatedDisk& again = recovery.disk();
    for (std::size_t count = 0; count <= again.log().size(); ++count) {
      const auto unsynced = again.unsynced_before(count);
      const DiskState state = again.after_power_cut(count, {unsynced.begin(), unsynced.end()});
      ++cases_;
      ASSERT_EQ(problem_after(state, history), "") << "operation " << count << " of the recovery";
    }
  }

  SimulatedDisk& disk() { return files_.disk(); }
  void TearDown() override { std::cout << cases_ << " power cuts\n"; }

  SimulatedFiles files_;
  History history_;
  std::size_t cases_ = 0;
};

TEST_F(PowerCut, LosesAllOrAnyOneOfTheUnsyncedOperations) {
  for (std::size_t count = 0; count <= disk().log().size(); ++count) {
    const auto unsynced = disk().unsynced_before(count);
    ASSERT_NO_FATAL_FAILURE(cut(count, {}));
    ASSERT_NO_FATAL_FAILURE(cut(count, {unsynced.begin(), unsynced.end()}));
    for (const std::size_t one : unsynced) ASSERT_NO_FATAL_FAILURE(cut(count, {one}));
  }
}

TEST_F(PowerCut, TearsTheLastWrite) {
  std::size_t writes = 0;
  for (std::size_t count = 1; count <= disk().log().size(); ++count) {
    const Operation& last = disk().log()[count - 1];
    if (last.kind != Kind::write) continue;
    const bool in_bytes = is_full() || writes++ == 3;
    for (const std::size_t step : {std::size_t{1}, std::size_t{512}, std::size_t{4096}}) {
      if (step == 1 && !in_bytes) continue;
      for (std::size_t size = 0; size < last.bytes.size(); size += step) ASSERT_NO_FATAL_FAILURE(cut(count, {}, size));
    }
  }
}

}  // namespace
}  // namespace statusfs::crash
