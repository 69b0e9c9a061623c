// The table at the end of section 7 of the contract: what a store makes of what it finds.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "fs/unique_fd.hpp"
#include "mapping/chain/chain.hpp"
#include "mapping/document/parse.hpp"
#include "tests/unit/store/local_store_fixture.hpp"

namespace statusfs {
namespace {

using State = StoredFile::State;
using Names = std::set<std::string>;

class LoadTest : public LocalStoreTest {
 protected:
  /// A chain of one version, whose line is longer than what is looked at of it; returns its head.
  ChainHead put_long_one() {
    const Value long_text(std::string(20'000, 'x'));
    const StatusDocument plain(maker_.mapping(), maker_.document()->root().with_member("unknown", long_text));
    MutationStamp stamp;
    stamp.g = 77;
    stamp.time = "2025-06-09T12:00:00.000000Z";
    stamp.author = {"TESTER", "SUPERVISOR", 1000, 4711, std::string(32, 'a')};
    const Version first = begin_chain(plain, {"exec_status_7", "exec_plan_7", "", 1}, stamp, "adopt");
    write_text(journal_path_, first.record + "\n");
    write_text(path_, text_of(*first.document));
    return first.head;
  }
  /// A chain of three versions on the disk, the JSON as given.
  void put_three(const std::optional<std::string>& json) {
    first_text_ = maker_.text();
    const std::string second = maker_.next().record;
    second_text_ = maker_.text();
    const std::string third = maker_.next().record;
    third_text_ = maker_.text();
    const std::string journal = maker_.first().record + "\n" + second + "\n" + third + "\n";
    write_text(journal_path_, journal);
    if (json) write_text(path_, *json);
  }
  StoredFile load_three(const std::optional<std::string>& json) {
    put_three(json);
    store_ = make_store();
    return store_->load();
  }
  void expect_head(const StoredFile& stored) {
    ASSERT_EQ(stored.state, State::chained) << stored.reason;
    EXPECT_EQ(stored.head, maker_.head());
    EXPECT_EQ(text_of(*stored.document), maker_.text());
  }

  std::string first_text_, second_text_, third_text_;
  std::unique_ptr<LocalStore> store_;
};

TEST_F(LoadTest, MissingIsUnusable) {
  const auto stored = make_store()->load();
  EXPECT_EQ(stored.state, State::unusable);
  EXPECT_EQ(directory_.names(), Names{});
}

TEST_F(LoadTest, NoJsonIsUnusableAndSaysWhere) {
  write_text(path_, "{\n  \"payload\": nonsense}\n");
  const auto stored = make_store()->load();
  EXPECT_EQ(stored.state, State::unusable);
  EXPECT_NE(stored.reason.find("line 2"), std::string::npos) << stored.reason;
}

TEST_F(LoadTest, OtherThanAFileIsUnusable) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(make_store()->load().state, State::unusable);
}

TEST_F(LoadTest, WhatCannotBeReadIsUnusableThoughItsJournalStands) {
  put_three(std::nullopt);
  ASSERT_EQ(::symlink("/etc/passwd", path_.c_str()), 0);
  const std::string journal = read_text(journal_path_);
  const auto stored = make_store()->load();
  EXPECT_EQ(stored.state, State::unusable);
  EXPECT_NE(stored.reason.find("leads out of its directory"), std::string::npos) << stored.reason;
  EXPECT_EQ(read_text(journal_path_), journal);
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal"})) << "nothing is kept aside or rebuilt";
}

TEST_F(LoadTest, WithoutHashesIsUnchained) {
  write_text(path_, plain_status_text());
  const auto stored = make_store()->load();
  EXPECT_EQ(stored.state, State::unchained);
  EXPECT_NE(stored.document, nullptr);
  EXPECT_EQ(directory_.names(), Names{name_});
}

TEST_F(LoadTest, WithHashesThatDoNotVerifyIsUnchained) {
  auto text = maker_.text();
  text.replace(text.find("PENDING"), 7, "BLOCKED");
  write_text(path_, text);
  const auto stored = make_store()->load();
  EXPECT_EQ(stored.state, State::unchained);
  EXPECT_NE(stored.reason.find("/payload/tasks_status/0"), std::string::npos) << stored.reason;
}

TEST_F(LoadTest, WithHashesThatVerifyAJournalIsBegun) {
  write_text(path_, maker_.text());
  const auto stored = make_store()->load();
  ASSERT_EQ(stored.state, State::chained) << stored.reason;
  EXPECT_EQ(stored.head.version, maker_.head().version);
  const auto head = verified_head(maker_.mapping(), read_text(journal_path_));
  EXPECT_EQ(head.payload_hash_current, maker_.head().payload_hash_current);
  EXPECT_EQ(make_store()->load().state, State::chained);
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

TEST_F(LoadTest, AJournalThatCannotBeBegunNowIsAskedForAgain) {
  write_text(path_, maker_.text());
  LocalOptions options = without_rotation();
  options.lock_wait = std::chrono::milliseconds(20);
  auto store = make_store(options);
  {
    const UniqueFd other(::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    EXPECT_EQ(store->load().state, StoredFile::State::unchained);
    EXPECT_TRUE(store->looks_changed());
  }
  EXPECT_TRUE(soon([&] { return store->load().state == State::chained; })) << "the wait is still in the queue";
  EXPECT_FALSE(store->looks_changed());
}

TEST_F(LoadTest, AJournalThatWasOfNoUseIsReadAgainOnceItIsWritten) {
  write_text(path_, maker_.text());
  for (const std::size_t written : {0u, 100u}) {
    write_text(journal_path_, maker_.first().record.substr(0, written));
    store_ = make_store();
    EXPECT_EQ(store_->load().state, State::unchained);
    write_text(journal_path_, maker_.first().record + "\n");
    EXPECT_TRUE(store_->looks_changed());
    expect_head(store_->load());
    EXPECT_FALSE(store_->looks_changed());
    store_.reset();
  }
}

TEST_F(LoadTest, AJournalThatIsBeingWrittenIsLeftAloneUntilItIsWhole) {
  write_text(path_, maker_.text());
  const std::string half = maker_.first().record.substr(0, 100);
  write_text(journal_path_, half);
  UniqueFd writer(::open(journal_path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  store_ = make_store();
  EXPECT_EQ(store_->load().state, State::unchained);
  EXPECT_EQ(read_text(journal_path_), half);
  const std::string rest = maker_.first().record.substr(100) + "\n";
  ASSERT_EQ(::write(writer.get(), rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  writer.reset();
  EXPECT_TRUE(store_->looks_changed());
  expect_head(store_->load());
}

TEST_F(LoadTest, AnotherSchemaIsUnchained) {
  auto text = maker_.text();
  text.replace(text.find("Payload_v1.0"), 12, "Payload_v9.9");
  write_text(path_, text);
  EXPECT_EQ(make_store()->load().state, State::unchained);
  EXPECT_EQ(directory_.names(), Names{name_});
}

TEST_F(LoadTest, TheHeadIsNormal) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  store_ = make_store();
  const auto stored = store_->load();
  expect_head(stored);
  EXPECT_TRUE(stored.notices.empty());
  EXPECT_FALSE(store_->looks_changed());
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal"}));
}

TEST_F(LoadTest, AnEarlierVersionIsRebuilt) {
  put_three(std::nullopt);
  write_text(path_, second_text_);
  store_ = make_store();
  const auto stored = store_->load();
  expect_head(stored);
  EXPECT_EQ(stored.notices.size(), 1u);
  EXPECT_EQ(read_text(path_), third_text_);
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

TEST_F(LoadTest, TheFirstVersionIsRebuilt) {
  put_three(std::nullopt);
  write_text(path_, first_text_);
  store_ = make_store();
  expect_head(store_->load());
  EXPECT_EQ(read_text(path_), third_text_);
}

TEST_F(LoadTest, AMissingJsonIsRebuilt) {
  expect_head(load_three(std::nullopt));
  EXPECT_EQ(read_text(path_), maker_.text());
}

// A mount opens all files and reads each when it is needed.
TEST_F(LoadTest, WhatWasRemovedSinceTheStoreWasOpenedIsNotMadeAnew) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  store_ = make_store();
  ASSERT_TRUE(store_->probe().looks_current);
  ASSERT_TRUE(std::filesystem::remove(path_));
  ASSERT_TRUE(std::filesystem::remove(journal_path_));
  store_->load();
  EXPECT_EQ(store_->prepare().status, StoreStatus::gone);
  store_.reset();
  EXPECT_EQ(directory_.names(), Names());
}

TEST_F(LoadTest, AJournalThatGoesRightAfterItsJsonTakesTheJsonWithIt) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  store_ = make_store();
  ASSERT_TRUE(store_->probe().looks_current);
  ASSERT_TRUE(std::filesystem::remove(path_));
  std::jthread remover([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::filesystem::remove(journal_path_);
  });
  store_->load();
  store_.reset();
  EXPECT_EQ(directory_.names(), Names());
}

TEST_F(LoadTest, OnlyTheJsonRemovedSinceTheStoreWasOpenedIsRebuilt) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  store_ = make_store();
  ASSERT_TRUE(store_->probe().looks_current);
  ASSERT_TRUE(std::filesystem::remove(path_));
  expect_head(store_->load());
  EXPECT_EQ(read_text(path_), third_text_);
}

TEST_F(LoadTest, ATornJsonIsRebuiltAndKept) {
  const std::string torn = maker_.text().substr(0, 700);
  expect_head(load_three(torn));
  EXPECT_EQ(read_text(path_), maker_.text());
  EXPECT_EQ(read_text(path_ + ".foreign-1"), torn);
  EXPECT_EQ(store_->prepare().status, StoreStatus::done);
}

TEST_F(LoadTest, AJsonFilledWithZerosIsTorn) {
  expect_head(load_three(std::string(5000, '\0')));
  EXPECT_EQ(read_text(path_), maker_.text());
}

TEST_F(LoadTest, TheHeadInAnotherFormatIsTheHead) {
  put_three(std::nullopt);
  const std::string compacted = compact(maker_.document()->root());
  write_text(path_, compacted);
  store_ = make_store();
  expect_head(store_->load());
  EXPECT_EQ(read_text(path_), compacted);
  EXPECT_EQ(store_->prepare().status, StoreStatus::done);
}

TEST_F(LoadTest, AnotherPayloadIsForeign) {
  put_three(std::nullopt);
  auto foreign = third_text_;
  foreign.replace(foreign.find("PENDING"), 7, "BLOCKED");
  write_text(path_, foreign);
  store_ = make_store();
  expect_head(store_->load());
  EXPECT_EQ(read_text(path_), foreign);
  EXPECT_EQ(store_->prepare().status, StoreStatus::foreign);
  ASSERT_TRUE(store_->foreign_change());
  EXPECT_EQ(store_->foreign_change()->text, foreign);
  EXPECT_EQ(store_->foreign_change()->kept_as, "");
}

TEST_F(LoadTest, AnotherHeaderIsForeignThoughTheHashesVerify) {
  put_three(std::nullopt);
  auto foreign = third_text_;
  foreign.replace(foreign.find("exec_status_7"), 13, "exec_status_8");
  write_text(path_, foreign);
  store_ = make_store();
  expect_head(store_->load());
  EXPECT_EQ(store_->prepare().status, StoreStatus::foreign);
}

TEST_F(LoadTest, AnotherMemberBesideThePayloadIsForeign) {
  put_three(std::nullopt);
  auto foreign = third_text_;
  foreign.replace(foreign.find("1.50"), 4, "2.50");
  write_text(path_, foreign);
  store_ = make_store();
  expect_head(store_->load());
  EXPECT_EQ(store_->prepare().status, StoreStatus::foreign);
}

TEST_F(LoadTest, ALaterVersionThanTheJournalsIsForeign) {
  put_chain();
  maker_.next();
  write_text(path_, maker_.text());
  store_ = make_store();
  EXPECT_EQ(store_->load().head, maker_.first().head);
  EXPECT_EQ(store_->prepare().status, StoreStatus::foreign);
}

TEST_F(LoadTest, MalformedJsonIsForeign) {
  expect_head(load_three("{\"payload\": nonsense}\n"));
  EXPECT_EQ(store_->prepare().status, StoreStatus::foreign);
}

TEST_F(LoadTest, ATornLastLineIsDropped) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  const auto journal = read_text(journal_path_);
  write_text(journal_path_, journal + "{\"v\":4,\"g\"");
  store_ = make_store();
  const auto stored = store_->load();
  expect_head(stored);
  EXPECT_EQ(stored.notices.size(), 1u);
  EXPECT_EQ(read_text(journal_path_), journal);
}

TEST_F(LoadTest, ATamperedLastLineTakesNoWrites) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  auto journal = read_text(journal_path_);
  journal.replace(journal.rfind("TESTER"), 6, "NOBODY");
  write_text(journal_path_, journal);
  store_ = make_store();
  const auto stored = store_->load();
  EXPECT_EQ(stored.state, State::unchained);
  EXPECT_NE(stored.reason.find("journal line 3"), std::string::npos) << stored.reason;
  EXPECT_NE(store_->prepare().status, StoreStatus::done);
  EXPECT_EQ(store_->begin(maker_.first()).status, StoreStatus::conflict);
  EXPECT_EQ(read_text(journal_path_), journal);
}

// Whoever can write a line can hash it; what it makes of the document is another thing.
TEST_F(LoadTest, ALineThatDoesNotMakeTheDocumentItHashedTakesNoWrites) {
  first_text_ = maker_.text();
  JournalRecord record = decode_record(maker_.next().record);
  for (const char* forged : {R"({"op":"remove","path":"/payload/tasks_status/0"})",
                             R"({"op":"replace","path":"/payload/tasks_status/1/percent_complete","value":99})",
                             R"({"op":"replace","path":"/os_file_header/v_file_instance","value":77})"}) {
    JournalRecord line = record;
    line.patch = line.patch.with_appended(parse_json(forged));
    write_text(journal_path_, maker_.first().record + "\n" + encode_record(line) + "\n");
    write_text(path_, first_text_);
    store_ = make_store();
    const auto stored = store_->load();
    EXPECT_EQ(stored.state, State::unchained) << forged;
    EXPECT_NE(stored.reason.find("journal line 2"), std::string::npos) << stored.reason;
    EXPECT_EQ(read_text(path_), first_text_);
    store_.reset();
  }
}

// Looking at it opens and closes the journal, of which a watch tells: it must not be taken for news.
TEST_F(LoadTest, WhatIsOfNoUseLooksChangedOnlyWhenItIsAnother) {
  put_three(std::nullopt);
  const std::string good = read_text(journal_path_);
  const auto expect_no_news = [&](const std::string& journal) {
    write_text(journal_path_, journal);
    for (int times = 0; times < 2; ++times) {
      EXPECT_NE(store_->load().state, State::chained);
      EXPECT_FALSE(store_->looks_changed());
    }
  };
  const auto put_json = [&](const std::function<void()>& put) {
    std::filesystem::remove(path_);
    put();
    store_ = make_store();
  };
  put_json([&] { write_text(path_, third_text_); });
  for (const std::string& journal : {good + "x\n", std::string(), std::string("zzz\n"), good.substr(0, 500)})
    expect_no_news(journal);
  put_json([&] { write_text(path_, "{"); });
  expect_no_news("zzz\n");
  put_json([&] { std::filesystem::create_directory(path_); });
  expect_no_news(good);
  put_json([&] { std::filesystem::create_symlink("/etc/passwd", path_); });
  expect_no_news(good);
  std::filesystem::remove(path_);
  write_text(path_, third_text_);
  EXPECT_TRUE(store_->looks_changed());
  expect_head(store_->load());
  EXPECT_FALSE(store_->looks_changed());
}

/// Whoever reads the journal is told that the disk failed.
class FilesWhoseJournalFails : public PosixFiles {
 public:
  bool fails = true;
  std::unique_ptr<File> open(const std::string& path, Open how) override {
    if (fails && path.ends_with(".journal")) throw std::system_error(EIO, std::system_category(), path);
    return PosixFiles::open(path, how);
  }
};

TEST_F(LoadTest, AJournalThatCannotBeReadLooksTheSame) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  FilesWhoseJournalFails files;
  LocalStore store(path_, maker_.mapping(), files, without_rotation());
  const auto stored = store.load();
  EXPECT_EQ(stored.state, State::unchained);
  EXPECT_TRUE(stored.may_pass);
  EXPECT_FALSE(store.looks_changed());
  files.fails = false;
  expect_head(store.load());
}

TEST_F(LoadTest, AnEmptyJournalTakesNoWrites) {
  write_text(path_, maker_.text());
  write_text(journal_path_, "");
  EXPECT_EQ(make_store()->load().state, State::unchained);
  EXPECT_EQ(read_text(journal_path_), "");
}

TEST_F(LoadTest, ReadOnlyReplaysInMemoryAndLeavesEverything) {
  put_three(std::nullopt);
  write_text(path_, second_text_);
  write_text(journal_path_, read_text(journal_path_) + "{\"torn");
  const auto journal = read_text(journal_path_);
  LocalOptions options;
  options.read_only = true;
  store_ = make_store(options);
  expect_head(store_->load());
  EXPECT_EQ(read_text(path_), second_text_);
  EXPECT_EQ(read_text(journal_path_), journal);
  EXPECT_EQ(store_->prepare().status, StoreStatus::failed);
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal"}));
}

TEST_F(LoadTest, ASecondWriterIsRefused) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  store_ = make_store();
  store_->load();
  LocalOptions options;
  options.journal_wait = std::chrono::milliseconds(10);
  EXPECT_THROW(make_store(options)->load(), JournalHeld);
  EXPECT_THROW(make_store(options)->probe(), JournalHeld);
  options.read_only = true;
  EXPECT_EQ(make_store(options)->load().state, State::chained);
}

TEST_F(LoadTest, LeftOversOfACrashAreRemoved) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  write_text(directory_ / ("." + name_ + ".statusfs-new"), third_text_.substr(0, 100));
  write_text(directory_ / ("." + name_ + ".journal.statusfs-new"), "x");
  store_ = make_store();
  expect_head(store_->load());
  EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".journal", name_ + ".lock"}));
}

