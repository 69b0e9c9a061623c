// A store at work: commits, the JSON that follows them, its lock, and other programs.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "fs/store/file_names.hpp"
#include "fs/store/local/lock_holder.hpp"
#include "fs/store/local/side_file.hpp"
#include "fs/unique_fd.hpp"
#include "mapping/document/parse.hpp"
#include "tests/unit/store/local_store_fixture.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Names = std::set<std::string>;

/// Another program writes a file on each time that it is opened to be read.
class FilesWrittenMeanwhile : public PosixFiles {
 public:
  void will_write(const std::string& path, std::string text) {
    path_ = path;
    texts_.push_back(std::move(text));
  }
  std::unique_ptr<File> open(const std::string& path, Open how) override {
    if (how == Open::read && path == path_ && !texts_.empty()) {
      write_text(path, texts_.front());
      texts_.pop_front();
    }
    return PosixFiles::open(path, how);
  }

 private:
  std::string path_;
  std::deque<std::string> texts_;
};

/// What is done to a directory does not reach the disk once something is in the other one.
class FilesWhoseDirectoryFails : public PosixFiles {
 public:
  void fail_once_closed(const std::string& directory, const std::string& closed) {
    directory_ = directory;
    closed_ = closed;
  }
  void fail_no_more() { directory_.clear(); }
  void sync_directory(const std::string& path) override {
    if (path == directory_ && !names_in(closed_).empty()) throw std::system_error(EIO, std::system_category(), path);
    PosixFiles::sync_directory(path);
  }

 private:
  std::string directory_, closed_;
};

/// Counts how often a file is opened to be read.
class FilesThatCount : public PosixFiles {
 public:
  explicit FilesThatCount(std::string path) : path_(std::move(path)) {}
  std::unique_ptr<File> open(const std::string& path, Open how) override {
    opened_ += how == Open::read && path == path_;
    return PosixFiles::open(path, how);
  }
  int opened() const { return opened_; }

 private:
  const std::string path_;
  std::atomic<int> opened_ = 0;
};

