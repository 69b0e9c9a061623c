#include "fs/store/local/snapshot_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "fs/store/local/posix_files.hpp"
#include "fs/store/local/side_file.hpp"
#include "tests/unit/expect_errno.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using State = SnapshotFile::Content::State;
using Names = std::set<std::string>;

/// A file system that cannot exchange names, and says so in this way.
template <int error>
class FilesWithoutExchange : public PosixFiles {
 public:
  void exchange(const std::string& one, const std::string&) override {
    throw std::system_error(error, std::system_category(), one);
  }
};

/// The process dies, as it were, when it renames this.
class FilesWithoutRenaming : public FilesWithoutExchange<EINVAL> {
 public:
  void rename(const std::string& from, const std::string& to) override {
    if (from == failing) throw std::system_error(EIO, std::system_category(), from);
    FilesWithoutExchange::rename(from, to);
  }

  std::string failing;
};

template <typename FilesOfTheKind>
class SnapshotFileTest : public ::testing::Test {
 protected:
  SnapshotFileTest() {
    fallback_.mode = 0640;
    fallback_.owner = ::getuid();
    fallback_.group = ::getgid();
  }
  /// Replaces the file, knowing it as it is now.
  void replace(const std::string& text) {
    snapshot_.set_known(snapshot_.read().status);
    snapshot_.replace(text, fallback_, [](const std::string&) { return false; });
  }
  void replace_unaware(const std::string& text, bool is_ours = false) {
    snapshot_.replace(text, fallback_, [&](const std::string&) { return is_ours; });
  }
  mode_t mode() {
    struct stat status {};
    EXPECT_EQ(::stat(path_.c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  TemporaryDirectory directory_;
  FilesOfTheKind files_;
  FileStatus fallback_;
  const std::string path_ = directory_ / "a.txt";
  SnapshotFile snapshot_{files_, path_};
};

using Kinds = ::testing::Types<PosixFiles, FilesWithoutExchange<EINVAL>, FilesWithoutExchange<ENOSYS>>;
TYPED_TEST_SUITE(SnapshotFileTest, Kinds);

TYPED_TEST(SnapshotFileTest, IsMadeWhereThereIsNone) {
  EXPECT_EQ(this->snapshot_.read().state, State::missing);
  this->replace_unaware("new");
  EXPECT_EQ(read_text(this->path_), "new");
  EXPECT_EQ(this->mode(), 0640u);
  EXPECT_TRUE(this->snapshot_.is_untouched());
  EXPECT_EQ(this->directory_.names(), Names{"a.txt"});
}

TYPED_TEST(SnapshotFileTest, ReplacesTheKnownFileAndKeepsItsMode) {
  write_text(this->path_, "old");
  ASSERT_EQ(::chmod(this->path_.c_str(), 0604), 0);
  this->replace("new");
  EXPECT_EQ(read_text(this->path_), "new");
  EXPECT_EQ(this->mode(), 0604u);
  EXPECT_EQ(this->snapshot_.take_kept(), std::nullopt);
  EXPECT_EQ(this->directory_.names(), Names{"a.txt"});
}

TYPED_TEST(SnapshotFileTest, KeepsWhatItDoesNotKnow) {
  write_text(this->path_, "old");
  this->replace("new");
  replace_text(this->path_, "foreign");
  EXPECT_FALSE(this->snapshot_.is_untouched());
  this->replace_unaware("newer");
  const auto kept = this->snapshot_.take_kept();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text, "foreign");
  EXPECT_EQ(kept->name, "a.txt.foreign-1");
  EXPECT_EQ(kept->owner, ::getuid());
  EXPECT_EQ(read_text(this->path_), "newer");
  EXPECT_EQ(read_text(this->directory_ / "a.txt.foreign-1"), "foreign");
}

TYPED_TEST(SnapshotFileTest, TakesNoModeFromWhatItDoesNotKnow) {
  for (const bool is_known_still : {true, false}) {
    write_text(this->path_, "old");
    ASSERT_EQ(::chmod(this->path_.c_str(), 0604), 0);
    this->replace("new");
    replace_text(this->path_, "foreign");
    ASSERT_EQ(::chmod(this->path_.c_str(), 0666), 0);
    if (!is_known_still) this->snapshot_.set_known(std::nullopt);
    this->replace_unaware("newer");
    EXPECT_EQ(read_text(this->path_), "newer");
    EXPECT_EQ(this->mode(), is_known_still ? 0604u : 0640u);
  }
}

TYPED_TEST(SnapshotFileTest, SeesAnEditInPlaceOfTheSameLengthAtOnce) {
  this->replace_unaware("1234");
  write_text(this->path_, "4321");
  EXPECT_FALSE(this->snapshot_.is_untouched());
  this->replace_unaware("new");
  EXPECT_EQ(read_text(this->directory_ / "a.txt.foreign-1"), "4321");
}

TYPED_TEST(SnapshotFileTest, ThrowsAwayWhatSaysTheSame) {
  this->replace_unaware("same");
  replace_text(this->path_, "same ");
  this->replace_unaware("new", true);
  EXPECT_EQ(this->snapshot_.take_kept(), std::nullopt);
  EXPECT_EQ(this->directory_.names(), Names{"a.txt"});
}

TYPED_TEST(SnapshotFileTest, NumbersWhatItKeeps) {
  for (int round = 0; round < 3; ++round) {
    write_text(this->path_, "foreign " + std::to_string(round));
    this->replace_unaware("new");
  }
  EXPECT_EQ(this->directory_.names(), (Names{"a.txt", "a.txt.foreign-1", "a.txt.foreign-2", "a.txt.foreign-3"}));
  EXPECT_EQ(read_text(this->directory_ / "a.txt.foreign-3"), "foreign 2");
}

TYPED_TEST(SnapshotFileTest, KeepsWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(this->path_.c_str(), 0600), 0);
  EXPECT_EQ(this->snapshot_.read().state, State::unreadable);
  this->replace_unaware("new");
  EXPECT_EQ(read_text(this->path_), "new");
  EXPECT_TRUE(std::filesystem::is_fifo(this->directory_ / "a.txt.foreign-1"));
}

TYPED_TEST(SnapshotFileTest, FollowsALinkInsideTheDirectoryWhichStaysOne) {
  std::filesystem::create_directory(this->directory_ / "below");
  write_text(this->directory_ / "below/real.txt", "old");
  std::filesystem::create_symlink("below/real.txt", this->path_);
  this->replace("new");
  EXPECT_TRUE(std::filesystem::is_symlink(this->path_));
  EXPECT_EQ(read_text(this->directory_ / "below/real.txt"), "new");
  EXPECT_TRUE(this->snapshot_.is_untouched());
  EXPECT_EQ(this->directory_.names(), (Names{"a.txt", "below"}));
}

TYPED_TEST(SnapshotFileTest, ATimeThatNanosecondsDoNotReachIsTheLatest) {
  write_text(this->path_, "old");
  const struct timespec in_2300 = {10'413'792'000, 0};
  const struct timespec times[] = {in_2300, in_2300};
  ASSERT_EQ(::utimensat(AT_FDCWD, this->path_.c_str(), times, 0), 0);
  EXPECT_GT(this->snapshot_.read().status.modified_ns, 9'000'000'000'000'000'000);
}

TYPED_TEST(SnapshotFileTest, SeesThatTheLinkWasReplaced) {
  std::filesystem::create_directory(this->directory_ / "below");
  write_text(this->directory_ / "below/real.txt", "old");
  std::filesystem::create_symlink("below/real.txt", this->path_);
  this->snapshot_.set_known(this->snapshot_.read().status);
  EXPECT_TRUE(this->snapshot_.is_untouched());
  replace_text(this->path_, "another's");
  EXPECT_FALSE(this->snapshot_.is_untouched());
  EXPECT_EQ(this->snapshot_.read().text, "another's");
}

TYPED_TEST(SnapshotFileTest, MakesTheFileThatALinkLeadsTo) {
  std::filesystem::create_directory(this->directory_ / "below");
  std::filesystem::create_symlink("real.txt", this->directory_ / "below/inner.txt");
  std::filesystem::create_symlink("below/inner.txt", this->path_);
  EXPECT_EQ(this->snapshot_.read().state, State::missing);
  this->replace_unaware("new");
  EXPECT_EQ(read_text(this->directory_ / "below/real.txt"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(this->path_));
  EXPECT_TRUE(this->snapshot_.is_untouched());
}

TYPED_TEST(SnapshotFileTest, MakesNoFileWhereALinkLeadsNowhere) {
  for (const std::string target : {"no/directory/real.txt", "a.txt", "../a.txt.outside"}) {
    std::filesystem::remove(this->path_);
    std::filesystem::create_symlink(target, this->path_);
    EXPECT_EQ(this->snapshot_.read().state, State::unreadable) << target;
  }
}

TYPED_TEST(SnapshotFileTest, DoesNotFollowALinkThatLeadsOut) {
  TemporaryDirectory elsewhere;
  write_text(elsewhere / "real.txt", "secret");
  std::filesystem::create_symlink(elsewhere / "real.txt", this->path_);
  const auto content = this->snapshot_.read();
  EXPECT_EQ(content.state, State::unreadable);
  EXPECT_NE(content.reason.find("leads out"), std::string::npos) << content.reason;
}

TYPED_TEST(SnapshotFileTest, FollowsALinkBesideOneThatCannotBeFollowed) {
  std::filesystem::create_directory(this->directory_ / "below");
  write_text(this->directory_ / "below/real.txt", "text");
  std::filesystem::create_symlink("exec_status_128.txt", this->directory_ / "exec_status_128.txt");
  std::filesystem::create_symlink("below/real.txt", this->directory_ / "exec_status_130.txt");
  SnapshotFile snapshot(this->files_, this->directory_ / "exec_status_130.txt");
  const auto content = snapshot.read();
  EXPECT_EQ(content.state, State::present) << content.reason;
  EXPECT_EQ(content.text, "text");
}

TYPED_TEST(SnapshotFileTest, ReadsItsEnds) {
  write_text(this->path_, "0123456789");
  const auto ends = this->snapshot_.read_ends(4);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->first, "0123");
  EXPECT_EQ(ends->last, "6789");
  EXPECT_EQ(ends->status.size, 10u);
}

TYPED_TEST(SnapshotFileTest, AShortFileIsBothOfItsEnds) {
  write_text(this->path_, "012");
  const auto ends = this->snapshot_.read_ends(4);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->first, "012");
  EXPECT_EQ(ends->last, "012");
}

using ForbiddenExchangeTest = SnapshotFileTest<FilesWithoutExchange<EACCES>>;

TEST_F(ForbiddenExchangeTest, AnExchangeThatFailsForAnotherReasonIsNotGoneRound) {
  write_text(path_, "old");
  expect_errno(EACCES, [&] { replace("new"); });
  EXPECT_EQ(read_text(path_), "old");
}

using UnfinishedExchangeTest = SnapshotFileTest<FilesWithoutRenaming>;

TEST_F(UnfinishedExchangeTest, LeavesTheOldFileBeforeTheNewOneHasItsName) {
  write_text(path_, "old");
  files_.failing = temporary_name(path_);
  expect_errno(EIO, [&] { replace("new"); });
  files_.failing.clear();
  EXPECT_EQ(read_text(path_), "old");
  SnapshotFile next(files_, path_);
  ASSERT_TRUE(next.has_left_over());
  EXPECT_EQ(next.read_left_over().text, "new");
  next.remove_left_over();
  EXPECT_FALSE(next.has_left_over());
  EXPECT_EQ(directory_.names(), Names{"a.txt"});
}

TEST_F(UnfinishedExchangeTest, LosesNothingOfTheOldFileOnceTheNewOneHasItsName) {
  write_text(path_, "old");
  files_.failing = temporary_name(path_) + "-old";
  expect_errno(EIO, [&] { replace("new"); });
  files_.failing.clear();
  EXPECT_EQ(read_text(path_), "new");
  SnapshotFile next(files_, path_);
  ASSERT_TRUE(next.has_left_over());
  EXPECT_EQ(next.read_left_over().text, "old");
  EXPECT_EQ(next.keep_left_over(), "a.txt.foreign-1");
  EXPECT_EQ(read_text(path_ + ".foreign-1"), "old");
}

TEST_F(UnfinishedExchangeTest, IsFinishedByTheNextReplacementWhichKnowsWhatIsOurs) {
  write_text(path_, "old");
  snapshot_.set_known(snapshot_.read().status);
  replace_text(path_, "foreign");
  files_.failing = temporary_name(path_) + "-old";
  expect_errno(EIO, [&] { replace_unaware("new"); });
  files_.failing.clear();
  EXPECT_TRUE(snapshot_.is_untouched());
  replace_unaware("newer");
  EXPECT_EQ(read_text(path_), "newer");
  EXPECT_EQ(read_text(path_ + ".foreign-1"), "foreign");
  EXPECT_EQ(directory_.names(), (Names{"a.txt", "a.txt.foreign-1"}));
}

}  // namespace
}  // namespace statusfs
