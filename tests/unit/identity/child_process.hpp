// Processes to look at.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fs/unique_fd.hpp"

namespace statusfs {

/// A child process that is killed when its owner goes.
class ChildProcess {
 public:
  /// Runs `program` with exactly this environment and returns once it runs.
  static ChildProcess with_environment(const char* program, std::vector<std::string> environment) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    const UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) execute(program, environment);
    writing.reset();
    char byte;
    (void)!::read(reading.get(), &byte, 1);  // returns when exec closes the other end
    ChildProcess child(pid);
    child.await_arguments();
    return child;
  }

  /// Runs `body` in a copy of this process.
  template <typename Body>
  static ChildProcess running(Body body) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) {
      body();
      ::_exit(0);
    }
    return ChildProcess(pid);
  }

  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess() { kill_and_reap(); }

  pid_t pid() const { return pid_; }

  /// Returns once it has ended: with its wait status, as waitpid(2) tells it.
  int wait() {
    int status = -1;
    const pid_t pid = std::exchange(pid_, 0);  // the number may be another's from now on
    if (pid <= 0 || ::waitpid(pid, &status, 0) != pid) throw std::runtime_error("there is no child to wait for");
    return status;
  }

  void kill_and_reap() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  // exec closes files some time before it says where arguments and environment are; until then /proc shows neither.
  void await_arguments() const {
    const std::string path = "/proc/" + std::to_string(pid_) + "/cmdline";
    for (char byte;;) {
      const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file) throw std::system_error(errno, std::generic_category(), path);
      const ssize_t got = ::read(file.get(), &byte, 1);
      if (got < 0) throw std::system_error(errno, std::generic_category(), path);
      if (got > 0) return;
      siginfo_t ended{};
      ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
      if (ended.si_pid == pid_) throw std::runtime_error("the child ended before it was there");
      ::sched_yield();
    }
  }

  [[noreturn]] static void execute(const char* program, std::vector<std::string>& environment) {
    std::vector<char*> entries;
    for (std::string& entry : environment) entries.push_back(entry.data());
    entries.push_back(nullptr);
    char sleep_name[] = "sleep", duration[] = "1000";
    char* const arguments[] = {sleep_name, duration, nullptr};
    ::execve(program, arguments, entries.data());
    ::_exit(127);
  }

  pid_t pid_;
};

}  // namespace statusfs
