#include "mapping/document/sha256.hpp"

#include <gtest/gtest.h>

namespace statusfs {
namespace {

constexpr const char* digest_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// The examples published with FIPS 180-4.
TEST(Sha256Test, ExamplesOfTheStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), digest_of_abc);
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                       "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, AsItStandsInDocuments) {
  const std::string text = "sha256:" + std::string(digest_of_abc);
  EXPECT_TRUE(is_hash_text(text));
  for (const std::string& other :
       {std::string(), std::string(digest_of_abc), text + "a", text.substr(0, text.size() - 1),
        "SHA256:" + text.substr(7), text.substr(0, text.size() - 1) + "A", text.substr(0, text.size() - 1) + "g"})
    EXPECT_FALSE(is_hash_text(other)) << other;
}

TEST(Sha256Test, InParts) {
  Sha256 hash;
  for (int count = 0; count < 1000; ++count) hash.update(std::string(1000, 'a'));
  EXPECT_EQ(hash.finish_hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, ReadyForTheNextMessage) {
  Sha256 hash;
  hash.update("something else");
  hash.finish_hex();
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish_hex(), digest_of_abc);
  EXPECT_EQ(hash.finish_hex(), sha256_hex(""));
}

}  // namespace
}  // namespace statusfs
