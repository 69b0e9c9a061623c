#include "fs/store/local/opened_directory.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

#include "fs/store/local/posix_files.hpp"
#include "tests/unit/expect_errno.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

/// Nothing can be seen while it is blind.
class BlindFiles : public PosixFiles {
 public:
  std::optional<FileStatus> status(const std::string& path) override {
    if (is_blind) throw std::system_error(EACCES, std::system_category(), path);
    return PosixFiles::status(path);
  }

  bool is_blind = false;
};

class OpenedDirectoryTest : public ::testing::Test {
 protected:
  OpenedDirectoryTest() { std::filesystem::create_directory(path_); }

  TemporaryDirectory directory_;
  BlindFiles files_;
  const std::string path_ = directory_ / "source";
  const std::string elsewhere_ = directory_ / "elsewhere";
};

TEST_F(OpenedDirectoryTest, IsDisplacedByAnotherOneAlone) {
  const OpenedDirectory opened(files_, path_);
  EXPECT_FALSE(opened.is_displaced());
  std::filesystem::rename(path_, elsewhere_);
  EXPECT_FALSE(opened.is_displaced()) << "nothing has the name";
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(opened.is_displaced());
  std::filesystem::remove(path_);
  std::filesystem::rename(elsewhere_, path_);
  EXPECT_FALSE(opened.is_displaced()) << "it is back";
}

TEST_F(OpenedDirectoryTest, IsToldFromOneThatTakesTheNameOnceItIsRemoved) {
  const OpenedDirectory opened(files_, path_);
  const auto journal = files_.open(path_ + "/journal", Files::Open::create);
  std::filesystem::remove_all(path_);
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(opened.is_displaced());
}

TEST_F(OpenedDirectoryTest, IsNeverDisplacedWhereItCouldNotBeSeen) {
  files_.is_blind = true;
  const OpenedDirectory unseen(files_, path_);
  files_.is_blind = false;
  const OpenedDirectory missing(files_, elsewhere_);
  std::filesystem::rename(path_, elsewhere_);
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(unseen.is_displaced());
  EXPECT_FALSE(missing.is_displaced());
}

TEST_F(OpenedDirectoryTest, ThrowsWhereTheNameCannotBeLookedAt) {
  const OpenedDirectory opened(files_, path_);
  files_.is_blind = true;
  expect_errno(EACCES, [&] { opened.is_displaced(); });
}

}  // namespace
}  // namespace statusfs
