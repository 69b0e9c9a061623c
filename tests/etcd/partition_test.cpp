// A host that is cut off from the majority: it reads, it does not write, and it says so.
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "tests/etcd/hosts_test.hpp"

namespace statusfs::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class PartitionTest : public HostsTest {
 protected:
  void SetUp() override {
    HostsTest::SetUp();
    import_source();
  }
  bool is_consistent(std::size_t host) const {
    const std::string status = read_at(host, "partition_status");
    return status != "PARTITIONED\n" && status != "RECONCILING\n";
  }
  static std::string field() { return std::string("tasks/") + first_task + "/percent_complete"; }
  std::string endpoint(std::size_t member) {
    const std::string url = cluster().url_of(member).substr(std::string("etcd://").size());
    return url.substr(0, url.find('/'));
  }
  static void end(std::vector<std::jthread>& writers) {
    for (std::jthread& writer : writers) writer.request_stop();
    for (std::jthread& writer : writers) writer.join();
  }
  // Both hosts write while members that `victim` names are killed and started again.
  void expect_nothing_lost_with(const std::function<std::size_t()>& victim) {
    mount_hosts(2);
    std::mutex mutex;
    std::multiset<std::string> acknowledged;
    std::vector<std::jthread> writers;
    for (const std::size_t host : {0, 1})
      writers.emplace_back([&, host](const std::stop_token& stop) {
        for (int number = 0; !stop.stop_requested(); ++number) {
          const std::string text = "h" + std::to_string(host) + "n" + std::to_string(number);
          if (append_file(at(host, "achievements"), text + "\n") == 0) {
            const std::lock_guard lock(mutex);
            acknowledged.insert(text);
          }
        }
      });
    for (int round = 0; round < fault_rounds(); ++round) {
      std::this_thread::sleep_for(milliseconds(500));
      const std::size_t member = victim();
      cluster().kill(member);
      std::this_thread::sleep_for(milliseconds(2500));
      cluster().restart(member);
      cluster().await_health();
    }
    EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") != "PARTITIONED\n"; }, seconds{20}));
    std::this_thread::sleep_for(milliseconds(500));
    end(writers);
    EXPECT_FALSE(acknowledged.empty());
    export_and_verify();
    const auto written = achievements_in(exported_journal());
    for (const std::string& text : acknowledged) EXPECT_EQ(1U, written.count(text)) << text;
    for (const std::string& text : written) EXPECT_EQ(1U, written.count(text)) << text;
    expect_no_gap_in_g({125});
  }
};

TEST_F(PartitionTest, WithoutAQuorumAHostIsReadOnlyAndSaysSo) {
  mount_hosts(2);
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  const std::string stored = read_at(0, "status.json");
  cluster().stop(0);
  cluster().stop(1);
  std::this_thread::sleep_for(milliseconds(100));  // longer than QuorumMonitor::proof_lasts
  const auto began = steady_clock::now();
  EXPECT_EQ(EROFS, write_file(at(0, field()), "6\n"));
  EXPECT_LT(steady_clock::now() - began, milliseconds(3000) * slowness());
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; }, seconds{3}));
  EXPECT_TRUE(eventually([&] { return read_at(1, "partition_status") == "PARTITIONED\n"; }, seconds{3}));
  EXPECT_EQ("5\n", read_at(0, field()));
  EXPECT_EQ(stored, read_at(0, "status.json"));
  EXPECT_EQ(EROFS, write_file(at(1, field()), "6\n"));
  EXPECT_NE(std::string::npos, errors_of(0).find("no quorum"));
  cluster().go_on(0);
  cluster().go_on(1);
  EXPECT_TRUE(eventually([&] { return is_consistent(0); }));
  EXPECT_TRUE(eventually([&] { return write_file(at(0, field()), "7\n") == 0; }));
  EXPECT_TRUE(eventually([&] { return read_at(1, field()) == "7\n"; }));
  for (const Json& record : exported_journal())
    EXPECT_EQ(std::string::npos, record["patch"].dump().find("percent_complete\",\"value\":6"))
        << "refused and applied";
}

// One host speaks only to the member that is cut off, the others to the rest.
TEST_F(PartitionTest, BothSidesWriteAndNothingIsLostOrDoubled) {
  mount_host(0, cluster().url_of(0));
  mount_host(1, "etcd://" + endpoint(1) + "," + endpoint(2) + "/plans");
  std::mutex mutex;
  std::multiset<std::string> acknowledged;
  std::set<std::string> refused;
  std::vector<std::jthread> writers;
  for (const std::size_t host : {0, 1})
    writers.emplace_back([&, host](const std::stop_token& stop) {
      for (int number = 0; !stop.stop_requested(); ++number) {
        const std::string text = "h" + std::to_string(host) + "n" + std::to_string(number);
        const int error = append_file(at(host, "achievements"), text + "\n");
        {
          const std::lock_guard lock(mutex);
          if (error == 0) acknowledged.insert(text);
          if (error == EROFS) refused.insert(text);
        }
        std::this_thread::sleep_for(milliseconds(20));
      }
    });
  const auto none_was_refused = [&] {
    const std::lock_guard lock(mutex);
    return refused.empty();
  };
  // A write that was on its way when the member stopped waits for its outcome, and the next one behind it: then nothing
  // is refused in this round.
  for (int round = 0; round < fault_rounds() || (round < fault_rounds() + 8 && none_was_refused()); ++round) {
    std::this_thread::sleep_for(milliseconds(500));
    cluster().stop(0);
    std::this_thread::sleep_for(load_factor() > 1 ? seconds(10) : seconds(4));
    cluster().go_on(0);
    EXPECT_TRUE(eventually([&] { return is_consistent(0); }, seconds{20}));
    std::this_thread::sleep_for(milliseconds(300));
  }
  end(writers);
  export_and_verify();
  const auto written = achievements_in(exported_journal());
  for (const std::string& text : acknowledged) EXPECT_EQ(1U, written.count(text)) << text;
  for (const std::string& text : refused) EXPECT_EQ(0U, written.count(text)) << text << " was refused and applied";
  for (const std::string& text : written) EXPECT_EQ(1U, written.count(text)) << text;
  EXPECT_FALSE(refused.empty());
  expect_no_gap_in_g({125});
}

