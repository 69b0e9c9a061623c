// What a source tells its observer, and until when.
#include "fs/store/etcd/etcd_source.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/unit/etcd/grpc_server.hpp"

namespace statusfs {
namespace {

struct SlowObserver : StatusSourceObserver {
  std::atomic<bool> is_entered{false}, is_left{false};

  void name_changed(const std::string&) override {}
  void connection_lost(const std::string&) override {
    is_entered = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    is_left = true;
  }
};

TEST(EtcdSourceTest, TellsNothingAfterItStoppedWatching) {
  constexpr int unavailable = 14;
  std::atomic<bool> has_leader{true};
  // Says to everything that there is nothing, as of revision 5, or that it has no leader.
  test::GrpcServer etcd([&] {
    return has_leader ? GrpcAnswer{{}, "\x0a\x02\x18\x05"} : GrpcAnswer{{unavailable, "etcdserver: no leader"}, {}};
  });
  etcd.close_behind_answers();
  EtcdSourceOptions options;
  options.access.endpoints = {etcd.endpoint()};
  options.prefix = "/plans";
  options.host = "here";
  EtcdSource source(options, nullptr);
  SlowObserver observer;
  source.watch(observer);
  has_leader = false;
  for (int wait = 0; wait < 2000 && !observer.is_entered; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(observer.is_entered);
  source.stop_watching();
  EXPECT_TRUE(observer.is_left) << "the observer may be gone now";
}

}  // namespace
}  // namespace statusfs
