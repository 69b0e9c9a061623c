// The fixture of the tests of many hosts: a cluster of three members, and mounts that stand for hosts.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/etcd/etcd_cluster.hpp"
#include "tests/etcd/link.hpp"
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {

class HostsTest : public MountedTest {
 protected:
  /// Three members, and the sample in etcd.
  void SetUp() override;
  void TearDown() override;

  EtcdCluster& cluster() { return *cluster_; }
  void start_cluster(std::size_t members, const Arguments& arguments = {}, bool tls = false);
  /// Puts what is in SOURCE into etcd.
  void import_source(const Arguments& options = {});

  /// Mounts as host number `host`; `url` is the cluster's unless another is given. `how` is about the daemon.
  void mount_host(std::size_t host, const std::string& url = {}, const std::string& options = {},
                  const CommandOptions& how = {});
  void mount_hosts(std::size_t count);
  /// A link to one member, for a host that speaks to no other.
  Link& add_link(std::size_t member, std::chrono::milliseconds delay);
  Link& link(std::size_t number) { return *links_.at(number); }
  Process& daemon(std::size_t host) { return *hosts_.at(host); }
  void unmount_host(std::size_t host);
  /// After its death.
  void unmount_dead_host(std::size_t host);

  Path mount_of(std::size_t host) const { return root() / ("host" + std::to_string(host)); }
  /// A place in the tree of a status file, as this host shows it.
  Path at(std::size_t host, const std::string& path, int number = 125) const;
  std::string read_at(std::size_t host, const std::string& path, int number = 125) const {
    return read_file(at(host, path, number));
  }
  std::string errors_of(std::size_t host) const { return read_file(mount_of(host) / ".statusfs" / "errors"); }

  /// Exports everything and verifies it; the journals of all files, by number.
  std::vector<Json> exported_journal(int number = 125);
  void export_and_verify();
  /// Expects that the g of all records of these files, in order, are numbers without gap and duplicate from the first
  /// written one on.
  void expect_no_gap_in_g(const std::vector<int>& numbers);
  /// How many lines of the achievements have this text.
  static std::multiset<std::string> achievements_in(const std::vector<Json>& journal);

  /// How often a fault is made: once, 3 times in the long loops, 50 times in the soak.
  static int fault_rounds() { return load_factor() >= 50 ? 50 : load_factor() > 1 ? 3 : 1; }

 private:
  std::unique_ptr<EtcdCluster> cluster_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<Process>> hosts_;
  bool is_exported_ = false;
};

}  // namespace statusfs::test
