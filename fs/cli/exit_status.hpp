// What a command's exit status means (README, "Exit status").
#pragma once

#include <stdexcept>
#include <string>

namespace statusfs {

enum class ExitStatus {
  done = 0,
  usage = 1,     ///< the command line is not understood
  unusable = 2,  ///< SOURCE or a named file cannot be used, or a check found something
  mount_failed = 3,
  time_is_over = 4,  ///< what `wait` waits for did not happen
};

/// A command cannot go on; what() is one line for the user.
class CommandError : public std::runtime_error {
 public:
  CommandError(ExitStatus status, const std::string& message) : std::runtime_error(message), status_(status) {}
  ExitStatus status() const noexcept { return status_; }

 private:
  ExitStatus status_;
};

/// A message about the file, which names it once: reasons of the store may begin with it.
inline std::string about(const std::string& path, const std::string& reason) {
  return reason.starts_with(path) ? reason : path + ": " + reason;
}

}  // namespace statusfs
