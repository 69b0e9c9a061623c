// What is said of a transaction that was sent, by what two members answer.
#include "fs/store/etcd/commit_sender.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fs/store/etcd/etcd.pb.h"
#include "tests/unit/etcd/grpc_server.hpp"

namespace statusfs {
namespace {

using Became = SendResult::Kind;

constexpr std::int64_t counter_revision = 40;
constexpr LineChange own_place{77, true, false};

const GrpcAnswer no_answer{{grpc_code::unavailable, "who knows"}, {}};
const GrpcAnswer no_space{{grpc_code::resource_exhausted, "etcdserver: mvcc: database space exceeded"}, {}};

/// What etcd holds.
class Held {
 public:
  Held& key(const std::string& key, const std::string& value, std::int64_t modified) {
    protocol::KeyValue& entry = *reads_.add_responses()->mutable_range()->add_kvs();
    entry.set_key(key);
    entry.set_value(value);
    entry.set_mod_revision(modified);
    return *this;
  }
  Held& no_key() {
    reads_.add_responses()->mutable_range();
    return *this;
  }
  /// To a transaction that does not compare as it should, and reads all of it.
  GrpcAnswer lost() const { return {{}, reads_.SerializeAsString()}; }
  /// To a read of the only key.
  GrpcAnswer read() const { return {{}, reads_.responses(0).range().SerializeAsString()}; }

 private:
  protocol::TxnResponse reads_;
};

GrpcAnswer won(std::int64_t revision) {
  protocol::TxnResponse answer;
  answer.mutable_header()->set_revision(revision);
  answer.set_succeeded(true);
  return {{}, answer.SerializeAsString()};
}

CommitBatch one_file(std::size_t size = 1000) {
  const auto item = std::make_shared<PendingCommit>();
  CommitRequest& request = item->request;
  request.name = "one";
  request.head_key = "/p/head/one";
  request.head_revision = 7;
  request.first_g = 11;
  request.last_g = 12;
  request.record_key = "/p/record/one";
  request.record = "the record";
  request.record_hash = "the hash";
  request.size = size;
  return {item};
}

EtcdAccess access_to(std::vector<std::string> endpoints) {
  EtcdAccess access;
  access.endpoints = std::move(endpoints);
  return access;
}

/// Sends to a cluster, of which `counter` is heard.
class Sending {
 public:
  explicit Sending(std::vector<std::string> endpoints) : client_(access_to(std::move(endpoints))) {}
  SendResult send(const LineChange& change = own_place, const CommitBatch& batch = one_file()) {
    return sender_.send(batch, counter_revision, change);
  }
  bool is_nothing_kept() { return unknown_.find_out(); }

  CounterState counter;
  int waits = 0;

 private:
  const CommitKeys keys_{"/p/counter", "/p/waiting/here"};
  EtcdClient client_;
  QuorumMonitor monitor_{client_, keys_.counter, {}};
  UnknownOutcomes unknown_{client_, keys_, {[this](const CounterState& seen) { counter = seen; }, {}}};
  CommitSender sender_{client_, monitor_, unknown_, keys_, [this](std::chrono::milliseconds) {
                         ++waits;
                         return false;
                       }};
};

/// Two members, of which the second is asked what the first does not say.
struct TwoMembers {
  TwoMembers(GrpcAnswer of_first, GrpcAnswer of_second)
      : first([answer = std::move(of_first)] { return answer; }),
        second([answer = std::move(of_second)] { return answer; }) {}

