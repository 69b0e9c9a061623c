#include "fs/store/etcd/etcd_address.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace statusfs {
namespace {

TEST(EtcdAddressTest, NamesMembersAndPrefix) {
  const EtcdAddress address = EtcdAddress::of("etcd://one:2379,10.0.0.2:2380,[::1]:2379/team/plans/");
  EXPECT_EQ((std::vector<std::string>{"one:2379", "10.0.0.2:2380", "[::1]:2379"}), address.endpoints);
  EXPECT_EQ("/team/plans", address.prefix);
}

TEST(EtcdAddressTest, RefusesWhatIsNone) {
  for (const char* text : {"etcd://", "etcd:///plans", "etcd://one:2379", "etcd://one:2379/", "etcd://one/plans",
                           "etcd://one:x/plans", "etcd://user:pw@one:2379/plans", "http://one:2379/plans",
                           "etcd://one:2379,,two:2379/plans", "etcd://one:2379,/plans", "etcd://,one:2379/plans",
                           "etcd://one:0/plans", "etcd://one:65536/plans", "etcd://one:-1/plans"})
    EXPECT_THROW(EtcdAddress::of(text), std::runtime_error) << text;
}

}  // namespace
}  // namespace statusfs
