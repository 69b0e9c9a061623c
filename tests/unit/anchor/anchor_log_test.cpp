#include "fs/anchor/anchor_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "fs/store/local/posix_files.hpp"
#include "tests/unit/expect_errno.hpp"
#include "tests/unit/signing/new_keys.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Checkpoint at(std::uint64_t version, const std::string& file_id = "exec_status_7") {
  return {
      file_id, version, version, std::string(64, 'a'), "sha256:" + std::string(64, 'b'), "2025-06-09T12:00:00.000000Z",
      {}};
}

class AnchorLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<AnchorLog> open(AnchorSchedule schedule, std::shared_ptr<const SigningKey> key = nullptr) {
    return std::make_unique<AnchorLog>(
        files_, path_, std::move(key),
        [this](const std::string& message) {
          notices_.push_back(message);
          ++notice_count_;
        },
        schedule);
  }
  std::vector<Checkpoint> lines() const {
    std::vector<Checkpoint> found;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      try {
        found.push_back(decode_checkpoint(line));
      } catch (const std::exception&) {
      }
    }
    return found;
  }
  bool has_lines(std::size_t count) const {
    for (int attempt = 0; attempt < 2000 && lines().size() < count; ++attempt) std::this_thread::sleep_for(5ms);
    return lines().size() == count;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "anchors";
  PosixFiles files_;
  std::vector<std::string> notices_;  // of one thread
  std::atomic<int> notice_count_{0};  // of any
};

TEST_F(AnchorLogTest, EveryHundredVersionsOfEachFile) {
  const auto log = open({});
  for (std::uint64_t version = 1; version < 100; ++version) log->stands_at(at(version));
  log->stands_at(at(99, "exec_status_8"));
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(has_lines(0));
  log->stands_at(at(100));
  ASSERT_TRUE(has_lines(1));
  EXPECT_EQ(100u, lines()[0].version);
  log->stands_at(at(199));
  log->stands_at(at(103, "exec_status_8"));
  ASSERT_TRUE(has_lines(2));
  EXPECT_EQ("exec_status_8", lines()[1].file_id);
  log->stands_at(at(200));
  EXPECT_TRUE(has_lines(3));
}

TEST_F(AnchorLogTest, OfFewVersionsAfterAWhile) {
  const auto log = open({100, 100ms, 60s});
  log->stands_at(at(1));
  ASSERT_TRUE(has_lines(1));
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(has_lines(1)) << "without a change there is nothing to tell";
  log->stands_at(at(2));
  log->stands_at(at(3));
  // On a busy machine there may be a line between the two.
  for (int attempt = 0; attempt < 2000 && lines().back().version < 3; ++attempt) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(3u, lines().back().version);
  EXPECT_LE(lines().size(), 3u);
}

TEST_F(AnchorLogTest, WhatTheLogTellsIsRememberedFromIt) {
  write_text(path_,
             "a remark\n" + encode_checkpoint(at(150)) + "\n" + encode_checkpoint(at(70, "exec_status_8")) + "\ntorn");
  const auto log = open({});
  log->stands_at(at(200));
  log->stands_at(at(169, "exec_status_8"));
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(has_lines(2));
  log->stands_at(at(250));
  ASSERT_TRUE(has_lines(3));
  EXPECT_THAT(read_text(path_), HasSubstr("\ntorn\nstatusfs-checkpoint-1 exec_status_7 250 "));
  EXPECT_TRUE(notices_.empty());
}

TEST_F(AnchorLogTest, AnOlderCopyIsToldOf) {
  write_text(path_, encode_checkpoint(at(150)) + "\n");
  const auto log = open({});
  log->stands_at(at(120));
  ASSERT_EQ(1u, notices_.size());
  EXPECT_THAT(notices_[0], HasSubstr("saw version 150"));
  log->stands_at(at(121));
  EXPECT_EQ(1u, notices_.size());
}

TEST_F(AnchorLogTest, LinesAreSignedByTheKey) {
  const KeyPair pair = new_key_pair();
  const auto log = open({1, 60s, 60s}, std::make_shared<const SigningKey>(SigningKey::of_pem(pair.private_pem, "key")));
  log->stands_at(at(5));
  ASSERT_TRUE(has_lines(1));
  const Checkpoint line = lines()[0];
  ASSERT_TRUE(line.signature);
  EXPECT_TRUE(PublicKey::of_pem(pair.public_pem, "public").verifies(signed_part(line), *line.signature));
}

TEST_F(AnchorLogTest, WhatCannotBeWrittenIsTriedAgain) {
  const auto log = open({1, 60s, 50ms});
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  log->stands_at(at(5));
  for (int attempt = 0; attempt < 2000 && notice_count_ == 0; ++attempt) std::this_thread::sleep_for(5ms);
  ASSERT_GT(notice_count_, 0);
  std::filesystem::remove(path_);
  EXPECT_TRUE(has_lines(1));
}

TEST_F(AnchorLogTest, WhereNoLogCanBeThereIsNone) {
  const auto open_at = [&](const std::string& path) {
    const AnchorLog log(files_, path, nullptr, [](const std::string&) {});
  };
  expect_errno(ENOENT, [&] { open_at(directory_ / "missing/anchors"); });
  expect_errno(EISDIR, [&] { open_at(directory_.path()); });
}

}  // namespace
}  // namespace statusfs