TEST_F(LoadTest, AForeignLeftOverOfACrashIsKept) {
  put_three(std::nullopt);
  write_text(path_, third_text_);
  int number = 0;
  for (const std::string ending : {".statusfs-new", ".statusfs-new-old"}) {
    write_text(directory_ / ("." + name_ + ending), "{}");
    store_.reset();
    store_ = make_store();
    expect_head(store_->load());
    EXPECT_EQ(read_text(path_ + ".foreign-" + std::to_string(++number)), "{}") << ending;
    EXPECT_FALSE(std::filesystem::exists(directory_ / ("." + name_ + ending)));
  }
}

TEST_F(LoadTest, AnAbandonedBeginningIsLeftToWhoeverHoldsTheLock) {
  write_text(path_, plain_status_text());
  const std::string left_over = "." + name_ + ".statusfs-new", journal = "." + name_ + ".journal.statusfs-new";
  write_text(directory_ / left_over, plain_status_text());
  write_text(directory_ / journal, "x");
  LocalOptions options;
  options.lock_wait = std::chrono::milliseconds(10);
  {
    LockFile lock(files_, lock_path_);
    ASSERT_TRUE(lock.acquire(options.lock_wait, {}));
    EXPECT_EQ(make_store(options)->load().state, State::unchained);
    EXPECT_EQ(directory_.names(), (Names{name_, name_ + ".lock", left_over, journal}));
  }
  // The wait of the first is still in the queue for a moment.
  EXPECT_TRUE(soon([&] {
    EXPECT_EQ(make_store(options)->load().state, State::unchained);
    return directory_.names() == Names{name_, name_ + ".lock"};
  }));
}

