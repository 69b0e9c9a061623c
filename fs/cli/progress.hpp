// A progress bar for commands that may take longer than a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace statusfs {

/// One line: what is done, a bar, how far it is, how long it has taken. `total` 0: how much there is to do is not
/// known.
std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total,
                          std::chrono::seconds elapsed, std::size_t columns);

/// Draws on a terminal alone (nothing reaches a pipe or a file), not before the work has taken a second, and wipes the
/// line at the end. A thread of its own draws, so that the work need not come back to it.
/// Thread safety: any thread.
class Progress {
 public:
  struct Terminal {
    int descriptor = 2;                        ///< standard error, so that output can be piped while the bar is seen
    std::chrono::milliseconds patience{1000};  ///< what takes no longer shows nothing
    std::chrono::milliseconds interval{200};
  };

  Progress() : Progress(Terminal{}) {}
  explicit Progress(Terminal terminal);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What is being worked on now ("verifying exec_status_125"), and how many steps that is; 0 where it is not known.
  void begin(std::string what, std::uint64_t total);
  /// How many of the steps are done.
  void reach(std::uint64_t done);
  /// Runs `print` with the line wiped away, for output that goes to the same terminal.
  void without_bar(const std::function<void()>& print);

 private:
  void run(const std::stop_token& stop);
  void draw();
  void wipe();

  const Terminal terminal_;
  const std::chrono::steady_clock::time_point start_;

  std::mutex mutex_;  // guards all below; innermost
  std::string what_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  bool is_drawn_ = false;

  std::jthread thread_;  // last, so that it ends first; none where there is no terminal
};

}  // namespace statusfs
