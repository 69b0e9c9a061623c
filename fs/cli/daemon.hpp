// Going to the background once the work has begun.
#pragma once

#include <string>
#include <vector>

#include "fs/unique_fd.hpp"

namespace statusfs {

/// What whoever started the process left open in it, beyond standard error. To be asked before anything else is opened:
/// a library may not care whether its own is inherited.
std::vector<int> inherited_descriptors();

/// The process forks when this is made: the child goes on, the parent waits inside the constructor until the child
/// reports and then exits with the child's answer. So whoever started the command knows that the mount answers when it
/// returns. To be made before any thread, lock or mount.
class Daemon {
 public:
  /// `foreground`: nothing is forked, reports go nowhere, and what was inherited stays open.
  Daemon(bool foreground, const std::vector<int>& inherited);

  /// Throws CommandError(mount_failed) where the parent was ended meanwhile: whoever started the command has been told
  /// that it came to nothing.
  void require_awaited() const;
  /// The parent exits with 0; this process leaves its terminal and the files that whoever started it had open (a lock,
  /// as of flock(1), would be held as long as the mount lasts), and is told to end (SIGTERM) where nobody waits for it
  /// any more. The first call counts. Any thread.
  void report_ready() noexcept;

 private:
  std::vector<UniqueFd> inherited_;  ///< held until the options that may name them were read
  UniqueFd report_;
};

}  // namespace statusfs
