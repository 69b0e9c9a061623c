#include "fs/store/etcd/stored_document.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

TEST(StoredDocumentTest, IsDueWhenTheRecordsAreManyAndAsLarge) {
  StoredHead head;
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
