// Section 7 of the contract: other programs that replace the status file, and what stands on disk before a mount.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>
#include <utility>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

// A file that another program writes bit by bit, in place, as cp(1) and scp(1) do.
class SlowCopy {
 public:
  explicit SlowCopy(const Path& file) : handle_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {}
  ~SlowCopy() { end(); }
  SlowCopy(const SlowCopy&) = delete;
  SlowCopy& operator=(const SlowCopy&) = delete;

  void write(std::string_view part) {
    EXPECT_EQ(static_cast<ssize_t>(part.size()), ::write(handle_, part.data(), part.size()));
  }
  void end() {
    if (handle_ >= 0) ::close(std::exchange(handle_, -1));
  }

 private:
  int handle_;
};

class ExternalChangeTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
  }

  // Writes to one field until it is stopped or refused. Join it before looking at acknowledged_.
  std::jthread write_steadily() {
    return std::jthread([this](const std::stop_token& stop) {
      for (int count = 0; !stop.stop_requested(); ++count) {
        const std::string value = "value-" + std::to_string(count);
        if (write_file(task("readiness_check/idempotency_key"), value) != 0) return;
        acknowledged_.push_back(value);
      }
    });
  }

  // An edit by somebody who does not set hashes.
  std::string edited() const {
    Json document = Json::parse(read_file(status_file()));
    document["payload"]["tasks_status"][0]["percent_complete"] = 77;
    return document.dump(2) + "\n";
  }

  bool is_kept_aside(const std::string& text, const std::string& mark) const {
    for (const auto& entry : std::filesystem::directory_iterator(source())) {
      const std::string name = entry.path().filename();
      if (name.starts_with("exec_status_125.txt." + mark) && read_file(entry.path()) == text) return true;
    }
    return false;
  }

  void expect_quarantine(const std::string& foreign) {
    EXPECT_TRUE(eventually([&] { return is_kept_aside(foreign, "foreign-"); })) << "the foreign content is lost";
    EXPECT_TRUE(eventually([&] { return write_file(task("percent_complete"), "5\n") == EROFS; }));
    EXPECT_NE(std::string::npos, last_error().find("EROFS")) << last_error();
    EXPECT_EQ("0\n", read_file(task("percent_complete")));
    EXPECT_EQ("PENDING\n", read_file(task("status")));
    EXPECT_TRUE(eventually([&] {
      const Json restored = Json::parse(read_file(status_file()), nullptr, false);
      return !restored.is_discarded() && restored["payload"]["tasks_status"][0]["percent_complete"] == 0;
    })) << "the last good version is restored";
  }

  // Another program's file takes the place of the JSON, with an owner and a mode that let somebody else write to it.
  void put_foreign_file(const std::string& text) {
    put_file(root() / "foreign", text);
    ASSERT_EQ(0, bash("chown 1009:1009 $S/../foreign && chmod 666 $S/../foreign && "
                      "mv $S/../foreign $S/exec_status_125.txt")
                     .exit_status);
  }
  void expect_private(const std::vector<std::string>& suffixes) {
    for (const std::string& suffix : suffixes)
      EXPECT_EQ("600 0 0\n", bash("stat -c '%a %u %g' $S/exec_status_125.txt" + suffix).output) << suffix;
  }

  // SOURCE is mounted without the status file, whose four versions are remembered.
  void mount_without_the_file() {
    mount();
    for (const char* value : {"1\n", "2\n", "3\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
    unmount();
    json_ = read_file(status_file());
    journal_ = read_file(journal_file());
    ASSERT_EQ(0, bash("rm $S/exec_status_125.txt*").exit_status);
    mount();
  }
  // Before the first line, in it, behind the second, in the third and in the last.
  std::vector<std::size_t> places_to_cut() const {
    const std::size_t second = journal_.find('\n', journal_.find('\n') + 1) + 1;
    return {0, 100, second, second + 40, journal_.size() - 50};
  }
  // The journal is written up to here, the JSON is whole.
  void expect_copied_on(SlowCopy& copy, std::size_t written) {
    EXPECT_TRUE(eventually([&] { return write_file(task("percent_complete"), "9\n") == EROFS; }));
    EXPECT_EQ(journal_.substr(0, written), read_file(journal_file())) << "nobody else writes it";
    copy.write(std::string_view(journal_).substr(written));
    copy.end();
    EXPECT_TRUE(eventually([&] { return write_file(task("percent_complete"), "7\n") == 0; })) << last_error();
    EXPECT_EQ(5, version());
    EXPECT_TRUE(read_file(journal_file()).starts_with(journal_)) << "something of the copy is lost";
    EXPECT_FALSE(std::filesystem::exists(status_file().string() + ".foreign-1"));
    EXPECT_FALSE(std::filesystem::exists(journal_file().string() + ".foreign-1"));
    ASSERT_EQ(0, bash("rm $S/exec_status_125.txt*").exit_status);
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(tree()); }));
  }

  std::string json_, journal_;
  std::vector<std::string> acknowledged_;
};

