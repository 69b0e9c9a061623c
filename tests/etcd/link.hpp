// A link between a host and an etcd member that can be slow, and lose or change what is sent over it.
#pragma once

#include <chrono>
#include <string>

#include "tests/mount/command.hpp"

namespace statusfs::test {

/// Ends with its object.
class Link {
 public:
  /// Leads to the member at etcd://HOST:PORT/PREFIX; `delay` is that of each direction. Throws std::runtime_error.
  Link(const std::string& member_url, std::chrono::milliseconds delay, const std::filesystem::path& log);

  const std::string& url() const { return url_; }  ///< the same prefix through the link

  // Each has taken effect when it returns. Throw std::runtime_error.

  void lose_answers();   ///< of transactions, from now on
  void lose_requests();  ///< those that are transactions, from now on
  void deny_space();     ///< transactions go through, and the answer says that etcd is full
  void lose_nothing();
  /// How many transactions were lost, or their answers.
  std::size_t losses() const;

 private:
  std::size_t count_of(const std::string& line) const;
  void set(int signal, const std::string& what);

  std::string url_;
  Process process_;
};

}  // namespace statusfs::test
