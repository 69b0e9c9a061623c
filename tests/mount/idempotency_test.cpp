// Requests with an idempotency key: replayed, taken over by others, across restarts; and compare-and-swap by version.
#include <signal.h>

#include <cerrno>
#include <thread>

#include "tests/mount/several_users.hpp"

namespace statusfs::test {
namespace {

using Kind = Attempt::Kind;

class IdempotencyTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_sample();
  }
  static std::string achievement(const std::string& key, const std::string& summary = "it works") {
    return "{\"idempotency_key\": \"" + key + "\", \"achievement_summary\": \"" + summary + "\"}\n";
  }
  static std::string wrapped(const std::string& key, int percent) {
    return "{\"idempotency_key\": \"" + key + "\", \"patch\": {\"percent_complete\": " + std::to_string(percent) + "}}";
  }
  const std::string patch_ = "tasks/task_001_scaffold/task.json";
};

TEST_F(IdempotencyTest, AReplaySucceedsAndMakesNoVersion) {
  mount();
  EXPECT_VERSIONS(1, append("achievements", achievement("a")));
  EXPECT_VERSIONS(0, append("achievements", achievement("a")));
  EXPECT_EQ(std::string::npos, read("achievements").find("idempotency_key"));
  EXPECT_VERSIONS(1, write(patch_, wrapped("p", 5)));
  EXPECT_VERSIONS(1, write(patch_, R"({"percent_complete": 6})"));
  EXPECT_VERSIONS(0, write(patch_, wrapped("p", 5)));
  EXPECT_EQ("6\n", read("tasks/task_001_scaffold/percent_complete"));
  const std::string tested =
      R"({"idempotency_key": "t", "patch": [{"op": "test", "path": "/percent_complete", "value": 6},
                                 {"op": "replace", "path": "/percent_complete", "value": 7}]})";
  EXPECT_VERSIONS(1, write(patch_, tested));
  EXPECT_VERSIONS(0, write(patch_, tested));
}

TEST_F(IdempotencyTest, AnotherRequestWithTheKeyIsRefused) {
  mount();
  ASSERT_EQ(0, append("achievements", achievement("a")));
  EXPECT_REFUSED(EINVAL, append("achievements", achievement("a", "something else")));
  ASSERT_EQ(0, write(patch_, wrapped("p", 5)));
  EXPECT_REFUSED(EINVAL, write(patch_, wrapped("p", 6)));
}

TEST_F(IdempotencyTest, AKeyIsOfItsPathAndUser) {
  mount(shared());
  ASSERT_EQ(0, write(patch_, wrapped("p", 5)));
  EXPECT_VERSIONS(1, write("tasks/task_002_api/task.json", wrapped("p", 6)));
  EXPECT_VERSIONS(1, try_one("daemon", {Kind::write, patch_, wrapped("p", 7)}));
  EXPECT_VERSIONS(0, write(patch_, wrapped("p", 5)));
}

TEST_F(IdempotencyTest, AuthorityIsCheckedFirst) {
  Process& daemon = mount_in_foreground(shared());
  const std::string operations =
      R"({"idempotency_key": "o", "patch": [{"op": "replace", "path": "/percent_complete", "value": 8}]})";
  const std::vector<Attempt> attempts{{Kind::append, "achievements", achievement("a")},
                                      {Kind::write, patch_, wrapped("p", 5)},
                                      {Kind::write, patch_, operations}};
  EXPECT_EQ((std::vector<int>{0, 0, 0}), try_all("daemon", attempts));
  write_config("default: {archetype: AUDITOR}\n");
  daemon.send(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("the configuration was read again") != std::string::npos; }));
  EXPECT_EQ((std::vector<int>{EACCES, EACCES, EACCES}), try_all("daemon", attempts));
}

TEST_F(IdempotencyTest, ARefusedRequestIsNotRemembered) {
  mount();
  EXPECT_REFUSED(EINVAL, write(patch_, wrapped("p", 500)));
  EXPECT_VERSIONS(1, write(patch_, wrapped("p", 50)));
}

TEST_F(IdempotencyTest, KeysSurviveARestart) {
  mount();
  ASSERT_EQ(0, append("achievements", achievement("a")));
  unmount();
  mount();
  EXPECT_VERSIONS(0, append("achievements", achievement("a")));
  EXPECT_REFUSED(EINVAL, append("achievements", achievement("a", "something else")));
}

TEST_F(IdempotencyTest, KeysSurviveAKill) {
  for (int round = 0; round < 5; ++round) {
    const std::string key = "round-" + std::to_string(round);
    Process& daemon = mount_in_foreground();
    ASSERT_EQ(0, write(patch_, wrapped(key, round + 1)));
    const int before = version();
    daemon.send(SIGKILL);
    daemon.wait();
    unmount_dead();
    mount();
    EXPECT_EQ(before, version());
    for (int earlier = 0; earlier <= round; ++earlier)
      EXPECT_VERSIONS(0, write(patch_, wrapped("round-" + std::to_string(earlier), earlier + 1)));
    EXPECT_REFUSED(EINVAL, write(patch_, wrapped(key, 99)));
    unmount();
  }
  expect_verified();
}

TEST_F(IdempotencyTest, OfManyAtOnceOneMakesAVersion) {
  mount();
  for (int round = 0; round < 20; ++round) {
    const std::string key = "key-" + std::to_string(round);
    const int before = version();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] { EXPECT_EQ(0, append("achievements", achievement(key))); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(before + 1, version());
  }
}

TEST_F(IdempotencyTest, AVersionCanBeTheCondition) {
  mount();
  const int now = version();
  const auto conditional = [](int version, int percent) {
    return "{\"if_version\": " + std::to_string(version) +
           ", \"patch\": {\"percent_complete\": " + std::to_string(percent) + "}}";
  };
  EXPECT_REFUSED(ECANCELED, write(patch_, conditional(now - 1, 3)));
  EXPECT_VERSIONS(1, write(patch_, conditional(now, 3)));
  EXPECT_REFUSED(ECANCELED, write(patch_, conditional(now, 4)));
  EXPECT_REFUSED(EINVAL, write(patch_, "{\"if_version\": \"x\", \"patch\": {}}"));
}

}  // namespace
}  // namespace statusfs::test
