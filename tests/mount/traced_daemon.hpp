// The real daemon under strace, which lets chosen system calls fail or kills it there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {

/// What is done to which call of one system call, as strace counts them (for each thread, among those that touch
/// the watched paths).
struct Injection {
  std::string system_call;
  std::string action;  ///< "signal=SIGKILL", "error=EIO", ...
  int when = 1;        ///< the first one that is met
  bool is_lasting = false;

  std::string text() const {
    return system_call + ":" + action + ":when=" + std::to_string(when) + (is_lasting ? "+" : "");
  }
};

/// A file's hidden name while it is written.
Path temporary_of(const Path& file);
/// The status file, what belongs to it, and its directory.
std::vector<Path> paths_of(const Path& status_file);

/// Runs `command` under strace with the injection, watching the calls that touch one of the paths.
class TracedProgram {
 public:
  TracedProgram(const Arguments& command, const Injection& injection, const std::vector<Path>& paths,
                const Path& directory);

  bool is_running() { return strace_->is_running(); }
  /// Waits for its end; the exit status, 128 + N for a death by signal N.
  int wait(std::chrono::seconds limit = std::chrono::seconds{60}) { return strace_->wait(limit); }
  void send(int signal) { strace_->send(signal); }
  /// Whether the call was made that the injection is about. To be asked after the end.
  bool was_met() const;
  /// The calls that were traced, one a line, with the paths of descriptors.
  std::string trace() const { return read_file(trace_file_); }
  std::string log() const { return strace_->log(); }

 private:
  Path trace_file_;
  std::unique_ptr<Process> strace_;
};

}  // namespace statusfs::test
