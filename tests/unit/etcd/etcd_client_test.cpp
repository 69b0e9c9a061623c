// Which member of a cluster is asked.
#include "fs/store/etcd/etcd_client.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

TEST(EtcdClientTest, TurnsFromAMemberOnceHoweverManyFoundThatItHangs) {
  EtcdAccess access;
  access.endpoints = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
  EtcdClient client(access);
  EXPECT_EQ(0U, client.preferred_member());
  client.avoid(0);
  client.avoid(0);
  EXPECT_EQ(1U, client.preferred_member());
  client.avoid(2);
  EXPECT_EQ(1U, client.preferred_member());
  client.avoid(1);
  client.avoid(2);
  EXPECT_EQ(0U, client.preferred_member());
}

}  // namespace
}  // namespace statusfs
