// A network that is slow or loses answers, and a host whose clock is wrong: nothing acknowledged is lost, nothing is
// written twice, and what is not known is said and found out.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "tests/etcd/hosts_test.hpp"

namespace statusfs::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class NetworkTest : public HostsTest {
 protected:
  void SetUp() override {
    HostsTest::SetUp();
    import_source();
  }

  static std::string field() { return std::string("tasks/") + first_task + "/percent_complete"; }

  // Each host appends so many lines, from several writers; those that were acknowledged.
  std::multiset<std::string> append_from_all(std::size_t hosts, int writers, int lines) {
    std::mutex mutex;
    std::multiset<std::string> acknowledged;
    std::vector<std::thread> threads;
    for (std::size_t host = 0; host < hosts; ++host)
      for (int writer = 0; writer < writers; ++writer)
        threads.emplace_back([&, host, writer] {
          for (int line = 0; line < lines; ++line) {
            const std::string text = std::to_string(host) + "-" + std::to_string(writer) + "-" + std::to_string(line);
            int error = EBUSY;  // other hosts were first for five seconds: nothing was written, and it is asked again
            while (error == EBUSY) error = append_file(at(host, "achievements"), text + "\n");
            const std::lock_guard lock(mutex);
            EXPECT_EQ(0, error) << text << "\n" << errors_of(host);
            if (error == 0) acknowledged.insert(text);
          }
        });
    for (std::thread& thread : threads) thread.join();
    return acknowledged;
  }

  int records_with(int percent) {
    int count = 0;
    for (const Json& record : exported_journal())
      for (const Json& operation : record["patch"])
        count += operation["path"].get<std::string>().ends_with("/percent_complete") && operation["value"] == percent;
    return count;
  }
};

TEST_F(NetworkTest, AHundredMillisecondsEachWayLoseNothing) {
  for (std::size_t host = 0; host < 3; ++host) mount_host(host, add_link(host, milliseconds(100)).url());
  const auto begin = steady_clock::now();
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  EXPECT_GE(steady_clock::now() - begin, milliseconds(200)) << "the link is not slow";
  for (const std::size_t host : {1, 2}) EXPECT_TRUE(eventually([&] { return read_at(host, field()) == "5\n"; }));
  const auto acknowledged = append_from_all(3, 3, 2);
  EXPECT_EQ(18u, acknowledged.size());
  EXPECT_EQ(acknowledged, achievements_in(exported_journal()));
  expect_no_gap_in_g({125});
}

// What makes the write right was done on another host, and its news is still on the way.
TEST_F(NetworkTest, NothingIsRefusedForWhatHasChangedMeanwhile) {
  const std::string status = std::string("tasks/") + first_task + "/status";
  mount_host(0);
  mount_host(1, add_link(1, milliseconds(100)).url());
  EXPECT_EQ(EINVAL, write_file(at(1, status), "ACTIVE\n")) << "it is not ready";
  ASSERT_EQ(0, write_file(at(0, std::string("tasks/") + first_task + "/readiness_check/status"), "PASSED\n"));
  EXPECT_EQ(0, write_file(at(1, status), "ACTIVE\n")) << errors_of(1);
  EXPECT_EQ(EINVAL, write_file(at(1, field()), "101\n")) << "what is wrong stays wrong";
  expect_no_gap_in_g({125});
}

// A value that only this host still takes for the newest is a change, and no test of it passes.
TEST_F(NetworkTest, WhatChangesNothingHereIsJudgedByWhatOthersWrote) {
  mount_host(0);
  mount_host(1, add_link(1, milliseconds(100)).url());
  const std::string patch = R"([{"op": "test", "path": "/percent_complete", "value": 5},
                                {"op": "replace", "path": "/percent_complete", "value": 5}])";
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(0, write_file(at(1, field()), "5\n")) << errors_of(1);
    ASSERT_TRUE(eventually([&] { return read_at(0, field()) == "5\n"; }));
    ASSERT_EQ(0, write_file(at(0, field()), "6\n"));
    EXPECT_EQ(0, write_file(at(1, field()), "5\n")) << errors_of(1);
    EXPECT_EQ("5\n", read_at(1, field()));
    EXPECT_TRUE(eventually([&] { return read_at(0, field()) == "5\n"; }));
    ASSERT_EQ(0, write_file(at(0, field()), "7\n"));
    EXPECT_EQ(ECANCELED, write_file(at(1, std::string("tasks/") + first_task + "/task.json"), patch));
  }
  expect_no_gap_in_g({125});
}

