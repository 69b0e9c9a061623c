// The last refusals of a mount, so that a script that only saw "I/O error" can say why.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

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
  /// Of so many users and sessions the last refusal is kept, however many others met since.
  static constexpr std::size_t most_sessions = 1024;
  static constexpr std::size_t longest_message = 2048;  ///< bytes; a longer one is cut
  /// Stands in place of an errno's name where the request was accepted all the same.
  static constexpr std::string_view warning = "WARNING";

  void add(Refusal refusal);
  /// All that are kept, oldest first, one a line.
  std::string text() const;
  /// The last one (no warning) that this user met in this session, or nothing.
  std::string last_of(uid_t uid, pid_t session) const;

 private:
  struct Last {
    std::uint64_t number = 0;  ///< they are counted
    std::string line;
  };
  void remember_last(const Refusal& refusal);

  mutable std::mutex mutex_;  // guards all below; innermost
  std::deque<Refusal> refusals_;
  std::map<std::pair<uid_t, pid_t>, Last> last_;  ///< by user and session; no warnings
  std::uint64_t next_number_ = 0;
};

}  // namespace statusfs
