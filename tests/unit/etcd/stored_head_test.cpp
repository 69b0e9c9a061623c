#include "fs/store/etcd/stored_head.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

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
  for (const char* foreign : {"", "garbage", "{}", "[]", R"({"v":"24"})", R"("text")"})
    EXPECT_THROW(decode_head(foreign), std::runtime_error) << foreign;
}

TEST(StoredHeadTest, MembersAreOfTheirTypes) {
  const std::string text = encode_head(some_head());
  const auto with = [&](const std::string& from, const std::string& to) {
    return std::string(text).replace(text.find(from), from.size(), to);
  };
  EXPECT_NO_THROW(decode_head(with(R"("v":24)", R"("v":25)")));
  for (const std::string& foreign :
       {with(R"("v":24)", R"("v":-24)"), with(R"("v":24)", R"("v":24.5)"), with(R"("g":147)", R"("g":null)"),
        with(R"("host":"one")", R"("host":1)"), with(R"("document_id":"8e3c",)", ""), text + text})
    EXPECT_THROW(decode_head(foreign), std::runtime_error) << foreign;
}

TEST(StoredHeadTest, AHostIsQuoted) {
  StoredHead head = some_head();
  head.host = "a \"b\" \\ \x01";
  EXPECT_EQ(head.host, decode_head(encode_head(head)).host);
}

}  // namespace
}  // namespace statusfs
