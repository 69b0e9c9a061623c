// Reading the labels of a process that may keep whoever reads them waiting.
//
// /proc/PID/environ is read under the lock of that process's memory. A process that touches a page of a mapped field
// holds this lock until the field was read for it; another of its threads, which writes to a field meanwhile, is asked
// for its labels. Read by the thread that should serve the page, they would never come: measured with one and two
// serving threads, where the mount stood still for ever.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>

#include "fs/identity/caller.hpp"

namespace statusfs {

/// Thread safety: any thread.
class LabelReader {
 public:
  using Read = std::function<Labels(pid_t)>;

  /// `patience`: how long a read is waited for. Long, because on a busy machine a thread may come late, and labels that
  /// are left out are missing in the journal for ever.
  explicit LabelReader(Read read = read_labels, std::chrono::milliseconds patience = std::chrono::seconds(1));

  /// The labels, as read_labels() says, or none where they do not come in time. A thread of its own reads them. One
  /// that is late goes on by itself, and meanwhile its process is not asked again.
  Labels read(pid_t pid);

 private:
  struct Shared;
  struct Attempt;
  static void carry_out(Shared& shared, Attempt& attempt);

  const std::shared_ptr<Shared> shared_;  // with threads that may outlive this
  const std::chrono::milliseconds patience_;
};

}  // namespace statusfs