class RunningStoreTest : public LocalStoreTest {
 protected:
  bool lock_is_free() {
    const UniqueFd descriptor(::open(lock_path_.c_str(), O_RDWR | O_CLOEXEC));
    return !descriptor || ::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0;
  }
  UniqueFd take_lock() {
    UniqueFd descriptor(::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(::flock(descriptor.get(), LOCK_EX), 0);
    return descriptor;
  }
  /// What is committed is not written for so long, and the lock held, that a busy machine makes no difference.
  static LocalOptions with_long_holds() {
    LocalOptions options = without_rotation();
    options.hold.follow = options.hold.longest = seconds(30);
    return options;
  }
  /// The lock stays ours until settle(), however busy the machine is.
  static LocalOptions without_thread() {
    LocalOptions options = without_rotation();
    options.background = false;
    return options;
  }
  /// The JSON is a link to below/real.txt.
  std::unique_ptr<LocalStore> open_behind_link() {
    std::filesystem::create_directory(directory_ / "below");
    write_text(directory_ / "below/real.txt", maker_.text());
    std::filesystem::create_symlink("below/real.txt", path_);
    auto store = make_store();
    EXPECT_EQ(store->load().state, StoredFile::State::chained);
    return store;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  /// What another program would write: the current text with one task blocked.
  std::string foreign_text(const std::string& status = "BLOCKED") {
    auto text = maker_.text();
    text.replace(text.find("PENDING"), 7, status);
    return text;
  }
};

TEST_F(RunningStoreTest, CommitsToTheJournalAndTheJsonFollows) {
  auto store = open_chain();
  commit(*store);
  EXPECT_EQ(verified_head(maker_.mapping(), read_text(journal_path_)), maker_.head());
  EXPECT_TRUE(soon([&] { return read_text(path_) == maker_.text(); }, milliseconds(1000)));
  EXPECT_TRUE(soon([&] { return lock_is_free(); }, milliseconds(1000)));
  EXPECT_FALSE(store->looks_changed());
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

TEST_F(RunningStoreTest, HoldsTheLockBehindACommit) {
  auto store = open_chain(with_long_holds());
  commit(*store);
  EXPECT_FALSE(lock_is_free());
}

TEST_F(RunningStoreTest, CommitsAGroupAsOne) {
  auto store = open_chain();
  const std::vector<CommitEntry> group{maker_.next(), maker_.next(), maker_.next()};
  ASSERT_EQ(store->prepare().status, StoreStatus::done);
  ASSERT_EQ(store->commit(maker_.first().head.version, group).status, StoreStatus::done);
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  store.reset();
  EXPECT_EQ(make_store()->load().head, maker_.head());
}

TEST_F(RunningStoreTest, TriesAJsonAgainThatCouldNotBeWrittenAndTellsItOnce) {
  put_chain();
  auto store = make_store();
  std::mutex mutex;
  std::vector<std::string> told;
  store->tell_trouble_to([&](const std::string& message) {
    const std::lock_guard lock(mutex);
    told.push_back(message);
  });
  const auto times_told = [&] {
    const std::lock_guard lock(mutex);
    return told.size();
  };
  ASSERT_EQ(store->load().state, StoredFile::State::chained);
  const std::string obstacle = temporary_name(path_);
  std::filesystem::create_directory(obstacle);
  commit(*store);
  ASSERT_TRUE(soon([&] { return times_told() == 1; }));
  EXPECT_TRUE(soon([&] { return lock_is_free(); }));
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_EQ(times_told(), 1u);
  EXPECT_NE(read_text(path_), maker_.text());
  std::filesystem::remove(obstacle);
  EXPECT_TRUE(soon([&] { return read_text(path_) == maker_.text(); }));
  EXPECT_TRUE(soon([&] { return times_told() == 2; }));
  EXPECT_TRUE(soon([&] { return lock_is_free(); }));
  commit(*store);
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(times_told(), 2u);
}

TEST_F(RunningStoreTest, JudgesWhatCameWhileTheJsonIsTriedAgain) {
  put_chain();
  auto store = make_store();
  std::atomic<int> times_told = 0;
  store->tell_trouble_to([&](const std::string&) { ++times_told; });
  ASSERT_EQ(store->load().state, StoredFile::State::chained);
  const std::string obstacle = temporary_name(path_);
  std::filesystem::create_directory(obstacle);
  const std::string foreign = foreign_text();
  commit(*store);
  ASSERT_TRUE(soon([&] { return times_told == 1; }));
  replace_text(path_, foreign);
  std::filesystem::remove(obstacle);
  EXPECT_FALSE(soon([&] { return std::filesystem::exists(path_ + ".foreign-1"); }, milliseconds(2000)));
  EXPECT_EQ(read_text(path_), foreign);
  EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
  ASSERT_TRUE(store->foreign_change());
  EXPECT_EQ(store->foreign_change()->text, foreign);
  EXPECT_EQ(store->foreign_change()->kept_as, "");
}

TEST_F(RunningStoreTest, TriesAgainWhatCouldNotBeMendedWhenItWasLoaded) {
  put_chain();
  std::filesystem::remove(path_);
  LocalOptions options = without_rotation();
  options.lock_wait = milliseconds(20);
  auto store = make_store(options);
  {
    const UniqueFd other = take_lock();
    ASSERT_EQ(store->load().state, StoredFile::State::chained);
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_TRUE(soon([&] { return std::filesystem::exists(path_) && read_text(path_) == maker_.text(); }));
}

TEST_F(RunningStoreTest, GivesTheSideFilesTheModeThatTheJsonGot) {
  auto store = open_chain();
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  ASSERT_TRUE(soon([&] { return lock_is_free(); }));
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  commit(*store);
  for (const std::string& file : {path_, journal_path_, lock_path_}) EXPECT_EQ(mode_of(file), 0600u) << file;
}

TEST_F(RunningStoreTest, GivesNothingOfOursTheModeOfWhatIsForeign) {
  put_chain();
  for (const auto& file : {path_, journal_path_}) ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  for (const bool is_loaded_before : {true, false}) {
    auto store = make_store();
    if (is_loaded_before) {
      ASSERT_EQ(store->load().state, StoredFile::State::chained);
      commit(*store);
    }
    replace_text(path_, foreign_text());
    ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
    if (!is_loaded_before) {
      ASSERT_EQ(store->load().state, StoredFile::State::chained);
    }
    ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
    std::string kept_as;
    ASSERT_EQ(store->set_foreign_aside(kept_as).status, StoreStatus::done);
    commit(*store);
    ASSERT_EQ(store->settle().status, StoreStatus::done);
    for (const std::string& file : {path_, journal_path_, lock_path_}) EXPECT_EQ(mode_of(file), 0600u) << file;
    EXPECT_EQ(mode_of(directory_ / kept_as), 0666u);
  }
}

TEST_F(RunningStoreTest, TakesTheModeOfWhatIsAdopted) {
  auto store = open_chain();
  commit(*store);
  replace_text(path_, foreign_text());
  ASSERT_EQ(::chmod(path_.c_str(), 0660), 0);
  ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
  store->accept_foreign();
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  for (const std::string& file : {path_, journal_path_, lock_path_}) EXPECT_EQ(mode_of(file), 0660u) << file;
}

// Who keeps the rules would put his next version there in between, and it would continue nothing.
TEST_F(RunningStoreTest, HoldsTheLockUntilItIsDecidedWhatBecomesOfAForeignChange) {
  LocalOptions options = without_rotation();
  options.hold.judging = seconds(30);
  auto store = open_chain(options);
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  ASSERT_TRUE(soon([&] { return lock_is_free(); }));
  replace_text(path_, foreign_text());
  ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
  EXPECT_FALSE(soon([&] { return lock_is_free(); }, 5 * std::chrono::duration_cast<milliseconds>(options.hold.linger)));
  store->accept_foreign();
  commit(*store);
  EXPECT_TRUE(soon([&] { return lock_is_free(); })) << "it is decided";
  ASSERT_EQ(store->settle().status, StoreStatus::done);
}

TEST_F(RunningStoreTest, RefusesAnotherVersionThanItsOwn) {
  auto store = open_chain();
  ASSERT_EQ(store->prepare().status, StoreStatus::done);
  const auto entry = maker_.next();
  EXPECT_EQ(store->commit(99, {&entry, 1}).status, StoreStatus::conflict);
}

TEST_F(RunningStoreTest, SettlesBeforeItReturns) {
  auto store = open_chain();
  for (int round = 0; round < 20; ++round) {
    commit(*store);
    ASSERT_EQ(store->settle().status, StoreStatus::done);
    ASSERT_EQ(read_text(path_), maker_.text());
  }
}

TEST_F(RunningStoreTest, WritesTheJsonWhenItEnds) {
  auto store = open_chain();
  commit(*store);
  store.reset();
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_TRUE(lock_is_free());
}

TEST_F(RunningStoreTest, LetsOthersHaveTheLockUnderLoad) {
  auto store = open_chain();
  std::atomic<bool> stop = false;
  std::atomic<int> turns = 0;
  std::atomic<int> longest = 0;
  std::thread other([&] {
    while (!stop) {
      const auto begin = Clock::now();
      UniqueFd descriptor = take_lock();
      longest = std::max<int>(longest, std::chrono::duration_cast<milliseconds>(Clock::now() - begin).count());
      EXPECT_NO_THROW(parse_json(read_text(path_)));
      ++turns;
      descriptor.reset();
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  const auto begin = Clock::now();
  int commits = 0;
  for (; (Clock::now() < begin + milliseconds(3500) || commits <= 100 || turns < 3) &&
         Clock::now() < begin + std::chrono::seconds(60);
       ++commits)
    commit(*store);
  stop = true;
  other.join();
  EXPECT_GE(turns, 3);
  EXPECT_LE(longest, 2500);
  EXPECT_GT(commits, 100);
}

// /proc/locks is looked at, because whoever takes the lock to find out makes the store wait.
TEST_F(RunningStoreTest, LeavesTheLockFreeForTenMillisecondsAfterEachHold) {
  auto store = open_chain();
  commit(*store);
  struct stat lock {};
  ASSERT_EQ(::stat(lock_path_.c_str(), &lock), 0);
  std::atomic<bool> stop = false;
  std::vector<Clock::duration> gaps;
  std::thread watcher([&] {
    auto last_held = Clock::now();
    bool was_free = false;
    while (!stop) {
      const auto before = Clock::now();
      const bool is_free = !flock_holder(lock.st_dev, lock.st_ino);
      if (!is_free && was_free) gaps.push_back(Clock::now() - last_held);
      if (!is_free) last_held = before;
      was_free = is_free;
    }
  });
  for (const auto deadline = Clock::now() + milliseconds(4500); Clock::now() < deadline;) commit(*store);
  stop = true;
  watcher.join();
  EXPECT_GE(gaps.size(), 2u);
  for (const auto gap : gaps) EXPECT_GE(gap, milliseconds(10));
}

TEST_F(RunningStoreTest, HoldsTheLockWhileTheJsonDiffers) {
  auto store = open_chain();
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) {
      UniqueFd descriptor = take_lock();
      const auto journal = read_text(journal_path_);
      const auto json = read_text(path_);
      EXPECT_EQ(verified_head(maker_.mapping(), journal).size, json.size());
      descriptor.reset();
      std::this_thread::sleep_for(milliseconds(2));
    }
  });
  for (int round = 0; round < 40; ++round) {
    commit(*store, maker_.next_of_size(round));
    std::this_thread::sleep_for(milliseconds(round % 4 * 20));
  }
  stop = true;
  other.join();
}

TEST_F(RunningStoreTest, IsBusyWhileAnotherHoldsTheLock) {
  LocalOptions options;
  options.lock_wait = milliseconds(50);
  auto store = open_chain(options);
  UniqueFd other = take_lock();
  EXPECT_EQ(store->prepare().status, StoreStatus::busy);
  other.reset();
  EXPECT_TRUE(soon([&] { return store->prepare().status == StoreStatus::done; })) << "a wait is still in the queue";
}

TEST_F(RunningStoreTest, CommitsEvenIfTheLockWasLetGoSincePrepare) {
  auto store = open_chain(with_long_holds());
  ASSERT_EQ(store->prepare().status, StoreStatus::done);
  ASSERT_TRUE(soon([&] { return lock_is_free(); }));
  const auto entry = maker_.next();
  EXPECT_EQ(store->commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::done);
  EXPECT_FALSE(lock_is_free());
}

TEST_F(RunningStoreTest, ReportsWhatAnotherProgramPutInTheJsonsPlace) {
  auto store = open_chain();
  for (const bool by_rename : {true, false}) {
    const auto foreign = foreign_text(by_rename ? "BLOCKED" : "FAILED");
    by_rename ? replace_text(path_, foreign) : write_text(path_, foreign);
    EXPECT_TRUE(store->looks_changed());
    EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
    ASSERT_TRUE(store->foreign_change());
    EXPECT_EQ(store->foreign_change()->text, foreign);
    std::string kept_as;
    EXPECT_EQ(store->set_foreign_aside(kept_as).status, StoreStatus::done);
    EXPECT_EQ(read_text(directory_ / kept_as), foreign);
    EXPECT_EQ(read_text(path_), maker_.text());
    EXPECT_FALSE(store->foreign_change());
    commit(*store);
    ASSERT_EQ(store->settle().status, StoreStatus::done);
  }
}

TEST_F(RunningStoreTest, RefusesCommitsUntilAForeignChangeIsResolved) {
  auto store = open_chain();
  replace_text(path_, foreign_text());
  ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
  const auto entry = maker_.next();
  EXPECT_EQ(store->commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::foreign);
  EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
  EXPECT_EQ(store->settle().status, StoreStatus::foreign);
}

TEST_F(RunningStoreTest, WritesOverAForeignChangeOnceItIsCommitted) {
  auto store = open_chain();
  replace_text(path_, foreign_text());
  ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
  store->accept_foreign();
  const auto entry = maker_.next(R"({"payload": {"partition_status": "PARTITIONED"}})");
  ASSERT_EQ(store->commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::done);
  EXPECT_FALSE(store->foreign_change());
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

// The lock goes meanwhile, and to read a large file takes as long as it may be held.
TEST_F(RunningStoreTest, ReadsAnAcceptedChangeOnce) {
  FilesThatCount files(path_);
  put_chain();
  LocalStore store(path_, maker_.mapping(), files, without_rotation());
  ASSERT_EQ(store.load().state, StoredFile::State::chained);
  replace_text(path_, foreign_text());
  const int before = files.opened();
  ASSERT_EQ(store.prepare().status, StoreStatus::foreign);
  store.accept_foreign();
  ASSERT_TRUE(soon([&] { return lock_is_free(); }));
  const auto entry = maker_.next(R"({"payload": {"partition_status": "PARTITIONED"}})");
  ASSERT_EQ(store.commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::done);
  EXPECT_EQ(files.opened(), before + 1);
}

TEST_F(RunningStoreTest, KeepsAnAcceptedChangeThatWasReplacedByAnother) {
  auto store = open_chain(without_thread());
  replace_text(path_, foreign_text());
  ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
  store->accept_foreign();
  const auto second = foreign_text("FAILED");
  replace_text(path_, second);
  const auto entry = maker_.next(R"({"payload": {"partition_status": "PARTITIONED"}})");
  ASSERT_EQ(store->commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::done);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_ + ".foreign-1"), second);
  EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
  EXPECT_EQ(store->foreign_change()->kept_as, name_ + ".foreign-1");
}

TEST_F(RunningStoreTest, FindsInTheExchangeWhatCameWithoutTheLock) {
  auto store = open_chain(without_thread());
  commit(*store);
  const auto foreign = foreign_text();
  replace_text(path_, foreign);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_EQ(read_text(path_ + ".foreign-1"), foreign);
  EXPECT_TRUE(store->looks_changed());
  EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
  EXPECT_EQ(store->foreign_change()->text, foreign);
  std::string kept_as;
  EXPECT_EQ(store->set_foreign_aside(kept_as).status, StoreStatus::done);
  EXPECT_EQ(kept_as, name_ + ".foreign-1");
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
}

// As if it had been found before the JSON was written.
TEST_F(RunningStoreTest, FindsNothingForeignInTheExchangeThatIsTornOrAnEarlierVersion) {
  auto store = open_chain(without_thread());
  const std::string first = maker_.text();
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  int kept = 0;
  for (const std::string& text : {std::string(), first.substr(0, 100), std::string(100, '\0'), first}) {
    SCOPED_TRACE(text);
    commit(*store);
    write_text(path_, text);
    ASSERT_EQ(store->settle().status, StoreStatus::done);
    store->take_notices();
    EXPECT_TRUE(store->looks_changed());
    EXPECT_EQ(store->prepare().status, StoreStatus::done);
    EXPECT_FALSE(store->foreign_change());
    EXPECT_EQ(read_text(path_), maker_.text());
    const std::string name = name_ + ".foreign-" + std::to_string(++kept);
    EXPECT_EQ(read_text(directory_ / name), text);
    const auto notices = store->take_notices();
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_TRUE(notices.front().ends_with("is kept as " + name)) << notices.front();
    EXPECT_FALSE(store->looks_changed());
  }
}

TEST_F(RunningStoreTest, WaitsForAProgramThatWritesWhatTheExchangeBroughtOut) {
  const auto foreign = foreign_text();
  FilesWrittenMeanwhile files;
  put_chain();
  LocalOptions options = without_thread();
  options.writing = std::chrono::minutes(1);
  LocalStore store(path_, maker_.mapping(), files, options);
  ASSERT_EQ(store.load().state, StoredFile::State::chained);
  commit(store);
  write_text(path_, foreign.substr(0, 100));
  ASSERT_EQ(store.settle().status, StoreStatus::done);
  for (const std::size_t size : {std::size_t{200}, foreign.size()})
    files.will_write(path_ + ".foreign-1", foreign.substr(0, size));
  EXPECT_EQ(store.prepare().status, StoreStatus::foreign);
  EXPECT_EQ(store.foreign_change()->text, foreign);
  EXPECT_EQ(store.foreign_change()->kept_as, name_ + ".foreign-1");
}

TEST_F(RunningStoreTest, TakesTouchingAndReformattingForNothing) {
  auto store = open_chain();
  std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now());
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
  write_text(path_, compact(maker_.document()->root()));
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

TEST_F(RunningStoreTest, WaitsForAProgramThatWritesInPlace) {
  const auto foreign = foreign_text();
  FilesWrittenMeanwhile files;
  put_chain();
  LocalOptions options = without_rotation();
  options.writing = std::chrono::minutes(1);
  LocalStore store(path_, maker_.mapping(), files, options);
  ASSERT_EQ(store.load().state, StoredFile::State::chained);
  write_text(path_, foreign.substr(0, 100));
  for (const std::size_t size : {std::size_t{200}, std::size_t{300}, foreign.size()})
    files.will_write(path_, foreign.substr(0, size));
  EXPECT_EQ(store.prepare().status, StoreStatus::foreign);
  EXPECT_EQ(store.foreign_change()->text, foreign);
}

TEST_F(RunningStoreTest, RebuildsAJsonThatWasRemovedOrTorn) {
  auto store = open_chain();
  std::filesystem::remove(path_);
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  write_text(path_, maker_.text().substr(0, 100));
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_EQ(store->take_notices().size(), 2u);
}

TEST_F(RunningStoreTest, RestoresAJournalThatWasRemovedOrReplaced) {
  auto store = open_chain();
  commit(*store);
  const auto journal = read_text(journal_path_);
  std::filesystem::remove(journal_path_);
  EXPECT_TRUE(store->looks_changed());
  EXPECT_EQ(store->prepare().status, StoreStatus::done);
  EXPECT_EQ(read_text(journal_path_), journal);
  replace_text(journal_path_, "stranger\n");
  commit(*store);
  EXPECT_EQ(verified_head(maker_.mapping(), read_text(journal_path_)), maker_.head());
  EXPECT_EQ(read_text(journal_path_ + ".foreign-1"), "stranger\n");
}

TEST_F(RunningStoreTest, TakesNoWritesWhenTheJournalWasChanged) {
  auto store = open_chain();
  commit(*store);
  for (const bool is_longer : {false, true}) {
    const std::string journal = read_text(journal_path_);
    write_text(journal_path_, is_longer ? journal + "{}\n" : journal.substr(0, 10));
    EXPECT_EQ(store->prepare().status, StoreStatus::refused);
    EXPECT_EQ(store->recheck().status, StoreStatus::refused);
    write_text(journal_path_, journal);
    commit(*store);
  }
}

TEST_F(RunningStoreTest, TakesNoWritesWhenTheJournalDoesNotVerifyThatItIsComparedWith) {
  auto store = open_chain();
  commit(*store);
  std::string journal = read_text(journal_path_);
  journal[journal.find("PENDING")] = 'Q';
  write_text(journal_path_, journal);
  replace_text(path_, foreign_text());
  const StoreResult result = store->prepare();
  EXPECT_EQ(result.status, StoreStatus::refused) << result.reason;
  EXPECT_EQ(read_text(path_), foreign_text());
}

TEST_F(RunningStoreTest, OpensAJournalAnewThatWasWrittenBeforeItsFirstCommit) {
  auto store = open_chain();
  EXPECT_FALSE(store->looks_changed());
  write_text(journal_path_, maker_.first().record + "\n" + maker_.next().record + "\n");
  EXPECT_TRUE(store->looks_changed());
  EXPECT_EQ(store->prepare().status, StoreStatus::conflict);
  const auto stored = store->load();
  ASSERT_EQ(stored.state, StoredFile::State::chained) << stored.reason;
  EXPECT_EQ(stored.head, maker_.head());
  commit(*store);
  EXPECT_EQ(verified_head(maker_.mapping(), read_text(journal_path_)), maker_.head());
}

TEST_F(RunningStoreTest, AJournalThatCannotBeClosedGoesOnAndIsClosedLater) {
  LocalOptions options = without_thread();
  options.longest_journal = 16'000;
  auto store = open_chain(options);
  const std::string obstacle = closed_journal_directory(path_);
  write_text(obstacle, "no directory");
  const auto notices_of_commit = [&] {
    commit(*store, maker_.next_of_size(400));
    return store->take_notices().size();
  };
  int commits = 0;
  while (notices_of_commit() == 0) ASSERT_LT(++commits, 100) << "the journal is never long enough";
  EXPECT_EQ(notices_of_commit(), 0u) << "it is tried again at once";
  EXPECT_EQ(verified_head(maker_.mapping(), read_text(journal_path_)), maker_.head());
  for (commits = 0; notices_of_commit() == 0;) ASSERT_LT(++commits, 100) << "it is never tried again";

  std::filesystem::remove(obstacle);
  for (commits = 0; store->prepare().status == StoreStatus::done; commit(*store)) ASSERT_LT(++commits, 100);
  EXPECT_EQ(store->prepare().status, StoreStatus::conflict);
  const auto stored = store->load();
  ASSERT_EQ(stored.state, StoredFile::State::chained) << stored.reason;
  EXPECT_EQ(stored.head.version, maker_.head().version);
  EXPECT_EQ(files_.names_in(obstacle).size(), 1u);
}

TEST_F(RunningStoreTest, ANewJournalWhoseNameMayNotLastIsCheckedBeforeAnythingIsWritten) {
  FilesWhoseDirectoryFails files;
  put_chain();
  LocalOptions options = without_thread();
  options.longest_journal = 0;
  LocalStore store(path_, maker_.mapping(), files, options);
  ASSERT_EQ(store.load().state, StoredFile::State::chained);
  StoreResult result;
  files.fail_once_closed(directory_.path(), closed_journal_directory(path_));
  for (int commits = 0; (result = store.prepare()).status == StoreStatus::done; commit(store))
    ASSERT_LT(++commits, 100) << "the journal is never long enough";
  EXPECT_EQ(result.status, StoreStatus::failed) << result.reason;
  EXPECT_EQ(store.prepare().status, StoreStatus::failed);
  const auto entry = maker_.next();
  EXPECT_EQ(store.commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::conflict);

  files.fail_no_more();
  EXPECT_EQ(store.recheck().status, StoreStatus::done);
  EXPECT_EQ(store.prepare().status, StoreStatus::conflict);
  const auto stored = store.load();
  ASSERT_EQ(stored.state, StoredFile::State::chained) << stored.reason;
  EXPECT_EQ(stored.head.version, entry.head.version - 1);
  ChainMaker next(stored.document, stored.head);
  commit(store, next.next());
  EXPECT_EQ(store.settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), next.text());
}

TEST_F(RunningStoreTest, ChecksAGoodFile) {
  auto store = open_chain();
  commit(*store);
  EXPECT_EQ(store->recheck().status, StoreStatus::done);
  commit(*store);
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(verified_head(maker_.mapping(), read_text(journal_path_)), maker_.head());
}

TEST_F(RunningStoreTest, BeginsAChainOfAFileWithoutHashes) {
  write_text(path_, plain_status_text());
  ASSERT_EQ(::chmod(path_.c_str(), 0660), 0);
  auto store = make_store();
  ASSERT_EQ(store->load().state, StoredFile::State::unchained);
  EXPECT_NE(store->prepare().status, StoreStatus::done);
  const auto begun = store->begin(maker_.first());
  ASSERT_EQ(begun.status, StoreStatus::done) << begun.reason;
  EXPECT_EQ(read_text(path_), maker_.text());
  commit(*store);
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  for (const auto& name : directory_.names()) EXPECT_EQ(mode_of(directory_ / name), 0660u) << name;
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
  EXPECT_EQ(store->begin(maker_.first()).status, StoreStatus::conflict);
}

TEST_F(RunningStoreTest, WritesBesideAJsonThatNobodyMayWrite) {
  put_chain();
  for (const auto& path : {path_, journal_path_}) ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  auto store = make_store();
  ASSERT_EQ(store->load().state, StoredFile::State::chained);
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  ASSERT_EQ(store->recheck().status, StoreStatus::done);
  EXPECT_EQ(mode_of(path_), 0444u);
  EXPECT_EQ(mode_of(journal_path_), 0644u);
  EXPECT_EQ(mode_of(lock_path_), 0644u);
}

// There is no journal yet that could have been removed, so nobody waits for it to come back.
TEST_F(RunningStoreTest, BeginsAChainWithoutWaiting) {
  auto fastest = std::chrono::steady_clock::duration::max();
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove(journal_path_);
    write_text(path_, plain_status_text());
    const auto store = make_store();
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(store->load().state, StoredFile::State::unchained);
    ASSERT_EQ(store->begin(maker_.first()).status, StoreStatus::done);
    fastest = std::min(fastest, std::chrono::steady_clock::now() - begin);
  }
  EXPECT_LT(fastest, std::chrono::milliseconds(150));
}

TEST_F(RunningStoreTest, BeginsANewFileButNeverOverAnother) {
  auto store = make_store();
  const auto begun = store->begin(maker_.first());
  ASSERT_EQ(begun.status, StoreStatus::done) << begun.reason;
  EXPECT_EQ(read_text(path_), maker_.text());
  store.reset();
  std::filesystem::remove(journal_path_);
  write_text(path_, plain_status_text());
  EXPECT_EQ(make_store()->begin(maker_.first()).status, StoreStatus::conflict);
  EXPECT_EQ(read_text(path_), plain_status_text());
  EXPECT_FALSE(std::filesystem::exists(journal_path_));
}

TEST_F(RunningStoreTest, FollowsALinkInsideTheDirectory) {
  std::filesystem::create_directory(directory_ / "below");
  write_text(directory_ / "below/real.txt", maker_.text());
  std::filesystem::create_symlink("below/real.txt", path_);
  auto store = make_store();
  ASSERT_EQ(store->load().state, StoredFile::State::chained);
  commit(*store);
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(read_text(directory_ / "below/real.txt"), maker_.text());
  EXPECT_FALSE(store->looks_changed());
}

TEST_F(RunningStoreTest, SeesThatTheLinkWasReplaced) {
  auto store = open_behind_link();
  replace_text(path_, foreign_text());
  EXPECT_TRUE(store->looks_changed());
  EXPECT_EQ(store->prepare().status, StoreStatus::foreign);
  std::string kept_as;
  ASSERT_EQ(store->set_foreign_aside(kept_as).status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
}

TEST_F(RunningStoreTest, RebuildsTheFileBehindALink) {
  auto store = open_behind_link();
  for (const bool is_mounted : {true, false}) {
    std::filesystem::remove(directory_ / "below/real.txt");
    if (is_mounted) {
      EXPECT_TRUE(store->looks_changed());
      EXPECT_EQ(store->prepare().status, StoreStatus::done);
    } else {
      store.reset();
      EXPECT_EQ(make_store()->load().state, StoredFile::State::chained);
    }
    EXPECT_TRUE(std::filesystem::is_symlink(path_));
    EXPECT_EQ(read_text(directory_ / "below/real.txt"), maker_.text());
  }
}

TEST_F(RunningStoreTest, ReadsWhatWasKeptBehindALink) {
  auto store = open_behind_link();
  replace_text(directory_ / "below/real.txt", foreign_text());
  ASSERT_EQ(store->prepare().status, StoreStatus::foreign);
  std::string kept_as;
  ASSERT_EQ(store->set_foreign_aside(kept_as).status, StoreStatus::done);
  EXPECT_EQ(store->read_foreign(kept_as), foreign_text());
}

// As cp(1) puts an older copy over it.
TEST_F(RunningStoreTest, AJournalThatIsShortenedInPlaceIsSeenWithoutAWrite) {
  auto store = open_chain();
  std::vector<std::string> told;
  store->tell_trouble_to([&](const std::string& message) { told.push_back(message); });
  commit(*store);
  const std::string older = read_text(journal_path_);
  commit(*store);
  ASSERT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_FALSE(store->looks_changed());
  const std::string whole = read_text(journal_path_);
  write_text(journal_path_, older);
  EXPECT_TRUE(store->looks_changed());
  const StoreResult settled = store->settle();
  EXPECT_EQ(settled.status, StoreStatus::refused);
  const std::string lengths =
      std::to_string(older.size()) + " bytes, and " + std::to_string(whole.size()) + " were acknowledged";
  EXPECT_NE(settled.reason.find(lengths), std::string::npos) << settled.reason;
  EXPECT_EQ(settled.reason.find("verify"), std::string::npos) << "which finds nothing in an older copy";
  EXPECT_EQ(store->prepare().status, StoreStatus::refused);
  EXPECT_EQ(store->prepare().status, StoreStatus::refused);
  EXPECT_EQ(told, (std::vector<std::string>{settled.reason})) << "once";
  write_text(journal_path_, whole);
  EXPECT_FALSE(store->looks_changed());
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  commit(*store);
}

TEST_F(RunningStoreTest, SettlesFromAnyThreadWhileItCommits) {
  auto store = open_chain();
  std::atomic<bool> stop = false;
  std::thread settling([&] {
    while (!stop) EXPECT_EQ(store->settle().status, StoreStatus::done);
  });
  std::thread looking([&] {
    while (!stop) {
      store->looks_changed();
      store->take_notices();
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  for (int round = 0; round < 100; ++round) commit(*store);
  stop = true;
  settling.join();
  looking.join();
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

TEST_F(RunningStoreTest, IsLoadedAgainWhileItRuns) {
  auto store = open_chain();
  commit(*store);
  const auto again = store->load();
  ASSERT_EQ(again.state, StoredFile::State::chained) << again.reason;
  EXPECT_EQ(again.head, maker_.head());
  commit(*store);
  EXPECT_EQ(store->settle().status, StoreStatus::done);
  EXPECT_EQ(read_text(path_), maker_.text());
}

}  // namespace
}  // namespace statusfs