// What is new has come by the time that it has taken over what was new before.
TEST_F(NetworkTest, ASlowHostHasItsTurnWhileAQuickOneWritesWithoutPause) {
  mount_host(0);
  mount_host(1, add_link(1, milliseconds(10)).url());
  std::jthread quick([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_EQ(0, append_file(at(0, "achievements"), "quick\n")) << errors_of(0);
  });
  std::this_thread::sleep_for(milliseconds(100));
  const auto begin = steady_clock::now();
  for (int line = 0; line < 15; ++line) EXPECT_EQ(0, append_file(at(1, "achievements"), "slow\n")) << errors_of(1);
  EXPECT_LT(steady_clock::now() - begin, seconds(6) * slowness());
  quick.request_stop();
  quick.join();
  EXPECT_EQ(15u, achievements_in(exported_journal()).count("slow"));
  expect_no_gap_in_g({125});
}

TEST_F(NetworkTest, AnAnswerThatNeverComesIsAnUnknownOutcomeThatIsFoundOut) {
  mount_host(0, add_link(0, milliseconds(0)).url());
  mount_host(1, cluster().url_of(1));
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  link(0).lose_answers();
  const auto begin = steady_clock::now();
  EXPECT_EQ(EIO, write_file(at(0, field()), "6\n"));
  EXPECT_LT(steady_clock::now() - begin, seconds(15) * slowness());
  EXPECT_NE(std::string::npos, errors_of(0).find("outcome unknown")) << errors_of(0);
  link(0).lose_nothing();
  EXPECT_TRUE(eventually([&] { return errors_of(0).find("was written") != std::string::npos; }, seconds{20}))
      << errors_of(0);
  EXPECT_TRUE(eventually([&] { return read_at(1, field()) == "6\n" && read_at(0, field()) == "6\n"; }));
  EXPECT_TRUE(eventually([&] { return write_file(at(0, field()), "7\n") == 0; })) << errors_of(0);
  EXPECT_EQ(1, records_with(6)) << "it was written once";
  expect_no_gap_in_g({125});
}

TEST_F(NetworkTest, ATransactionThatNeverArrivesIsFoundOutNotToBeThere) {
  mount_host(0, add_link(0, milliseconds(0)).url());
  mount_host(1, cluster().url_of(1));
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  link(0).lose_requests();
  EXPECT_EQ(EIO, write_file(at(0, field()), "6\n"));
  EXPECT_EQ("5\n", read_at(1, field()));
  link(0).lose_nothing();
  EXPECT_TRUE(eventually([&] { return errors_of(0).find("was not written and never will be") != std::string::npos; },
                         seconds{20}))
      << errors_of(0);
  EXPECT_TRUE(eventually([&] { return write_file(at(0, field()), "7\n") == 0; })) << errors_of(0);
  EXPECT_TRUE(eventually([&] { return read_at(1, field()) == "7\n"; }));
  EXPECT_EQ(0, records_with(6));
  expect_no_gap_in_g({125});
}

// Whoever saw foreign content and could not set it aside finds that another host did.
TEST_F(NetworkTest, WhatAnotherHostSetAsideAndReconciledIsForeignNoMore) {
  mount_host(0, add_link(0, milliseconds(0)).url());
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  link(0).lose_requests();
  const std::size_t before = link(0).losses();
  ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/head/exec_status_125", "{\"nonsense\": true}"}).exit_status);
  ASSERT_TRUE(eventually([&] { return link(0).losses() > before; })) << "host 0 tried";
  mount_host(1);
  ASSERT_TRUE(eventually([&] { return read_at(1, "partition_status") == "PARTITIONED\n"; }));
  ASSERT_EQ(0, write_file(at(1, ".control"), "{\"command\": \"reconcile\", \"resolution\": \"ours\"}")) << errors_of(1);
  link(0).lose_nothing();
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "CONSISTENT\n"; })) << errors_of(0);
  EXPECT_TRUE(eventually([&] { return write_file(at(0, field()), "6\n") == 0; })) << errors_of(0);
  EXPECT_EQ(0, write_file(at(1, field()), "7\n")) << errors_of(1);
  const auto is_quarantine = [](const Json& record) { return record["op"] == "quarantine"; };
  const std::vector<Json> journal = exported_journal();
  EXPECT_EQ(1, std::ranges::count_if(journal, is_quarantine));
}