/// Another program replaces a file when the lock beside it is opened.
class FilesReplacedBeforeTheLock : public PosixFiles {
 public:
  FilesReplacedBeforeTheLock(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  std::unique_ptr<File> open(const std::string& path, Open how) override {
    if (path == path_ + ".lock" && !std::exchange(is_done_, true)) replace_text(path_, text_);
    return PosixFiles::open(path, how);
  }

 private:
  const std::string path_, text_;
  bool is_done_ = false;
};

TEST_F(LoadTest, AJournalIsBegunWithWhatStandsThereUnderTheLock) {
  write_text(path_, maker_.text());
  maker_.next();
  FilesReplacedBeforeTheLock files(path_, maker_.text());
  const auto stored = LocalStore(path_, maker_.mapping(), files, without_rotation()).load();
  ASSERT_EQ(stored.state, State::chained) << stored.reason;
  EXPECT_EQ(text_of(*stored.document), maker_.text());
  EXPECT_EQ(read_text(path_), maker_.text());
}

/// Counts how often a closed journal is read.
class FilesCountingClosed : public PosixFiles {
 public:
  std::unique_ptr<File> open(const std::string& path, Open how) override {
    if (how == Open::read && path.find(".journal.d/") != std::string::npos) ++count;
    return PosixFiles::open(path, how);
  }
  int count = 0;
};

TEST_F(LoadTest, AnEarlierVersionIsFoundInTheOneClosedJournalThatMayHoldIt) {
  constexpr std::size_t closings = 4;
  put_chain();
  LocalOptions options;
  options.longest_journal = 1;
  options.background = false;  // so that the lock is let go by settle() alone
  FilesCountingClosed files;
  LocalStore store(path_, maker_.mapping(), files, options);
  ASSERT_EQ(store.load().state, State::chained);
  std::vector<std::string> texts;  // of a version in the middle of each journal
  for (bool is_begun = true; texts.size() <= closings;) {
    if (const auto prepared = store.prepare(); prepared.status == StoreStatus::conflict) {
      const auto stored = store.load();
      ASSERT_EQ(stored.state, State::chained) << stored.reason;
      maker_ = ChainMaker(stored.document, stored.head);
      is_begun = true;
      continue;
    }
    const auto entry = maker_.next_of_size(300);
    ASSERT_EQ(store.commit(entry.head.version - 1, {&entry, 1}).status, StoreStatus::done);
    ASSERT_EQ(store.settle().status, StoreStatus::done);
    if (std::exchange(is_begun, false)) texts.push_back(maker_.text());
  }
  for (std::size_t journal = 0; journal <= closings; ++journal) {
    files.count = 0;
    replace_text(path_, texts[journal]);
    EXPECT_EQ(store.prepare().status, StoreStatus::done) << journal;
    EXPECT_EQ(files.count, journal == closings ? 0 : 1) << journal;
    EXPECT_EQ(read_text(path_), maker_.text());
  }
  files.count = 0;
  auto foreign = maker_.text();
  foreign.replace(foreign.find("PENDING"), 7, "BLOCKED");
  replace_text(path_, foreign);
  EXPECT_EQ(store.prepare().status, StoreStatus::foreign);
  EXPECT_EQ(files.count, 0);
}

TEST_F(LoadTest, ProbeReadsTheEndOnly) {
  EXPECT_FALSE(make_store()->probe().has_journal);
  put_three(std::nullopt);
  EXPECT_FALSE(make_store()->probe().looks_current);
  write_text(path_, third_text_);
  const auto probe = make_store()->probe();
  EXPECT_TRUE(probe.has_journal);
  EXPECT_EQ(probe.head, maker_.head());
  EXPECT_TRUE(probe.looks_current);
  write_text(path_, second_text_);
  EXPECT_FALSE(make_store()->probe().looks_current);
}

TEST_F(LoadTest, ProbeBelievesTheEndsOfALongFirstLineThatTheJsonSays) {
  const ChainHead head = put_long_one();
  auto probe = make_store()->probe();
  EXPECT_EQ(probe.head, head);
  EXPECT_TRUE(probe.looks_current);
  // What is between the ends is judged by whoever reads it.
  std::string journal = read_text(journal_path_);
  journal[10'000] = 'y';
  write_text(journal_path_, journal);
  EXPECT_EQ(make_store()->probe().head, head);
  EXPECT_EQ(make_store()->load().state, State::unchained);
}

TEST_F(LoadTest, ProbeHashesALongFirstLineWhoseEndsTheJsonDoesNotSay) {
  const ChainHead head = put_long_one();
  const std::string journal = read_text(journal_path_), json = read_text(path_);
  const auto probe_of = [&](const std::string& lines, const std::string& text) {
    write_text(journal_path_, lines);
    write_text(path_, text);
    return make_store()->probe();
  };
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.rfind(from), from.size(), to);
  };
  EXPECT_FALSE(probe_of(with(journal, "\"g\":77,\"time\"", "\"g\":78,\"time\""), json).head) << "the line was changed";
  EXPECT_FALSE(probe_of(with(journal, head.payload_hash_current, maker_.head().payload_hash_current), json).head);
  const auto probe = probe_of(journal, with(json, "\"g_file_last_modified\": 77", "\"g_file_last_modified\": 78"));
  EXPECT_EQ(probe.head, head) << "its hash is right";
  EXPECT_FALSE(probe.looks_current);
}

}  // namespace
}  // namespace statusfs
