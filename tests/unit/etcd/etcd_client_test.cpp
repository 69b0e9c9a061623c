// Which member of a cluster is asked.
#include "fs/store/etcd/etcd_client.hpp"

#include <gtest/gtest.h>

#include "tests/unit/etcd/grpc_server.hpp"

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

TEST(EtcdClientTest, SendsATransactionOnceThoughItsConnectionBreaks) {
  const auto empty_answer = [] { return GrpcAnswer{}; };
  test::GrpcServer one(empty_answer), two(empty_answer);
  EtcdAccess access;
  access.endpoints = {one.endpoint(), two.endpoint()};
  EtcdClient client(access);
  client.transact({});
  try {
    client.transact({});  // the server closes the connection behind the request
    ADD_FAILURE() << "it was sent again and answered";
  } catch (const EtcdError& error) {
    EXPECT_EQ(EtcdError::Kind::unknown, error.kind()) << error.what();
  }
  EXPECT_EQ(2, one.calls());
  EXPECT_EQ(0, two.calls());
}

}  // namespace
}  // namespace statusfs