TEST_F(ExternalChangeTest, AFileIsReadOnlyUntilItsJournalIsCopiedAsAWhole) {
  mount_without_the_file();
  for (const std::size_t written : places_to_cut()) {
    SCOPED_TRACE(written);
    SlowCopy copy(journal_file());
    copy.write(journal_.substr(0, written));
    put_file(status_file(), json_);
    expect_copied_on(copy, written);
  }
}

TEST_F(ExternalChangeTest, AFileThatIsBeingCopiedWhenTheMountBeginsIsReadOnlyUntilItIsWhole) {
  mount_without_the_file();
  unmount();
  const std::size_t written = places_to_cut().back();
  SlowCopy copy(journal_file());
  copy.write(journal_.substr(0, written));
  put_file(status_file(), json_);
  mount();
  EXPECT_EQ("3\n", read_file(task("percent_complete")));
  expect_copied_on(copy, written);
}

TEST_F(ExternalChangeTest, AJournalThatIsCopiedOverOneJustBegunIsTheFilesOwn) {
  mount_without_the_file();
  for (const std::size_t written : places_to_cut()) {
    SCOPED_TRACE(written);
    put_file(status_file(), json_);
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(task()) && std::filesystem::exists(journal_file()); }));
    SlowCopy copy(journal_file());
    copy.write(journal_.substr(0, written));
    expect_copied_on(copy, written);
  }
}

TEST_F(ExternalChangeTest, AnEditWithoutHashesWhileMountedIsKeptAside) {
  mount();
  const std::string foreign = edited();
  replace_under_lock(foreign);
  expect_quarantine(foreign);
}

TEST_F(ExternalChangeTest, GarbageWhileMountedIsKeptAside) {
  mount();
  const std::string foreign = "{ this is not JSON\n";
  replace_under_lock(foreign);
  expect_quarantine(foreign);
}

TEST_F(ExternalChangeTest, AnEditBetweenMountsIsKeptAside) {
  const std::string foreign = edited();
  put_file(status_file(), foreign);
  mount();
  expect_quarantine(foreign);
}

// It has the head's size and ends, so that it is found by whoever reads the file first.
TEST_F(ExternalChangeTest, WhoeverReadsFirstAfterAnEditBetweenMountsIsToldOfIt) {
  std::string foreign = read_file(status_file());
  const std::size_t at = foreign.find("\"percent_complete\": 0");
  ASSERT_NE(std::string::npos, at);
  foreign.replace(foreign.find('0', at), 1, "7");
  put_file(status_file(), foreign);
  mount();
  EXPECT_EQ("PARTITIONED\n", read("partition_status"));
  expect_quarantine(foreign);
}

TEST_F(ExternalChangeTest, AMountThatOnlyReadsTellsOfAnEditAndLeavesIt) {
  std::string edited = read_file(status_file());
  edited.replace(edited.find("PENDING"), 7, "BLOCKED");
  put_file(status_file(), edited);
  mount({"-o", "ro"});
  EXPECT_EQ("PARTITIONED\n", read("partition_status"));
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  unmount();
  EXPECT_EQ(edited, read_file(status_file()));
}

TEST_F(ExternalChangeTest, AnEditBetweenMountsThatIsAdoptedLeavesThePartitionConsistent) {
  put_file(root() / "config.yaml", "external: adopt\n");
  const std::string foreign = edited();
  put_file(status_file(), foreign);
  mount({"-o", "config=" + (root() / "config.yaml").string()});
  EXPECT_TRUE(eventually([&] { return read_file(task("percent_complete")) == "77\n"; }));
  EXPECT_TRUE(eventually([&] { return read("partition_status") == "CONSISTENT\n"; }));
  EXPECT_EQ(11, static_cast<int>(std::filesystem::file_size(tree("partition_status"))));
}

