// The last refusals of a mount, so that a script that only saw "I/O error" can say why.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace statusfs {

struct Refusal {
  std::string time;        ///< RFC 3339
  std::string errno_name;  ///< "EINVAL"
  std::string path;        ///< in the mount
  std::string persona;
  uid_t uid = 0;
  pid_t pid = 0;
  pid_t session = 0;
  std::string message;
};

/// Thread safety: any thread.
class RefusalLog {
 public:
  static constexpr std::size_t capacity = 256;
  /// Stands in place of an errno's name where the request was accepted all the same.
  static constexpr std::string_view warning = "WARNING";

  void add(Refusal refusal);
  /// All that are kept, oldest first, one a line.
  std::string text() const;
  /// The last one (no warning) that this user met in this session, or nothing.
  std::string last_of(uid_t uid, pid_t session) const;

 private:
  mutable std::mutex mutex_;  // guards refusals_; innermost
  std::deque<Refusal> refusals_;
};

}  // namespace statusfs
