#include "tests/etcd/etcd_cluster.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

// Every test process has a loopback address of its own, so that the ports of tests that run side by side never meet,
// not even when a member is started again after its port was free for a while.
std::string own_address() {
  const auto process = static_cast<unsigned>(::getpid());  // 22 bits at most
  return "127." + std::to_string(64 + (process >> 16)) + "." + std::to_string(process >> 8 & 0xff) + "." +
         std::to_string(process & 0xff);
}

constexpr int first_client_port = 12'379, first_peer_port = 12'479;  // below those that connections are given

void run_checked(const Arguments& arguments) {
  const CommandResult result = run_command(arguments);
  if (result.exit_status != 0) throw std::runtime_error(arguments.front() + ": " + result.error);
}

}  // namespace

EtcdCluster::EtcdCluster(Path directory, std::size_t members, Arguments arguments, bool tls)
    : directory_(std::move(directory)),
      arguments_(std::move(arguments)),
      tls_(tls),
      address_(own_address()),
      members_(members) {
  std::filesystem::create_directories(directory_);
  if (tls_) make_certificates();
  for (std::size_t member = 0; member < members; ++member) start(member, true);
  await_health();
}

EtcdCluster::~EtcdCluster() {
  for (Member& member : members_)
    if (member.process && member.process->is_running()) {
      member.process->send(SIGKILL);
      member.process->wait();
    }
}

std::string EtcdCluster::client_url(std::size_t member) const {
  return (tls_ ? "https://" : "http://") + client_endpoint(member);
}

std::string EtcdCluster::client_endpoint(std::size_t member) const {
  return address_ + ":" + std::to_string(first_client_port + member);
}

std::string EtcdCluster::peer_url(std::size_t member) const {
  return "http://" + address_ + ":" + std::to_string(first_peer_port + member);
}

void EtcdCluster::start(std::size_t number, bool is_new) {
  const std::string name = "m" + std::to_string(number);
  const std::string peer = peer_url(number);
  std::string cluster;
  for (std::size_t member = 0; member < members_.size(); ++member)
    cluster += (member ? "," : "") + ("m" + std::to_string(member)) + "=" + peer_url(member);
  Arguments arguments = {"setpriv",
                         "--pdeathsig",
                         "KILL",
                         "--",
                         "etcd",
                         "--name",
                         name,
                         "--data-dir",
                         (directory_ / name).string(),
                         "--logger",
                         "zap",
                         "--listen-client-urls",
                         client_url(number),
                         "--advertise-client-urls",
                         client_url(number),
                         "--listen-peer-urls",
                         peer,
                         "--initial-advertise-peer-urls",
                         peer,
                         "--initial-cluster",
                         cluster,
                         "--initial-cluster-state",
                         is_new ? "new" : "existing"};
  if (tls_) {
    const Arguments of_tls = {"--client-cert-auth",
                              "--trusted-ca-file",
                              certificate("ca.pem").string(),
                              "--cert-file",
                              certificate("server.pem").string(),
                              "--key-file",
                              certificate("server.key").string()};
    arguments.insert(arguments.end(), of_tls.begin(), of_tls.end());
  }
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  members_[number].process = std::make_unique<Process>(arguments, CommandOptions{}, directory_ / (name + ".log"));
}

void EtcdCluster::make_certificates() {
  const auto path = [&](const std::string& name) { return certificate(name).string(); };
  put_file(certificate("extensions"), "subjectAltName=IP:" + address_ + "\nextendedKeyUsage=serverAuth,clientAuth\n");
  for (const std::string authority : {"ca", "other-ca"})
    run_checked({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=" + authority, "-keyout", path(authority + ".key"), "-out",
                 path(authority + ".pem")});
  struct Certificate {
    std::string name, authority, subject;
  };
  // While etcd's users are switched on a CommonName is that of a user.
  const std::vector<Certificate> certificates = {{"server", "ca", "/O=server"},
                                                 {"client", "ca", "/O=client"},
                                                 {"agent", "ca", "/CN=agent"},
                                                 {"stranger", "other-ca", "/O=stranger"}};
  for (const auto& [name, authority, subject] : certificates) {
    run_checked({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                 subject, "-keyout", path(name + ".key"), "-out", path(name + ".csr")});
    run_checked({"openssl", "x509", "-req", "-in", path(name + ".csr"), "-CA", path(authority + ".pem"), "-CAkey",
                 path(authority + ".key"), "-CAcreateserial", "-days", "2", "-extfile", path("extensions"), "-out",
                 path(name + ".pem")});
  }
}

std::string EtcdCluster::url(const std::string& prefix) const {
  std::string hosts;
  for (std::size_t member = 0; member < members_.size(); ++member)
    hosts += (hosts.empty() ? "" : ",") + client_endpoint(member);
  return "etcd://" + hosts + "/" + prefix;
}

std::string EtcdCluster::url_of(std::size_t member, const std::string& prefix) const {
  return "etcd://" + client_endpoint(member) + "/" + prefix;
}

void EtcdCluster::kill(std::size_t member) {
  members_[member].process->send(SIGKILL);
  members_[member].process->wait();
}

void EtcdCluster::restart(std::size_t member) { start(member, false); }

void EtcdCluster::stop(std::size_t member) {
  Process& process = *members_[member].process;
  process.send(SIGSTOP);
  siginfo_t stopped{};
  while (::waitid(P_PID, static_cast<id_t>(process.pid()), &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0)
    if (errno != EINTR) throw std::runtime_error("etcd cannot be stopped");
  if (stopped.si_code != CLD_STOPPED) throw std::runtime_error("etcd has ended:\n" + process.log());
}

void EtcdCluster::go_on(std::size_t member) { members_[member].process->send(SIGCONT); }

CommandResult EtcdCluster::etcdctl(const Arguments& arguments) {
  std::string endpoints;
  for (std::size_t member = 0; member < members_.size(); ++member)
    endpoints += (member ? "," : "") + client_url(member);
  Arguments all = {"etcdctl", "--endpoints", endpoints};
  if (tls_) {
    const Arguments of_tls = {"--cacert", certificate("ca.pem").string(),
                              "--cert",   certificate("client.pem").string(),
                              "--key",    certificate("client.key").string()};
    all.insert(all.end(), of_tls.begin(), of_tls.end());
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  CommandOptions options;
  options.environment["ETCDCTL_API"] = "3";
  return run_command(all, options);
}

void EtcdCluster::await_health() {
  const bool is_healthy = eventually(
      [&] {
        return etcdctl({"endpoint", "health"}).exit_status == 0;
      },
      std::chrono::seconds{40});
  if (!is_healthy) throw std::runtime_error("etcd does not answer:\n" + members_.front().process->log());
}

std::optional<std::size_t> EtcdCluster::leader_now() {
  const auto status = nlohmann::json::parse(etcdctl({"endpoint", "status", "-w", "json"}).output, nullptr, false);
  if (!status.is_array()) return std::nullopt;
  for (std::size_t member = 0; member < members_.size(); ++member)
    for (const auto& one : status)
      if (one["Endpoint"] == client_url(member) && one["Status"]["leader"] == one["Status"]["header"]["member_id"])
        return member;
  return std::nullopt;
}

std::size_t EtcdCluster::leader() {
  std::optional<std::size_t> found;
  if (!eventually([&] { return (found = leader_now()).has_value(); }))
    throw std::runtime_error("the cluster has no leader");
  return *found;
}

}  // namespace statusfs::test
