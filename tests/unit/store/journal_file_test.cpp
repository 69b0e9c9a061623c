#include "fs/store/local/journal_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "fs/store/local/posix_files.hpp"
#include "fs/unique_fd.hpp"
#include "tests/unit/expect_errno.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;

class JournalFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<JournalFile> open() {
    return JournalFile::open(files_, path_, JournalFile::Access::exclusive, milliseconds(0));
  }
  std::unique_ptr<JournalFile> create(const std::string& line) {
    FileStatus like;
    like.mode = 0640;
    like.owner = ::getuid();
    like.group = ::getgid();
    return JournalFile::create(files_, path_, line, like);
  }
  static std::vector<std::string> lines_of(JournalFile& journal) {
    std::vector<std::string> lines;
    auto reader = journal.read();
    while (const auto line = reader.next()) lines.emplace_back(*line);
    return lines;
  }

  TemporaryDirectory directory_;
  PosixFiles files_;
  const std::string path_ = directory_ / "a.journal";
};

TEST_F(JournalFileTest, IsAbsent) { EXPECT_EQ(open(), nullptr); }

TEST_F(JournalFileTest, IsCreatedUnderItsNameOnlyWhenPublished) {
  auto journal = create("first");
  EXPECT_FALSE(std::filesystem::exists(path_));
  journal->publish();
  EXPECT_EQ(read_text(path_), "first\n");
  EXPECT_EQ(directory_.names(), std::set<std::string>{"a.journal"});
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(JournalFileTest, IsLockedFromItsFirstMomentOn) {
  auto journal = create("first");
  journal->publish();
  EXPECT_THROW(open(), JournalHeld);
  journal->replace_by_line("second");
  EXPECT_EQ(read_text(path_), "second\n");
  EXPECT_THROW(open(), JournalHeld);
  journal.reset();
  EXPECT_NE(open(), nullptr);
}

TEST_F(JournalFileTest, LeavesNothingWhenItIsNotPublished) {
  create("first").reset();
  EXPECT_TRUE(directory_.names().empty());
}

TEST_F(JournalFileTest, KnowsItsLastLineHoweverLongItIsAndWhateverFollows) {
  for (const std::size_t length : {1u, 4094u, 4095u, 4096u, 4097u, 100'000u}) {
    const std::string last(length, 'l');
    for (const std::string beginning : {"", "first\n"}) {
      write_text(path_, beginning + last + "\n" + "torn");
      auto journal = open();
      EXPECT_EQ(journal->end(), beginning.size() + length + 1);
      EXPECT_EQ(journal->drop_torn_tail(), 4u);
      EXPECT_EQ(journal->drop_torn_tail(), 0u);
      EXPECT_EQ(journal->last_line(), last);
      EXPECT_EQ(journal->last_line(), last);
    }
  }
  auto journal = open();
  ASSERT_EQ(journal->append("next\n").status, StoreStatus::done);
  EXPECT_EQ(journal->last_line(), "next");
}

/// No file can be written, as on a full disk.
class NoRoom {
 public:
  NoRoom() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoRoom() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  rlimit before_{};
};

TEST_F(JournalFileTest, LeavesNothingBesideItWhereThereIsNoRoom) {
  auto journal = create("first");
  journal->publish();
  {
    const NoRoom no_room;
    expect_errno(EFBIG, [&] { journal->replace_by_line("next"); });
    expect_errno(EFBIG, [&] { journal->replace_by_copy(); });
  }
  EXPECT_EQ(directory_.names(), std::set<std::string>{"a.journal"});
  EXPECT_EQ(read_text(path_), "first\n");
  EXPECT_EQ(journal->append("second\n").status, StoreStatus::done);
}

TEST_F(JournalFileTest, IsNeverPublishedOverAnother) {
  write_text(path_, "other\n");
  auto journal = create("first");
  expect_errno(EEXIST, [&] { journal->publish(); });
  EXPECT_EQ(read_text(path_), "other\n");
}

TEST_F(JournalFileTest, AppendsAndReadsBack) {
  write_text(path_, "one\n");
  auto journal = open();
  EXPECT_EQ(journal->append("two\nthree\n").status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), "one\ntwo\nthree\n");
  EXPECT_EQ(journal->last_line(), "three");
  EXPECT_EQ(lines_of(*journal), (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(JournalFileTest, FindsTheLastLineWhateverItsLength) {
  for (const std::size_t before : {0, 1, 4094, 4095, 4096, 300000}) {
    for (const std::size_t length : {0, 1, 4094, 4095, 4096, 4097, 300000}) {
      const std::string last(length, 'z');
      write_text(path_, std::string(before, 'a') + "\n" + last + "\n");
      auto journal = open();
      EXPECT_EQ(journal->last_line(), last) << before << " " << length;
      EXPECT_EQ(lines_of(*journal).size(), 2u);
      EXPECT_EQ(lines_of(*journal).back(), last);
    }
  }
}

TEST_F(JournalFileTest, DropsATornTail) {
  write_text(path_, "one\ntwo\nthr");
  auto journal = open();
  EXPECT_EQ(journal->last_line(), "two");
  EXPECT_EQ(journal->drop_torn_tail(), 3u);
  EXPECT_EQ(journal->drop_torn_tail(), 0u);
  EXPECT_EQ(read_text(path_), "one\ntwo\n");
}

TEST_F(JournalFileTest, HasNoLineWhenAllIsTorn) {
  write_text(path_, "thr");
  auto journal = open();
  EXPECT_EQ(journal->last_line(), std::nullopt);
  EXPECT_TRUE(lines_of(*journal).empty());
}

TEST_F(JournalFileTest, RefusesASecondHolderAndNamesTheFirst) {
  write_text(path_, "one\n");
  auto journal = open();
  try {
    open();
    FAIL() << "opened twice";
  } catch (const JournalHeld& error) {
    EXPECT_EQ(error.holder(), ::getpid()) << error.what();
  }
  EXPECT_NO_THROW(JournalFile::open(files_, path_, JournalFile::Access::read_only, milliseconds(0)));
}

// Only a file that was renamed, or a second name of one, is met by the process that has it already.
TEST(JournalHeldTest, SaysHowTheJournalIsSetFree) {
  EXPECT_STREQ(JournalHeld("a.journal", 1).what(),
               "a.journal is held by process 1, which writes this status file; mount it with -o ro, or unmount the "
               "other one");
  EXPECT_STREQ(JournalHeld("a.journal", std::nullopt).what(),
               "a.journal is held by another process, which writes this status file; mount it with -o ro, or unmount "
               "the other one");
  EXPECT_STREQ(JournalHeld("a.journal", ::getpid()).what(), "a.journal is still written under another name of it");
}

TEST_F(JournalFileTest, WaitsForTheFirstHolderToEnd) {
  write_text(path_, "one\n");
  auto first = open();
  std::thread ending([&] {
    std::this_thread::sleep_for(milliseconds(60));
    first.reset();
  });
  EXPECT_NE(JournalFile::open(files_, path_, JournalFile::Access::exclusive, milliseconds(5000)), nullptr);
  ending.join();
}

TEST_F(JournalFileTest, RefusesLinksAndOtherThanRegularFiles) {
  write_text(directory_ / "elsewhere", "one\n");
  std::filesystem::create_symlink(directory_ / "elsewhere", path_);
  expect_errno(ELOOP, [&] { open(); });
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  expect_errno(EINVAL, [&] { open(); });
}

TEST_F(JournalFileTest, LeavesAloneWhatAnotherProgramIsWriting) {
  write_text(path_, "one\ntw");
  UniqueFd writer(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  expect_errno(ETXTBSY, [&] { open(); });
  EXPECT_EQ(read_text(path_), "one\ntw");
  EXPECT_NE(JournalFile::open(files_, path_, JournalFile::Access::read_only, milliseconds(0)), nullptr);
  writer.reset();
  EXPECT_NE(open(), nullptr);
}

TEST_F(JournalFileTest, NoticesThatItLostItsNameAndRestoresItself) {
  write_text(path_, "one\n");
  auto journal = open();
  EXPECT_TRUE(journal->is_in_place());
  std::filesystem::remove(path_);
  EXPECT_FALSE(journal->is_in_place());
  EXPECT_EQ(journal->replace_by_copy(), "");
  EXPECT_TRUE(journal->is_in_place());
  EXPECT_EQ(journal->append("two\n").status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), "one\ntwo\n");
  EXPECT_THROW(open(), JournalHeld);
}

TEST_F(JournalFileTest, KeepsAStrangerThatTookItsName) {
  write_text(path_, "one\n");
  auto journal = open();
  replace_text(path_, "stranger\n");
  EXPECT_FALSE(journal->is_in_place());
  EXPECT_EQ(journal->replace_by_copy(), "a.journal.foreign-1");
  EXPECT_EQ(read_text(path_), "one\n");
  EXPECT_EQ(read_text(directory_ / "a.journal.foreign-1"), "stranger\n");
}

TEST_F(JournalFileTest, NoticesAnotherLength) {
  write_text(path_, "one\ntwo\n");
  auto journal = open();
  std::filesystem::resize_file(path_, 4);
  EXPECT_FALSE(journal->has_own_length());
  EXPECT_FALSE(journal->is_in_place());
}

}  // namespace
}  // namespace statusfs
