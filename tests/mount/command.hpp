// Runs other programs for the mounted tests: bounded in time, output kept, nothing left running.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace statusfs::test {

/// How many times slower than usual the program under test may be: STATUSFS_SLOWNESS, which scripts/test sets for
/// sanitizer builds; else 1. Every time limit here is longer by this factor.
int slowness();

struct CommandResult {
  int exit_status = -1;  ///< as a shell would say it: 128 + N for a death by signal N
  std::string output;
  std::string error;
};

struct CommandOptions {
  std::string input = {};                               ///< what the command reads from standard input
  std::map<std::string, std::string> environment = {};  ///< added to this process's environment
  std::chrono::seconds time_limit{60};
  std::string user = {};  ///< run as this user; empty: as the one who runs the tests
};

using Arguments = std::vector<std::string>;

/// Runs the command and waits for it. Its output goes to files in memory, so that a daemon which it leaves behind does
/// not keep us waiting. Throws std::runtime_error when the time limit passes (the command is killed then).
CommandResult run_command(const Arguments& arguments, const CommandOptions& options = {});

/// A program that stays in the foreground until it is told to end. Ends it at the latest in the destructor.
class Process {
 public:
  Process(const Arguments& arguments, const CommandOptions& options, const std::filesystem::path& log_file);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool is_running();
  void send(int signal);
  /// Whether SIGKILL was sent: then any exit status is right.
  bool was_killed() const { return killed_; }
  /// Waits for its end; returns the exit status as CommandResult has it. Kills it when the time limit passes.
  int wait(std::chrono::seconds time_limit = std::chrono::seconds{30});
  /// What it wrote so far to standard output and standard error.
  std::string log() const;

 private:
  void note_end(int wait_status);

  pid_t pid_ = -1;
  bool ended_ = false;
  bool killed_ = false;
  int exit_status_ = -1;
  std::filesystem::path log_file_;
};

/// Makes this process inherit what its children leave behind: background daemons become ours to watch and to end.
void adopt_orphans(bool adopt);

/// The exit statuses of daemons of statusfs that were left behind and have ended, since the last call.
std::vector<int> ended_orphans();

/// Waits until no child is left; kills those that remain after the limit. Returns how many had to be killed.
int await_orphans(std::chrono::seconds time_limit);

}  // namespace statusfs::test