  test::GrpcServer first, second;
  Sending sending{{first.endpoint(), second.endpoint()}};
};

TEST(CommitSenderTest, IsAppliedWhereEtcdSaysSo) {
  TwoMembers members(won(50), no_answer);
  const SendResult result = members.sending.send();
  EXPECT_EQ(Became::applied, result.kind);
  EXPECT_EQ(50, result.revision);
  EXPECT_EQ(own_place.lease, result.change.lease);
  EXPECT_TRUE(result.took);
  EXPECT_EQ(0, members.second.calls());
}

TEST(CommitSenderTest, LosesToAnotherHostAndToItself) {
  Held held;
  held.key("/p/counter", "20", 44).key("/p/head/one", "", 7);
  TwoMembers others(Held(held).key("/p/record/one", "another record", 44).lost(), no_answer);
  const SendResult lost = others.sending.send();
  EXPECT_EQ(Became::lost_race, lost.kind);
  EXPECT_EQ(3U, lost.answer.reads.size());
  EXPECT_EQ(own_place.lease, lost.change.lease);
  EXPECT_TRUE(lost.took);

  TwoMembers own(Held(held).key("/p/record/one", "the record", 43).lost(), no_answer);
  const SendResult before = own.sending.send();
  EXPECT_EQ(Became::applied_before, before.kind);
  EXPECT_EQ(43, before.revision);
  EXPECT_EQ(3U, before.answer.reads.size());
}

TEST(CommitSenderTest, FindsByAFenceThatItWasApplied) {
  TwoMembers members(no_answer, Held().key("/p/counter", "12", 44).key("/p/record/one", "the record", 44).lost());
  const SendResult result = members.sending.send();
  EXPECT_EQ(Became::found_applied, result.kind);
  EXPECT_EQ(44, result.revision);
  EXPECT_FALSE(result.took);
  EXPECT_EQ(12, members.sending.counter.value);
  EXPECT_EQ(0, members.sending.waits);
}

TEST(CommitSenderTest, FindsByAFenceThatItDidNotArrive) {
  TwoMembers members(no_answer, won(45));
  EXPECT_EQ(Became::not_arrived, members.sending.send().kind);
  EXPECT_EQ(45, members.sending.counter.revision);
  EXPECT_TRUE(members.sending.is_nothing_kept());

  TwoMembers of_large(no_answer, won(45));
  const SendResult large = of_large.sending.send(own_place, one_file(EtcdClient::always_taken + 1));
  EXPECT_EQ(Became::refused, large.kind);
  EXPECT_EQ(StoreStatus::too_large, large.status);
}

TEST(CommitSenderTest, KeepsWhatNobodyKnowsTheOutcomeOf) {
  TwoMembers members(no_answer, no_answer);
  const SendResult result = members.sending.send();
  EXPECT_EQ(Became::failed, result.kind);
  EXPECT_EQ(StoreStatus::failed, result.status);
  EXPECT_NE(std::string::npos, result.reason.find("the hash")) << result.reason;
  EXPECT_EQ(1, members.sending.waits);
  EXPECT_FALSE(members.sending.is_nothing_kept());
}

TEST(CommitSenderTest, TellsWhatEtcdRefusesForWhatIsInIt) {
  TwoMembers of_large({{grpc_code::invalid_argument, "etcdserver: request is too large"}, {}}, no_answer);
  const SendResult large = of_large.sending.send();
  EXPECT_EQ(Became::refused, large.kind);
  EXPECT_EQ(StoreStatus::too_large, large.status);

  TwoMembers of_stranger({{grpc_code::permission_denied, "etcdserver: permission denied"}, {}}, no_answer);
  const SendResult stranger = of_stranger.sending.send({});
  EXPECT_EQ(Became::refused, stranger.kind);
  EXPECT_EQ(StoreStatus::refused, stranger.status);
  EXPECT_EQ("etcdserver: permission denied", stranger.reason);
}

TEST(CommitSenderTest, IsLostWhereNoMemberTakesIt) {
  const SendResult result = Sending({"127.0.0.1:1", "127.0.0.1:1"}).send();
  EXPECT_EQ(Became::failed, result.kind);
  EXPECT_EQ(StoreStatus::lost, result.status);
}

TEST(CommitSenderTest, LooksForTheRecordWhereEtcdIsFull) {
  TwoMembers with_record(no_space, Held().key("/p/record/one", "the record", 44).read());
  const SendResult applied = with_record.sending.send();
  EXPECT_EQ(Became::applied, applied.kind);
  EXPECT_EQ(44, applied.revision);
  EXPECT_EQ(own_place.lease, applied.change.lease);

  TwoMembers without(no_space, Held().no_key().read());
  const SendResult full = without.sending.send();
  EXPECT_EQ(Became::failed, full.kind);
  EXPECT_EQ(StoreStatus::no_space, full.status);
}

}  // namespace
}  // namespace statusfs
