#include "fs/engine/followed_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "tests/unit/store/chain_maker.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> records_of(const std::vector<Version>& versions) {
  std::vector<std::string> records;
  for (const Version& version : versions) records.push_back(version.record);
  return records;
}

/// A journal that somebody else writes, and the states that were read of it.
class FollowedRecordsTest : public ::testing::Test {
 protected:
  std::string write(const CommitEntry& entry) {
    lines_ += entry.record + "\n";
    return entry.record;
  }

  FileState state() const {
    FileState state;
    state.document = maker_.document();
    state.chained = true;
    state.head = maker_.head();
    return state;
  }

  std::vector<Version> versions(const FileState& before, const FileState& after) {
    const std::string path = directory_.path() + "/exec_status_7.txt";
    write_text(path, maker_.text());
    write_text(path + ".journal", lines_);
    LocalOptions options;
    options.read_only = true;
    LocalStore store(path, maker_.mapping(), files_, options);
    store.load();
    return versions_between(store, before, after);
  }

  TemporaryDirectory directory_;
  PosixFiles files_;
  ChainMaker maker_;
  std::string lines_ = maker_.first().record + "\n";
};

TEST_F(FollowedRecordsTest, AreThoseOfTheVersionsSinceOldestFirst) {
  write(maker_.next());
  const FileState before = state();
  const std::string second = write(maker_.next()), third = write(maker_.next());
  const FileState after = state();
  write(maker_.next());
  const std::vector<Version> found = versions(before, after);
  EXPECT_THAT(records_of(found), ElementsAre(second, third));
  EXPECT_THAT(found.back().changes, testing::Not(IsEmpty()));
  EXPECT_THAT(versions(after, after), IsEmpty());
}

TEST_F(FollowedRecordsTest, AreNotThoseOfAnotherChain) {
  FileState before = state();
  before.head.payload_hash_current = "sha256:" + std::string(64, '0');
  write(maker_.next());
  EXPECT_THAT(versions(before, state()), IsEmpty());
}

TEST_F(FollowedRecordsTest, AreNotKeptInMemoryWithoutEnd) {
  const FileState before = state();
  write(maker_.next_of_size(9 << 20));
  const FileState middle = state();
  const std::string last = write(maker_.next_of_size(9 << 20));
  EXPECT_THAT(records_of(versions(middle, state())), ElementsAre(last));
  EXPECT_THAT(versions(before, state()), IsEmpty());
}

}  // namespace
}  // namespace statusfs
