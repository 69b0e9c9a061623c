#include "fs/cli/etcd_access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "fs/cli/exit_status.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using testing::HasSubstr;

class EtcdAccessTest : public ::testing::Test {
 protected:
  ~EtcdAccessTest() override { ::unsetenv(password_variable); }

  // Of a user whose password is in a file.
  EtcdSettings with_password_file(const std::string& text, mode_t mode = 0600) {
    EtcdSettings settings;
    settings.user = "ada";
    settings.password_file = directory_ / "password";
    write_text(*settings.password_file, text);
    EXPECT_EQ(0, ::chmod(settings.password_file->c_str(), mode));
    return settings;
  }

  static EtcdAccess access_of(const EtcdSettings& settings) {
    return etcd_access(etcd_address("etcd://127.0.0.1:1/plans"), settings);
  }

  static void expect_refused(const EtcdSettings& settings, ExitStatus status, const std::string& part) {
    try {
      access_of(settings);
      ADD_FAILURE() << "nothing was refused";
    } catch (const CommandError& error) {
      EXPECT_EQ(error.status(), status);
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(EtcdAccessTest, APasswordFileIsReadWhereOnlyItsOwnerMay) {
  for (const mode_t mode : {0600, 0400})
    EXPECT_EQ("secret", access_of(with_password_file("secret\nx\n", mode)).password);
  for (const mode_t mode : {0640, 0604, 0620, 0610, 0601, 0777})
    expect_refused(with_password_file("secret\n", mode), ExitStatus::unusable, "mode 0600");
}

TEST_F(EtcdAccessTest, APasswordFileIsAFile) {
  EtcdSettings settings = with_password_file("secret\n");
  settings.password_file = directory_.path();
  expect_refused(settings, ExitStatus::unusable, "cannot be read");
  settings.password_file = directory_ / "none";
  expect_refused(settings, ExitStatus::unusable, "cannot be read");
}

TEST_F(EtcdAccessTest, AUserHasAPassword) {
  EtcdSettings settings;
  settings.user = "ada";
  expect_refused(settings, ExitStatus::unusable, password_variable);
  expect_refused(with_password_file(""), ExitStatus::unusable, password_variable);
  ASSERT_EQ(0, ::setenv(password_variable, "of the environment", 1));
  EXPECT_EQ("of the environment", access_of(settings).password);
  EXPECT_EQ(nullptr, std::getenv(password_variable)) << "no other process is to see it";
}

TEST_F(EtcdAccessTest, WhatGoesWithAnotherOptionIsRefusedWithoutIt) {
  EtcdSettings settings = with_password_file("secret\n");
  settings.user.reset();
  expect_refused(settings, ExitStatus::usage, "user=");
  settings = {};
  settings.key = *with_password_file("").password_file;
  expect_refused(settings, ExitStatus::usage, "cert=");
}

}  // namespace
}  // namespace statusfs