// Its transaction arrived, and nobody told it.
TEST_F(NetworkTest, WhatAHostSetAsideWithoutHearingOfItIsRecorded) {
  mount_host(0, add_link(0, milliseconds(0)).url());
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  link(0).lose_answers();
  ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/head/exec_status_125", "{\"nonsense\": true}"}).exit_status);
  const auto copies = [&] { return cluster().etcdctl({"get", "--prefix", "--keys-only", "/plans/foreign/"}).output; };
  ASSERT_TRUE(eventually([&] { return copies().find("exec_status_125/1") != std::string::npos; }));
  link(0).lose_nothing();
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; })) << errors_of(0);
  EXPECT_EQ(std::string::npos, copies().find("exec_status_125/2"));
  const std::vector<Json> journal = exported_journal();
  EXPECT_EQ("quarantine", journal.back()["op"]);
}

TEST_F(NetworkTest, AConnectionThatBreaksBehindATransactionWritesItOnce) {
  mount_host(0, add_link(0, milliseconds(0)).url());
  ASSERT_EQ(0, append_file(at(0, "achievements"), "before\n")) << errors_of(0);
  link(0).lose_answers();
  std::thread writer([&] { EXPECT_EQ(0, append_file(at(0, "achievements"), "at the break\n")) << errors_of(0); });
  EXPECT_TRUE(eventually([&] { return link(0).losses() > 0; }));
  link(0).lose_nothing();
  writer.join();
  ASSERT_EQ(0, append_file(at(0, "achievements"), "after\n")) << errors_of(0);
  EXPECT_EQ((std::multiset<std::string>{"before", "at the break", "after"}), achievements_in(exported_journal()));
  expect_no_gap_in_g({125});
}

TEST_F(NetworkTest, WhatEtcdAppliedIsWrittenThoughItSaysThatItIsFull) {
  mount_host(0, add_link(0, milliseconds(0)).url());
  mount_host(1, cluster().url_of(1));
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  link(0).deny_space();
  EXPECT_EQ(0, write_file(at(0, field()), "6\n")) << errors_of(0);
  link(0).lose_nothing();
  EXPECT_TRUE(eventually([&] { return read_at(1, field()) == "6\n" && read_at(0, field()) == "6\n"; }));
  EXPECT_EQ(0, write_file(at(0, field()), "7\n")) << errors_of(0);
  EXPECT_EQ(1, records_with(6));
  expect_no_gap_in_g({125});
}

TEST_F(NetworkTest, AClockThatIsAnHourAheadChangesNoOrder) {
  mount_host(0);
  CommandOptions ahead;
  ahead.environment["LD_PRELOAD"] = "/usr/$LIB/faketime/libfaketime.so.1";
  ahead.environment["FAKETIME"] = "+3600";
  ahead.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
  mount_host(1, {}, {}, ahead);
  for (int percent = 1; percent <= 10; ++percent)
    ASSERT_EQ(0, write_file(at(static_cast<std::size_t>(percent % 2), field()), std::to_string(percent) + "\n"))
        << errors_of(0) << errors_of(1);
  for (const std::size_t host : {0, 1}) EXPECT_TRUE(eventually([&] { return read_at(host, field()) == "10\n"; }));
  EXPECT_TRUE(eventually([&] { return read_error(mount_of(0) / ".statusfs" / "hosts" / "host1") == 0; }));
  int previous = 0, ahead_of_us = 0;
  const std::string now = bash("date --utc +%FT%TZ").output;
  for (const Json& record : exported_journal()) {
    EXPECT_GT(record["v"].get<int>(), previous);
    previous = record["v"].get<int>();
    ahead_of_us += record["time"].get<std::string>() > now;
  }
  EXPECT_EQ(5, ahead_of_us) << "the clock was not moved";
  expect_no_gap_in_g({125});
  daemon(1).send(SIGKILL);
  daemon(1).wait();
  EXPECT_TRUE(
      eventually([&] { return read_error(mount_of(0) / ".statusfs" / "hosts" / "host1") == ENOENT; }, seconds{12}));
}

}  // namespace
}  // namespace statusfs::test
