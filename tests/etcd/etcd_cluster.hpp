// Real etcd processes on loopback, for the tests of many hosts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/mount/command.hpp"

namespace statusfs::test {

/// Ends its members at the latest in the destructor.
class EtcdCluster {
 public:
  using Path = std::filesystem::path;

  /// Starts the members and waits until they answer. `arguments` are given to each; with `tls` clients must speak TLS
  /// and show a certificate made by make_certificates(). Throws std::runtime_error.
  EtcdCluster(Path directory, std::size_t members, Arguments arguments = {}, bool tls = false);
  ~EtcdCluster();

  /// etcd://HOST:PORT,.../PREFIX; of all members, or of one alone.
  std::string url(const std::string& prefix = "plans") const;
  std::string url_of(std::size_t member, const std::string& prefix = "plans") const;

  void kill(std::size_t member);     ///< SIGKILL
  void restart(std::size_t member);  ///< after kill()
  void stop(std::size_t member);     ///< SIGSTOP: cut off
  void go_on(std::size_t member);    ///< SIGCONT
  /// Waits until there is one. Throws std::runtime_error.
  std::size_t leader();
  std::size_t size() const { return members_.size(); }
  void await_health();

  /// etcdctl with the endpoints of all members.
  CommandResult etcdctl(const Arguments& arguments);

  Path certificate(const std::string& name) const { return directory_ / name; }

 private:
  std::optional<std::size_t> leader_now();
  struct Member {
    std::unique_ptr<Process> process;
  };
  void start(std::size_t member, bool is_new);
  void make_certificates();
  std::string client_url(std::size_t member) const;
  std::string client_endpoint(std::size_t member) const;
  std::string peer_url(std::size_t member) const;

  const Path directory_;
  const Arguments arguments_;
  const bool tls_;
  const std::string address_;
  std::vector<Member> members_;
};

}  // namespace statusfs::test
