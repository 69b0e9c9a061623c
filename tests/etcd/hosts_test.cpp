#include "tests/etcd/hosts_test.hpp"

#include <signal.h>

#include <algorithm>
#include <stdexcept>

namespace statusfs::test {

namespace fs = std::filesystem;

void HostsTest::SetUp() {
  MountedTest::SetUp();
  make_sample();
  start_cluster(3);
}

void HostsTest::TearDown() {
  for (const auto& link : links_) EXPECT_NO_THROW(link->lose_nothing());
  if (cluster_)
    for (std::size_t member = 0; member < cluster_->size(); ++member) cluster_->go_on(member);
  for (std::size_t host = 0; host < hosts_.size(); ++host) {
    if (!hosts_[host]) continue;
    if (hosts_[host]->is_running()) {
      run_command({"fusermount3", "-u", mount_of(host).string()});
      hosts_[host]->wait(std::chrono::seconds{20});
    } else {
      unmount_dead_host(host);
    }
    const int status = hosts_[host]->wait();
    EXPECT_TRUE(status == 0 || hosts_[host]->was_killed()) << "host " << host << " ended with " << status;
    if (HasFailure()) std::fprintf(stderr, "host %zu:\n%s\n", host, hosts_[host]->log().c_str());
  }
  hosts_.clear();
  links_.clear();
  cluster_.reset();
  MountedTest::TearDown();
}

void HostsTest::start_cluster(std::size_t members, const Arguments& arguments, bool tls) {
  cluster_.reset();
  cluster_ = std::make_unique<EtcdCluster>(
      root() / ("etcd" + std::to_string(members) + (tls ? "s" : "") + std::to_string(arguments.size())), members,
      arguments, tls);
}

void HostsTest::import_source(const Arguments& options) {
  Arguments arguments = {"import", source().string(), cluster().url()};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const CommandResult result = statusfs(arguments);
  if (result.exit_status != 0) throw std::runtime_error("statusfs import: " + result.error);
}

void HostsTest::mount_host(std::size_t host, const std::string& url, const std::string& options,
                           const CommandOptions& how) {
  fs::create_directories(mount_of(host));
  if (hosts_.size() <= host) hosts_.resize(host + 1);
  const std::string all = "host=host" + std::to_string(host) + (options.empty() ? "" : "," + options);
  hosts_[host] = std::make_unique<Process>(
      Arguments{binary().string(), url.empty() ? cluster().url() : url, mount_of(host).string(), "-f", "-o", all}, how,
      root() / ("host" + std::to_string(host) + ".log"));
  Process& daemon = *hosts_[host];
  const bool answers =
      eventually([&] { return !daemon.is_running() || read_error(mount_of(host) / ".statusfs" / "version") == 0; },
                 std::chrono::seconds{30});
  if (!answers || !daemon.is_running())
    throw std::runtime_error("host " + std::to_string(host) + " does not mount:\n" + daemon.log());
}

Link& HostsTest::add_link(std::size_t member, std::chrono::milliseconds delay) {
  const Path log = root() / ("link" + std::to_string(links_.size()) + ".log");
  return *links_.emplace_back(std::make_unique<Link>(cluster().url_of(member), delay, log));
}

void HostsTest::mount_hosts(std::size_t count) {
  for (std::size_t host = 0; host < count; ++host) mount_host(host);
}

void HostsTest::unmount_host(std::size_t host) {
  const CommandResult result = statusfs({"umount", mount_of(host).string()});
  if (result.exit_status != 0) throw std::runtime_error("statusfs umount: " + result.error);
  EXPECT_EQ(0, hosts_[host]->wait());
  hosts_[host].reset();
}

void HostsTest::unmount_dead_host(std::size_t host) { run_command({"fusermount3", "-uz", mount_of(host).string()}); }

Path HostsTest::at(std::size_t host, const std::string& path, int number) const {
  return mount_of(host) / ("exec_status_" + std::to_string(number)) / path;
}

void HostsTest::export_and_verify() {
  const Path target = root() / "exported";
  const CommandResult exported = statusfs({"export", cluster().url(), target.string()});
  ASSERT_EQ(0, exported.exit_status) << exported.error;
  const CommandResult verified = statusfs({"verify", target.string()});
  EXPECT_EQ(0, verified.exit_status) << verified.output << verified.error;
  is_exported_ = true;
}

std::vector<Json> HostsTest::exported_journal(int number) {
  if (!is_exported_) export_and_verify();
  std::vector<Json> records;
  for (const std::string& line :
       lines_of(read_file(root() / "exported" / ("exec_status_" + std::to_string(number) + ".txt.journal"))))
    records.push_back(Json::parse(line));
  return records;
}

void HostsTest::expect_no_gap_in_g(const std::vector<int>& numbers) {
  std::vector<std::int64_t> drawn;
  for (const int number : numbers)
    for (const Json& record : exported_journal(number))
      if (record.contains("host")) drawn.push_back(record["g"].get<std::int64_t>());
  std::ranges::sort(drawn);
  for (std::size_t position = 1; position < drawn.size(); ++position)
    EXPECT_EQ(drawn[position - 1] + 1, drawn[position]) << "a gap or a duplicate";
}

std::multiset<std::string> HostsTest::achievements_in(const std::vector<Json>& journal) {
  std::multiset<std::string> found;
  for (const Json& record : journal)
    for (const Json& operation : record["patch"])
      if (operation["path"].get<std::string>().ends_with("/key_achievements_log/-"))
        found.insert(operation["value"]["achievement_summary"].get<std::string>());
  return found;
}

}  // namespace statusfs::test