// The host's own writes go through another member meanwhile: nothing but the watch is cut off.
TEST_F(PartitionTest, AWatchWhoseMemberHangsGoesOnAtAnother) {
  make_status_file(200, {"a"});
  import_source();
  mount_host(0, "etcd://" + endpoint(0) + "," + endpoint(1) + "/plans");
  mount_host(1, cluster().url_of(2));
  mount_host(2, cluster().url_of(2));
  const Path other = mount_of(0) / ".statusfs" / "hosts" / "host2";
  ASSERT_TRUE(eventually([&] { return read_error(other) == 0; }));
  cluster().stop(0);
  ASSERT_TRUE(eventually([&] { return append_file(at(0, "achievements"), "it goes on\n") == 0; })) << errors_of(0);
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) append_file(at(0, "achievements"), "and on\n");
  });
  ASSERT_TRUE(eventually([&] { return write_file(at(1, "tasks/a/percent_complete", 200), "5\n") == 0; }))
      << errors_of(1);
  EXPECT_TRUE(eventually([&] { return read_at(0, "tasks/a/percent_complete", 200) == "5\n"; }, seconds{5}));
  daemon(2).send(SIGKILL);
  daemon(2).wait();
  EXPECT_TRUE(eventually([&] { return read_error(other) == ENOENT; }, seconds{12}));
}

TEST_F(PartitionTest, AKilledLeaderLosesNothing) {
  expect_nothing_lost_with([&] { return cluster().leader(); });
}

TEST_F(PartitionTest, AKilledFollowerLosesNothing) {
  expect_nothing_lost_with([&]() -> std::size_t { return cluster().leader() == 0 ? 1 : 0; });
}

TEST_F(PartitionTest, WhoComesBackReconcilesUntilItHasCaughtUp) {
  mount_host(0, add_link(0, milliseconds(300)).url());
  mount_host(1, "etcd://" + endpoint(1) + "," + endpoint(2) + "/plans");
  ASSERT_EQ(0, write_file(at(1, field()), "5\n")) << errors_of(1);
  cluster().stop(0);
  ASSERT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; }));
  ASSERT_TRUE(eventually([&] { return write_file(at(1, field()), "6\n") == 0; })) << errors_of(1);
  cluster().go_on(0);
  std::vector<std::string> seen;
  EXPECT_TRUE(eventually([&] {
    std::string status = read_at(0, "partition_status");
    const bool is_over = status == "CONSISTENT\n";
    if (seen.empty() || seen.back() != status) seen.push_back(std::move(status));
    return is_over;
  }));
  EXPECT_EQ("6\n", read_at(0, field()));
  EXPECT_EQ((std::vector<std::string>{"PARTITIONED\n", "RECONCILING\n", "CONSISTENT\n"}), seen);
}

TEST_F(PartitionTest, AKilledHostLosesNothingAcknowledged) {
  mount_hosts(2);
  std::multiset<std::string> acknowledged;
  for (int round = 0; round < fault_rounds(); ++round) {
    const std::string prefix = "r" + std::to_string(round) + "n";
    std::atomic<bool> has_begun{false};
    std::thread killer([&] {
      eventually([&] { return has_begun.load(); }, seconds{20});
      std::this_thread::sleep_for(milliseconds(400));
      daemon(0).send(SIGKILL);
      daemon(0).wait();
    });
    for (int number = 0; number < 10'000; ++number) {
      const std::string text = prefix + std::to_string(number);
      if (append_file(at(0, "achievements"), text + "\n") != 0) break;
      acknowledged.insert(text);
      has_begun = true;
    }
    killer.join();
    unmount_dead_host(0);
    ASSERT_FALSE(acknowledged.empty());
    ASSERT_EQ(0, append_file(at(1, "achievements"), prefix + ": the other goes on\n")) << errors_of(1);
    mount_host(0);
    ASSERT_EQ(0, append_file(at(0, "achievements"), prefix + ": and so does the first\n")) << errors_of(0);
  }
  const auto written = achievements_in(exported_journal());
  for (const std::string& text : acknowledged) EXPECT_EQ(1U, written.count(text)) << text;
  for (const std::string& text : written) EXPECT_EQ(1U, written.count(text)) << text;
  expect_no_gap_in_g({125});
}

}  // namespace
}  // namespace statusfs::test