TEST_F(ExternalChangeTest, AnEditInTheMiddleOfManyWritesIsNotOverwritten) {
  mount();
  const std::string foreign = edited();
  std::jthread writer = write_steadily();
  ::usleep(200'000);
  replace_under_lock(foreign);
  EXPECT_TRUE(eventually([&] { return is_kept_aside(foreign, "foreign-"); })) << "the foreign content is lost";
  writer.request_stop();
  writer.join();
  ASSERT_FALSE(acknowledged_.empty());
  EXPECT_EQ(acknowledged_.back() + "\n", read_file(task("readiness_check/idempotency_key")));
  const std::string journal_text = read_file(journal_file());
  for (const std::string& value : acknowledged_) {
    EXPECT_NE(std::string::npos, journal_text.find("\"" + value + "\"")) << value;
  }
}

TEST_F(ExternalChangeTest, AnotherProgramGetsTheLockUnderLoad) {
  mount();
  std::jthread writer = write_steadily();
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(0, bash("flock -w 20 $S/exec_status_125.txt.lock sleep 0.05").exit_status) << round;
  }
  writer.request_stop();
  writer.join();
  EXPECT_GT(acknowledged_.size(), 10u) << "and the writer is not starved";
}

TEST_F(ExternalChangeTest, WhoeverHoldsTheLockSeesTheJsonAtItsJournalsHead) {
  mount();
  std::jthread writer = write_steadily();
  const std::string script =
      "flock -w 20 $S/exec_status_125.txt.lock sh -c '"
      "jq .os_file_header.v_file_instance $S/exec_status_125.txt; tail -n 1 $S/exec_status_125.txt.journal | jq .v'";
  for (int round = 0; round < 10; ++round) {
    const std::vector<std::string> versions = lines_of(bash(script).output);
    ASSERT_EQ(2u, versions.size());
    EXPECT_EQ(versions[0], versions[1]);
  }
  writer.request_stop();
  writer.join();
  EXPECT_GT(acknowledged_.size(), 10u) << "a test without writes shows nothing";
}

TEST_F(ExternalChangeTest, AWriteWaitsForALockThatIsHeldShortly) {
  mount();
  const int before = version();
  const int lock = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(0, ::flock(lock, LOCK_EX));
  auto writing = std::async(std::launch::async, [&] { return write_file(task("percent_complete"), "8\n"); });
  EXPECT_EQ(std::future_status::timeout, writing.wait_for(std::chrono::milliseconds{500}));
  ::close(lock);
  EXPECT_EQ(0, writing.get()) << last_error();
  EXPECT_EQ(before + 1, version());
}

TEST_F(ExternalChangeTest, AnEarlierVersionIsRebuiltFromTheJournal) {
  const std::string first = read_file(status_file());
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "21\n"));
  unmount();
  const std::string second = read_file(status_file());
  put_file(status_file(), first);
  mount();
  EXPECT_EQ("21\n", read_file(task("percent_complete")));
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "22\n"));
  unmount();
  expect_verified();
  EXPECT_NE(second, read_file(status_file()));
}

// No hash in the JSON covers its header, and here the length is what it should be, too.
TEST_F(ExternalChangeTest, AHeaderThatIsPutBackIsNoticedAtTheMount) {
  const std::string lock = R"("_file_id_locked": true)";
  mount();
  ASSERT_EQ(0, write_file(tree("patch"), R"([{"op":"add","path":"/os_file_header/_file_id_locked","value":true}])"))
      << last_error();
  unmount();
  std::string text = read_file(status_file());
  const std::size_t size = text.size();
  const std::size_t at = text.find(lock), comma = text.rfind(',', at);
  ASSERT_NE(std::string::npos, at);
  text.erase(comma, at + lock.size() - comma);
  text.insert(text.size() - 1, size - text.size(), ' ');
  put_file(status_file(), text);
  mount();
  expect_quarantine(text);
}

TEST_F(ExternalChangeTest, AMissingJsonIsRebuiltAtTheMount) {
  const std::string before = read_file(status_file());
  std::filesystem::remove(status_file());
  mount();
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  unmount();
  EXPECT_EQ(before, read_file(status_file()));
}

TEST_F(ExternalChangeTest, ATornJsonIsKeptAsideAndRebuilt) {
  const std::string whole = read_file(status_file());
  const std::string torn = whole.substr(0, whole.size() / 2);
  put_file(status_file(), torn);
  mount();
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "23\n"));
  EXPECT_TRUE(is_kept_aside(torn, "")) << "the torn content is lost";
  unmount();
  expect_verified();
}

