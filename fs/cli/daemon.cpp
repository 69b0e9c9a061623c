#include "fs/cli/daemon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "fs/cli/exit_status.hpp"

namespace statusfs {
namespace {

// The exit status for a child that ended without a report; what it had to say it has said, unless a signal ended it.
int status_of_ended_child(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  std::cerr << "statusfs: the mount's process was ended by signal " << WTERMSIG(status)
            << " before the mount answered\n";
  return static_cast<int>(ExitStatus::mount_failed);
}

[[noreturn]] void wait_for_report(UniqueFd from_child, pid_t child) {
  char byte = 0;
  ssize_t size = 0;
  while ((size = read(from_child.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  _exit(size == 1 ? EXIT_SUCCESS : status_of_ended_child(child));
}

void leave_terminal() {
  if (chdir("/") != 0) return;
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return;
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), standard);
}

}  // namespace

std::vector<int> inherited_descriptors() {
  std::vector<int> listed, inherited;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error))
    listed.push_back(std::stoi(entry.path().filename().string()));
  for (const int descriptor : listed) {
    const int flags = fcntl(descriptor, F_GETFD);  // -1: the list was read through it
    if (descriptor > STDERR_FILENO && flags >= 0 && (flags & FD_CLOEXEC) == 0) inherited.push_back(descriptor);
  }
  return inherited;
}

Daemon::Daemon(bool foreground, const std::vector<int>& inherited) {
  if (foreground) return;
  for (const int descriptor : inherited) inherited_.emplace_back(descriptor);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  UniqueFd from_child(ends[0]);
  report_.reset(ends[1]);
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child > 0) {
    report_.reset();
    wait_for_report(std::move(from_child), child);
  }
  setsid();
}

void Daemon::require_awaited() const {
  if (!report_) return;
  pollfd end{report_.get(), 0, 0};
  if (poll(&end, 1, 0) > 0 && (end.revents & POLLERR))
    throw CommandError(ExitStatus::mount_failed, "the command was ended before it had mounted");
}

void Daemon::report_ready() noexcept {
  if (!report_) return;
  leave_terminal();
  inherited_.clear();
  const char byte = 1;
  ssize_t size = 0;
  while ((size = write(report_.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  if (size < 0) kill(getpid(), SIGTERM);
  report_.reset();
}

}  // namespace statusfs
