// What stands in etcd is a format.
#include "fs/store/etcd/key_layout.hpp"

#include <gtest/gtest.h>

#include "fs/store/etcd/etcd_messages.hpp"

namespace statusfs {
namespace {

using Kind = KeyLayout::Meaning::Kind;

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

}  // namespace
}  // namespace statusfs