TEST_F(ExternalChangeTest, ATornJournalLineIsDroppedAtTheMount) {
  const std::string good = read_file(journal_file());
  put_file(journal_file(), good + "{\"v\":2,\"g\":126,\"time");
  mount();
  EXPECT_EQ(1, version());
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "24\n"));
  unmount();
  expect_verified();
  EXPECT_EQ(2u, journal().size());
}

TEST_F(ExternalChangeTest, AMissingJournalIsBegunWithTheWholeDocument) {
  std::filesystem::remove(journal_file());
  const std::string before = read_file(status_file());
  mount();
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "25\n"));
  unmount();
  ASSERT_EQ(2u, journal().size());
  EXPECT_EQ(Json::parse(before), journal().front()["patch"][0]["value"]);
  expect_verified();
}

TEST_F(ExternalChangeTest, AdoptBeginsAMissingJournalWhereTheHashesVerify) {
  std::filesystem::remove(journal_file());
  const CommandResult log = statusfs({"log", status_file().string()});
  EXPECT_NE(std::string::npos, log.error.find("statusfs adopt begins one")) << log.error;
  const CommandResult adopted = statusfs({"adopt", status_file().string()});
  EXPECT_EQ(0, adopted.exit_status) << adopted.error;
  EXPECT_NE(std::string::npos, adopted.output.find("a journal is begun with version 1")) << adopted.output;
  expect_verified();
  EXPECT_EQ(2, statusfs({"adopt", status_file().string()}).exit_status) << "it has a chain by now";
}

TEST_F(ExternalChangeTest, RecoverLeavesForeignContentAndSaysWhoDecides) {
  const std::string foreign = edited();
  put_file(status_file(), foreign);
  const CommandResult result = statusfs({"recover", status_file().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.output.find("statusfs reconcile")) << result.output;
  EXPECT_EQ(foreign, read_file(status_file()));
  EXPECT_FALSE(std::filesystem::exists(status_file().string() + ".foreign-1"));
}

TEST_F(ExternalChangeTest, AnEditOfStampsAloneIsWrittenOverWhereEditsAreAdopted) {
  put_file(root() / "config.yaml", "writers:\n  - {user: root, archetype: SUPERVISOR}\nexternal: adopt\n");
  const std::string before = read_file(status_file());
  mount({"-o", "config=" + (root() / "config.yaml").string()});
  Json document = Json::parse(before);
  document["payload"]["last_mutation_trace_id"] = std::string(32, 'f');
  replace_under_lock(document.dump(2) + "\n");
  EXPECT_TRUE(eventually([&] { return read_file(status_file()) == before; })) << "it is not what its journal says";
  EXPECT_EQ(1, version());
  EXPECT_EQ(document_on_disk(), Json::parse(before));
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "7\n"));
  unmount();
  expect_verified();
  EXPECT_FALSE(std::filesystem::exists(source() / "exec_status_125.txt.foreign-1"));
}

TEST_F(ExternalChangeTest, AJournalThatCouldNotBeBegunIsBegunLater) {
  std::filesystem::remove(journal_file());
  const int lock = ::open((status_file().string() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(0, ::flock(lock, LOCK_EX));
  mount();
  EXPECT_EQ(EROFS, write_file(task("percent_complete"), "5\n"));
  ::close(lock);
  EXPECT_TRUE(eventually([&] { return write_file(task("percent_complete"), "6\n") == 0; }, std::chrono::seconds{20}))
      << last_error();
  unmount();
  expect_verified();
}

TEST_F(ExternalChangeTest, ASourceThatIsMadeAnewIsWatchedAgain) {
  mount();
  ASSERT_EQ(0, bash("mv $S $S.old && sleep 3 && mkdir $S").exit_status);
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(tree()); })) << "it went with the directory";
  ASSERT_EQ(0, bash("sleep 1; cp -a $S.old $S.copy").exit_status);
  rename_status_file(source().string() + ".copy/exec_status_125.txt", status_file());  // no half of a journal is seen
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(task("percent_complete")); }));
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "7\n"));
  unmount();
  expect_verified();
}

