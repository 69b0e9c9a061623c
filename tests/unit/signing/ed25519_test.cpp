#include "fs/signing/ed25519.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/signing/new_keys.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using testing::HasSubstr;

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(at, 2)), nullptr, 16));
  return bytes;
}

template <typename Work>
std::string complaint(Work work) {
  try {
    work();
  } catch (const KeyError& error) {
    return error.what();
  }
  return "nothing was refused";
}

// RFC 8032, 7.1, test 2: one byte of message.
TEST(Ed25519, SignsAsTheStandardSays) {
  // The RFC's secret key 4ccd..., in PKCS#8 as openssl(1) writes it.
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
      "-----END PRIVATE KEY-----\n";
  const std::string expected = from_hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  const SigningKey key = SigningKey::of_pem(pem, "rfc8032");
  EXPECT_EQ(expected, key.sign("r"));
  EXPECT_TRUE(key.verifies("r", expected));
}

TEST(Ed25519, OnlyTheKeysOwnSignatureOfTheVeryMessageVerifies) {
  const KeyPair pair = new_key_pair(), other = new_key_pair();
  const SigningKey key = SigningKey::of_pem(pair.private_pem, "key");
  const PublicKey open = PublicKey::of_pem(pair.public_pem, "public");
  const std::string signature = key.sign("message");
  EXPECT_EQ(signature_size, signature.size());
  EXPECT_TRUE(open.verifies("message", signature));
  EXPECT_FALSE(open.verifies("massage", signature));
  EXPECT_FALSE(open.verifies("message", signature.substr(1)));
  EXPECT_FALSE(open.verifies("message", ""));
  EXPECT_FALSE(PublicKey::of_pem(other.public_pem, "other").verifies("message", signature));
}

class KeyFileTest : public ::testing::Test {
 protected:
  std::string put(const std::string& text, mode_t mode = 0600) {
    const std::string file = directory_ / "key.pem";
    write_text(file, text);
    EXPECT_EQ(0, ::chmod(file.c_str(), mode));
    return file;
  }
  TemporaryDirectory directory_;
};

TEST_F(KeyFileTest, IsReadWhereOnlyItsOwnerMay) {
  const KeyPair pair = new_key_pair();
  EXPECT_NO_THROW(SigningKey::read(put(pair.private_pem)));
  EXPECT_NO_THROW(SigningKey::read(put(pair.private_pem, 0400)));
  for (const mode_t mode : {0640, 0604, 0660, 0610, 0777})
    EXPECT_THAT(complaint([&] { SigningKey::read(put(pair.private_pem, mode)); }), HasSubstr("chmod 600"))
        << std::oct << mode;
  EXPECT_NO_THROW(PublicKey::read(put(pair.public_pem, 0644)));
}

TEST_F(KeyFileTest, OfAnotherUserIsNotRead) {
  constexpr uid_t another = 65534;
  const KeyPair pair = new_key_pair();
  const std::string file = put(pair.private_pem);
  ASSERT_EQ(0, ::chown(file.c_str(), another, static_cast<gid_t>(-1))) << "only root may give a file away";
  EXPECT_THAT(complaint([&] { SigningKey::read(file); }), HasSubstr("belongs to another user"));
  EXPECT_NO_THROW(PublicKey::read(put(pair.public_pem, 0644)));
}

TEST_F(KeyFileTest, WhatIsNoKeyIsRefusedByName) {
  const KeyPair pair = new_key_pair();
  for (const std::string& text : {std::string(), std::string("x"), pair.public_pem, pair.private_pem.substr(0, 60)})
    EXPECT_THAT(complaint([&] { SigningKey::read(put(text)); }), HasSubstr("key.pem: is no Ed25519 private key"));
  EXPECT_THAT(complaint([&] { SigningKey::read(put(new_key_pair(EVP_PKEY_X25519).private_pem)); }),
              HasSubstr("is no Ed25519"));
  EXPECT_THAT(complaint([&] { PublicKey::read(put(pair.private_pem)); }), HasSubstr("is no Ed25519 public key"));
  EXPECT_THAT(complaint([&] { SigningKey::read(directory_ / "nothing"); }), HasSubstr("No such file"));
  EXPECT_THAT(complaint([&] { SigningKey::read(directory_ / ""); }), HasSubstr("no regular file"));
  EXPECT_THAT(complaint([&] { SigningKey::read(put(std::string(100'000, 'x'))); }), HasSubstr("too long"));
}

}  // namespace
}  // namespace statusfs
