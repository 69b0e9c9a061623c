// Keys, heads and addresses: what stands in etcd is a format.
#include <gtest/gtest.h>

#include "fs/store/etcd/etcd_address.hpp"
#include "fs/store/etcd/etcd_messages.hpp"
#include "fs/store/etcd/key_layout.hpp"
#include "fs/store/etcd/stored_document.hpp"
#include "fs/store/etcd/stored_head.hpp"

namespace statusfs {
namespace {

using Kind = KeyLayout::Meaning::Kind;

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

TEST(KeyLayoutTest, KeysSortAsVersionsDo) {
  const KeyLayout layout("/plans");
  EXPECT_EQ("/plans/record/exec_status_125/00000000000000000009", layout.record("exec_status_125", 9));
  EXPECT_LT(layout.record("exec_status_125", 9), layout.record("exec_status_125", 10));
  EXPECT_LT(layout.record("exec_status_125", 9), layout.record("exec_status_125", 9, true));
  EXPECT_LT(layout.record("exec_status_125", 9, true), layout.record("exec_status_125", 10));
  EXPECT_LT(layout.record("exec_status_125", 10), end_of_prefix(layout.records("exec_status_125")));
}

TEST(KeyLayoutTest, KnowsWhatAKeyIs) {
  const KeyLayout layout("/plans");
  EXPECT_EQ(Kind::counter, layout.meaning_of("/plans/counter").kind);
  const auto record = layout.meaning_of(layout.record("exec_status_125", 77, true));
  EXPECT_EQ(Kind::record, record.kind);
  EXPECT_EQ("exec_status_125", record.name);
  EXPECT_EQ(77U, record.version);
  EXPECT_TRUE(record.is_rotation);
  const auto part = layout.meaning_of(layout.part(layout.document("exec_status_1", 3, std::string(64, 'a')), 0));
  EXPECT_EQ(Kind::document, part.kind);
  EXPECT_EQ("exec_status_1", part.name);
  EXPECT_EQ(Kind::head, layout.meaning_of("/plans/head/exec_status_1").kind);
  EXPECT_EQ(Kind::host, layout.meaning_of("/plans/host/one").kind);
  for (const char* key : {"/other/head/x", "/plans", "/plans/", "/plans/head/", "/plans/head/../x", "/plans/record/x",
                          "/plans/record/x/12", "/plans/record/x/0000000000000000001x", "/plansx/head/y"})
    EXPECT_EQ(Kind::unknown, layout.meaning_of(key).kind) << key;
}

StoredHead some_head() {
  StoredHead head;
  head.chain = {24, 147, 1082, "sha256:ab", "e78c", "2025-06-09T12:00:05.000000Z"};
  head.host = "one";
  head.document_version = 23;
  head.document_id = "8e3c";
  head.document_parts = 1;
  head.document_sha256 = "12";
  head.document_size = 900;
  head.records_size = 1300;
  return head;
}

TEST(StoredHeadTest, IsTheDocumentedJson) {
  const std::string text =
      R"({"v":24,"g":147,"size":1082,"payload_hash_current":"sha256:ab","record_hash":"e78c","time":"2025-06-09T12:00:05.000000Z",)"
      R"("host":"one","document_version":23,"document_id":"8e3c","document_parts":1,"document_size":900,"document_sha256":"12",)"
      R"("records_size":1300})";
  EXPECT_EQ(text, encode_head(some_head()));
  const StoredHead read = decode_head(text);
  EXPECT_EQ(some_head().chain, read.chain);
  EXPECT_EQ(text, encode_head(read));
  for (const char* foreign : {"", "garbage", "{}", "[]", R"({"v":"24"})"})
    EXPECT_THROW(decode_head(foreign), std::runtime_error) << foreign;
}

TEST(StoredDocumentTest, IsDueWhenTheRecordsAreManyAndAsLarge) {
  StoredHead head = some_head();
  head.document_size = 900;
  head.records_size = 16 * 1024 - 1;
  EXPECT_FALSE(is_document_due(head));
  head.records_size = 16 * 1024;
  EXPECT_TRUE(is_document_due(head));
  head.document_size = 1'000'000;
  EXPECT_FALSE(is_document_due(head));
  head.records_size = 1'000'000;
  EXPECT_TRUE(is_document_due(head));
}

}  // namespace
}  // namespace statusfs
