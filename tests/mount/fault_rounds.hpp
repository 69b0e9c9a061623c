// One round of a fault: the daemon runs with an injection and writes a few values, then what it left is recovered and
// judged.
#pragma once

#include <string>
#include <vector>

#include "tests/mount/load.hpp"
#include "tests/mount/traced_daemon.hpp"

namespace statusfs::test {

class FaultRounds : public MountedTest {
 protected:
  /// A file without hashes, which the mount adopts: so the beginning of the chain is among what is hit.
  void begin_round();

  /// Waits until the mount answers or the daemon is gone. Whether it answers.
  bool is_mounted(TracedProgram& daemon) const;
  /// Writes a few values through the mount and notes what came of each.
  void write_values();
  void write_value(std::size_t task, const std::string& value);
  void sync_tree() const;

  /// Mounts, writes and unmounts with the injection. Whether the call that it is about was made.
  bool run_with(const Injection& injection);
  /// Recovers twice and expects every acknowledged write, no refused one, the same bytes, and nothing left over.
  void expect_recovered();
  /// begin_round(), run_with() and expect_recovered().
  void run_case(const Injection& injection, bool& is_met);

  /// Every write so far, a list for each task.
  std::vector<std::vector<WriteAttempt>> attempts_;
  /// Whose calls are meant; by default the status file, what belongs to it, and its directory.
  std::vector<Path> traced_paths_;

 private:
  const std::string& plain_text();
  bool has_acknowledged() const;
  void expect_history() const;
  void expect_nothing_left_over() const;

  std::string plain_text_;
};

}  // namespace statusfs::test
