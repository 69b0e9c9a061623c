// What a file system has to do for a write that keeps the promises of statusfs, and nothing else: no document is read,
// no value judged, no patch made. Beside the bare file system it says how near to that one any such file system could
// come.
#pragma once

#include <sys/types.h>

#include <string>

#include "fs/unique_fd.hpp"

namespace bench {

/// Thread safety: any thread.
class Promises {
 public:
  /// The directory of the JSON and the journal that are looked at (nobody may have changed them, and where a plan would
  /// stand there is none). Makes both files. Throws std::runtime_error.
  explicit Promises(const std::string& directory);

  /// Which process and session a request comes from, as any request that may be refused has to know.
  void identify(pid_t thread) const;
  /// Of a write: who made it (its environment), a trace id, whether the files are still ours, and the hashes of a task,
  /// of the payload and of the record. 0, or the errno of what failed.
  int prepare_write(pid_t thread) const;

 private:
  const std::string plan_, document_, journal_;
  statusfs::UniqueFd open_journal_;
};

}  // namespace bench
