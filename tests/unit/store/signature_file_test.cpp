// What a store that has a key signs, and when.
#include "fs/store/local/signature_file.hpp"

#include "tests/unit/signing/new_keys.hpp"
#include "tests/unit/store/local_store_fixture.hpp"

namespace statusfs {
namespace {

class SignatureFileTest : public LocalStoreTest {
 protected:
  LocalOptions with_key() const {
    LocalOptions options = without_rotation();
    options.signing_key = key_;
    return options;
  }
  bool is_signed() const {
    std::ifstream file(path_ + ".sig", std::ios::binary);
    const std::string signature(std::istreambuf_iterator<char>(file), {});
    return open_.verifies(read_text(path_), signature);
  }

  const KeyPair pair_ = new_key_pair();
  const std::shared_ptr<const SigningKey> key_ =
      std::make_shared<const SigningKey>(SigningKey::of_pem(pair_.private_pem, "key"));
  const PublicKey open_ = PublicKey::of_pem(pair_.public_pem, "public");
};

TEST_F(SignatureFileTest, LoadingSignsWhatIsTheJournalsHead) {
  open_chain(with_key());
  EXPECT_TRUE(is_signed());
}

TEST_F(SignatureFileTest, EveryWrittenVersionIsSigned) {
  const auto store = open_chain(with_key());
  for (int version = 0; version < 3; ++version) {
    commit(*store);
    ASSERT_EQ(store->settle().status, StoreStatus::done);
    EXPECT_EQ(read_text(path_), maker_.text());
    EXPECT_TRUE(is_signed());
  }
}

TEST_F(SignatureFileTest, WhatIsFormattedInAnotherWayIsWrittenAndSignedAnew) {
  { const auto store = open_chain(with_key()); }
  write_text(path_, maker_.text() + "\n");
  const auto store = make_store(with_key());
  EXPECT_EQ(store->load().state, StoredFile::State::chained);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_TRUE(is_signed());
}

TEST_F(SignatureFileTest, ForeignContentIsNotSigned) {
  { const auto store = open_chain(with_key()); }
  write_text(path_, "{\"foreign\": true}\n");
  const auto store = make_store(with_key());
  store->load();
  EXPECT_FALSE(is_signed());
  EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
  EXPECT_FALSE(is_signed());
  std::string kept;
  ASSERT_EQ(store->set_foreign_aside(kept).status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_TRUE(is_signed());
}

TEST_F(SignatureFileTest, AReadOnlyStoreSignsNothing) {
  LocalOptions options = with_key();
  options.read_only = true;
  put_chain();
  const auto store = make_store(options);
  EXPECT_EQ(store->load().state, StoredFile::State::chained);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".sig"));
}

TEST_F(SignatureFileTest, ALinkInItsPlaceIsReplacedAndNotFollowed) {
  write_text(directory_ / "victim", "untouched");
  std::filesystem::create_symlink(directory_ / "victim", path_ + ".sig");
  open_chain(with_key());
  EXPECT_EQ(read_text(directory_ / "victim"), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(path_ + ".sig"));
  EXPECT_TRUE(is_signed());
}

TEST_F(SignatureFileTest, ASignatureThatCannotBeWrittenRefusesFurtherWrites) {
  const auto store = open_chain(with_key());
  std::filesystem::remove(path_ + ".sig");
  std::filesystem::create_directory(path_ + ".sig");
  write_text(path_ + ".sig/x", "");
  commit(*store);
  EXPECT_NE(store->settle().status, StoreStatus::done);
  std::filesystem::remove_all(path_ + ".sig");
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_TRUE(is_signed());
}

}  // namespace
}  // namespace statusfs