TEST_F(ExternalChangeTest, WhatIsForeignGivesItsOwnerAndModeToNothingOfOurs) {
  for (const bool is_mounted : {true, false}) {
    SCOPED_TRACE(is_mounted);
    std::filesystem::remove_all(source());
    std::filesystem::create_directory(source());
    make_sample();
    ASSERT_EQ(0, bash("chmod 600 $S/exec_status_125.txt").exit_status);
    mount();
    ASSERT_EQ(0, write_file(task("readiness_check/idempotency_key"), "known"));
    const std::string foreign = edited();
    if (!is_mounted) unmount();
    put_foreign_file(foreign);
    if (!is_mounted) mount();
    expect_quarantine(foreign);
    expect_private({"", ".journal", ".lock"});
    EXPECT_EQ("666 1009 1009\n", bash("stat -c '%a %u %g' $S/exec_status_125.txt.foreign-1").output);
    ASSERT_EQ(0, statusfs({"reconcile", status_file().string(), "--ours"}).exit_status);
    ASSERT_EQ(0, write_file(task("percent_complete"), "9\n")) << last_error();
    unmount();
    expect_private({"", ".journal", ".lock"});
  }
}

TEST_F(ExternalChangeTest, AMountInTheBackgroundTellsWhyContentWasKeptAside) {
  mount();
  const std::string foreign = edited();
  replace_under_lock(foreign);
  expect_quarantine(foreign);
  const std::string errors = read_file(mountpoint() / ".statusfs" / "errors");
  const std::size_t at = errors.find(" WARNING exec_status_125 ");
  ASSERT_NE(std::string::npos, at) << errors;
  const std::string warning = errors.substr(at, errors.find('\n', at) - at);
  EXPECT_NE(std::string::npos, warning.find("it does not continue the chain")) << warning;
  EXPECT_NE(std::string::npos, warning.find("exec_status_125.txt.foreign-1")) << warning;
}

TEST_F(ExternalChangeTest, AJournalThatIsChangedUnderTheMountClosesTheFileUntilItIsPutBack) {
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "1\n"));
  const std::string journal = read_file(journal_file());
  for (const std::string& changed : {journal + "{}\n", journal.substr(0, journal.size() / 2)}) {
    put_file(journal_file(), changed);
    EXPECT_EQ(EROFS, write_file(task("percent_complete"), "2\n"));
    EXPECT_NE(std::string::npos, last_error().find("was changed by another program: it has")) << last_error();
    EXPECT_EQ("1\n", read_file(task("percent_complete")));
    put_file(journal_file(), journal);
  }
  EXPECT_VERSIONS(1, write_file(task("percent_complete"), "2\n"));
  unmount();
  expect_verified();
}

// As cp(1) puts an older copy over it: whole lines, but not all of them.
TEST_F(ExternalChangeTest, AnUnmountTellsThatTheJournalLacksWhatWasAcknowledged) {
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "1\n"));
  const std::string older = read_file(journal_file());
  ASSERT_EQ(0, write_file(task("percent_complete"), "2\n"));
  document_on_disk();
  put_file(journal_file(), older);
  EXPECT_TRUE(eventually([&] {
    const std::string errors = read_file(mountpoint() / ".statusfs" / "errors");
    return errors.find(" WARNING exec_status_125 ") != std::string::npos &&
           errors.find("were acknowledged") != std::string::npos;
  })) << "noticed before anybody writes";
  const CommandResult result = statusfs({"umount", mountpoint().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("it lacks versions")) << result.error;
  EXPECT_EQ(std::string::npos, result.error.find("journal has everything")) << result.error;
  EXPECT_EQ("2", jq(".payload.tasks_status[0].percent_complete", status_file()));
}

TEST_F(ExternalChangeTest, AJournalThatIsKeptAsideIsWarnedOf) {
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "1\n"));
  put_file(source() / "other", "{}\n");
  std::filesystem::rename(source() / "other", journal_file());
  const std::string kept_as = journal_file().filename().string() + ".foreign-1";
  EXPECT_TRUE(eventually([&] {
    const std::string errors = read_file(mountpoint() / ".statusfs" / "errors");
    return errors.find(" WARNING exec_status_125 ") != std::string::npos && errors.find(kept_as) != std::string::npos;
  }));
  EXPECT_EQ("{}\n", read_file(source() / kept_as));
}

TEST_F(ExternalChangeTest, NoTemporaryFileIsLeft) {
  mount();
  for (int count = 0; count < 20; ++count) {
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(count + 1) + "\n"));
    document_on_disk();
  }
  unmount();
  EXPECT_EQ("exec_status_125.txt\nexec_status_125.txt.journal\nexec_status_125.txt.lock\n",
            bash("ls -A $S | LC_ALL=C sort").output);
}

}  // namespace
}  // namespace statusfs::test
