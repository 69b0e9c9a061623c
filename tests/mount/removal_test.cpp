// Somebody removes a status file and what belongs to it while it is mounted: it is gone, and nothing brings it back.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class RemovalTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
  }

  void mount_one_file() { ASSERT_EQ(0, statusfs({status_file().string(), mountpoint().string()}).exit_status); }
  Path percentage_in_one_file() const { return mountpoint() / "tasks" / first_task / "percent_complete"; }

  void make_anew() {
    std::filesystem::remove_all(source());
    std::filesystem::create_directory(source());
    make_sample();
  }
  void remove_all() { ASSERT_EQ(0, bash("rm $S/exec_status_125.txt*").exit_status); }

  void put_whole_file(const Path& file, const std::string& text) {
    put_file(root() / "new", text);
    std::filesystem::rename(root() / "new", file);
  }

  // A handle that was opened to write while the file stood.
  static int open_to_write(const Path& file) { return ::open(file.c_str(), O_WRONLY | O_CLOEXEC); }
  static int write_through(int handle) { return ::pwrite(handle, "7\n", 2, 0) < 0 ? errno : 0; }
};

TEST_F(RemovalTest, OfAFileInADirectoryIsFinal) {
  mount();
  const int handle = open_to_write(task("percent_complete"));
  ASSERT_GE(handle, 0);
  remove_all();
  EXPECT_EQ(ENOENT, write_through(handle));
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == ENOENT; }));
  EXPECT_EQ(ENOENT, write_through(handle));
  ::close(handle);
  unmount();
  EXPECT_EQ(std::vector<std::string>(), names_in(source()));
}

TEST_F(RemovalTest, OfTheOnlyFileIsFinalAndTheRootSaysSo) {
  mount_one_file();
  const int handle = open_to_write(percentage_in_one_file());
  ASSERT_GE(handle, 0);
  remove_all();
  EXPECT_EQ(ENOENT, write_through(handle));
  EXPECT_TRUE(eventually([&] { return read_error(percentage_in_one_file()) == ENOENT; }));
  EXPECT_EQ(ENOENT, write_through(handle));
  ::close(handle);
  EXPECT_EQ("exec_status_125.txt: the file was removed\n", read_file(mountpoint() / ".error"));
  EXPECT_EQ(".error\n", bash("ls -A $M").output);
  unmount();
  EXPECT_EQ(std::vector<std::string>(), names_in(source()));
}

// What the JSON does not say yet when the file goes is not written after it.
TEST_F(RemovalTest, RightAfterAWriteIsFinal) {
  int judged = 0;
  for (int round = 0; round < 50 && judged < 5; ++round) {
    make_anew();
    mount();
    for (const char* value : {"1\n", "2\n", "3\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
    const auto start = std::chrono::steady_clock::now();
    std::filesystem::remove(status_file());
    std::filesystem::remove(journal_file());
    std::filesystem::remove(status_file().string() + ".lock");
    // Where the machine stood still between the three, what stood alone may have been mended.
    const bool was_at_once = std::chrono::steady_clock::now() - start <= std::chrono::milliseconds(100);
    unmount();
    if (!was_at_once) continue;
    ASSERT_EQ(std::vector<std::string>(), names_in(source()));
    ++judged;
  }
  EXPECT_EQ(5, judged) << "the machine is too slow to show anything";
}

// The handle keeps what served the old name, but not the journal that goes on under the new one.
TEST_F(RemovalTest, ARenamedFileIsServedUnderItsNewNameAlthoughTheOldOneIsOpen) {
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "6\n"));
  const int handle = open_to_write(task("percent_complete"));
  ASSERT_GE(handle, 0);
  rename_status_file(status_file(), source() / "exec_status_999.txt");
  const Path renamed = mountpoint() / "exec_status_999" / "tasks" / first_task / "percent_complete";
  EXPECT_TRUE(eventually([&] { return read_error(renamed) == 0; }));
  EXPECT_EQ("6\n", read_file(renamed));
  EXPECT_EQ(ENOENT, write_through(handle));
  EXPECT_EQ(0, write_file(renamed, "8\n"));
  EXPECT_EQ("8\n", read_file(renamed));
  ::close(handle);
  unmount();
  const std::string file = "exec_status_999.txt";
  EXPECT_EQ((std::vector<std::string>{file, file + ".journal", file + ".lock"}), names_in(source()));
  EXPECT_EQ(0, statusfs({"verify", (source() / file).string()}).exit_status);
}

TEST_F(RemovalTest, AFileThatAnotherProgramHoldsWhenItAppearsIsShownOnceItIsLetGo) {
  mount();
  const Path elsewhere = source().parent_path() / "elsewhere";
  ASSERT_TRUE(std::filesystem::create_directory(elsewhere));
  rename_status_file(status_file(), elsewhere / "exec_status_125.txt");
  ASSERT_TRUE(eventually([&] { return read_error(task("percent_complete")) == ENOENT; }));
  const Path let_go = elsewhere / "let_go";
  const Path held = elsewhere / "held";
  std::thread holder([&] {
    bash("exec 9<>" + (elsewhere / "exec_status_125.txt.journal").string() + "; flock 9; touch " + held.string() +
         "; until [[ -e " + let_go.string() + " ]]; do sleep 0.05; done");
  });
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(held); }));
  rename_status_file(elsewhere / "exec_status_125.txt", status_file());
  ::usleep(1'500'000);
  EXPECT_EQ(ENOENT, read_error(task("percent_complete")));
  put_whole_file(let_go, "");
  holder.join();
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == 0; }));
  EXPECT_EQ(0, write_file(task("percent_complete"), "8\n"));
  unmount();
  expect_verified();
}

TEST_F(RemovalTest, AnotherFileOfTheNameIsShownInItsPlace) {
  const std::string text = read_file(status_file());
  const std::string journal_text = read_file(journal_file());
  mount_one_file();
  ASSERT_EQ(0, write_file(percentage_in_one_file(), "7\n"));
  ASSERT_EQ("7\n", read_file(percentage_in_one_file()));
  remove_all();
  EXPECT_TRUE(eventually([&] { return read_error(percentage_in_one_file()) == ENOENT; }));
  put_whole_file(journal_file(), journal_text);
  put_whole_file(status_file(), text);
  EXPECT_TRUE(eventually([&] { return read_error(percentage_in_one_file()) == 0; }));
  EXPECT_EQ("0\n", read_file(percentage_in_one_file()));
  EXPECT_EQ(0, write_file(percentage_in_one_file(), "8\n"));
  EXPECT_EQ("8\n", read_file(percentage_in_one_file()));
  unmount();
  expect_verified();
}

TEST_F(RemovalTest, OfTheWholeSourceEndsNoDaemon) {
  mount();
  std::filesystem::remove_all(source());
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == ENOENT; }));
  EXPECT_EQ(0, read_error(mountpoint() / ".statusfs/version"));
  unmount();
}

TEST_F(RemovalTest, TheMountCanBeAskedForItsRoomWithoutASource) {
  mount();
  struct statvfs room {};
  ASSERT_EQ(0, ::statvfs(mountpoint().c_str(), &room));
  EXPECT_GT(room.f_blocks, 0u);
  std::filesystem::rename(source(), root() / "elsewhere");
  ASSERT_EQ(0, ::statvfs(mountpoint().c_str(), &room));
  EXPECT_EQ(0u, room.f_blocks);
  EXPECT_EQ(255u, room.f_namemax);
  std::filesystem::rename(root() / "elsewhere", source());
  ASSERT_EQ(0, ::statvfs(mountpoint().c_str(), &room));
  EXPECT_GT(room.f_blocks, 0u);
}

TEST_F(RemovalTest, ASourceThatIsMovedAwayAndBackIsShownAgain) {
  mount();
  EXPECT_EQ(0, write_file(task("percent_complete"), "6\n"));
  std::filesystem::rename(source(), root() / "elsewhere");
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == ENOENT; }));
  EXPECT_EQ(0, read_error(mountpoint() / ".statusfs/version"));
  std::filesystem::rename(root() / "elsewhere", source());
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == 0; }));
  EXPECT_EQ("6\n", read_file(task("percent_complete")));
  EXPECT_EQ(0, write_file(task("percent_complete"), "8\n"));
  unmount();
  expect_verified();
}

TEST_F(RemovalTest, ASourceThatIsCoveredByAMountIsShownAgainWhenThatGoes) {
  mount();
  EXPECT_EQ(0, write_file(task("percent_complete"), "6\n"));
  ASSERT_EQ(0, bash("mount -t tmpfs none $S").exit_status);
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == ENOENT; }));
  ASSERT_EQ(0, bash("umount $S").exit_status);
  EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == 0; }));
  EXPECT_EQ(0, write_file(task("percent_complete"), "8\n"));
  unmount();
  expect_verified();
}

TEST_F(RemovalTest, AnotherSourceInThePlaceOfTheOneThatIsMountedIsShownAsItIs) {
  ASSERT_EQ(0, bash("mkdir $S.other && cp $S/exec_status_125.txt* $S.other").exit_status);
  const Path other = source().string() + ".other";
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "61\n"));
  ASSERT_EQ(0, bash("mv $S $S.old && mv $S.other $S").exit_status);
  // It may vanish between any two looks before the other one is there.
  EXPECT_TRUE(eventually([&] { return bash("cat $T/tasks/task_001_scaffold/percent_complete").output == "0\n"; }));
  EXPECT_EQ(1u, journal().size()) << "the one that came with the directory";
  EXPECT_EQ(0, write_file(task("percent_complete"), "8\n"));
  unmount();
  EXPECT_EQ(2u, journal().size());
  EXPECT_EQ("", bash("ls $S | grep foreign").output);
  expect_verified();
  EXPECT_EQ(0, bash("$B verify $S.old/exec_status_125.txt").exit_status);
}

// A mount has their journals open and looks at each file in the background, one after the other.
TEST_F(RemovalTest, BeforeTheFirstLookIsFinal) {
  std::vector<std::string> tasks;
  for (int task = 0; task < 300; ++task) tasks.push_back("t" + std::to_string(task));
  make_status_file(201, tasks);
  for (int number = 202; number <= 240; ++number)
    for (const char* suffix : {"", ".journal"})
      std::filesystem::copy_file(source() / ("exec_status_201.txt" + std::string(suffix)),
                                 source() / ("exec_status_" + std::to_string(number) + ".txt" + suffix));
  mount();
  for (const std::string& name : names_in(source())) std::filesystem::remove(source() / name);
  EXPECT_TRUE(eventually([&] { return bash("ls $M").output.empty(); })) << bash("ls $M").output;
  EXPECT_EQ(std::vector<std::string>(), names_in(source()));
  unmount();
  EXPECT_EQ(std::vector<std::string>(), names_in(source()));
}

TEST_F(RemovalTest, ManyFilesThatAreRemovedGoTogetherAndHoldUpNothing) {
  for (int number = 201; number <= 215; ++number) make_status_file(number, {"one"});
  make_status_file(300, {"one"});
  ASSERT_EQ(0, bash("mkdir $S.aside && mv $S/exec_status_300.txt* $S.aside").exit_status);
  mount();
  ASSERT_EQ(0, bash("rm $S/exec_status_2*; mv $S.aside/* $S/").exit_status);
  const auto are_gone = [&] {
    for (int number = 201; number <= 215; ++number)
      if (std::filesystem::exists(tree("", number))) return false;
    return true;
  };
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(tree("", 300)); }, std::chrono::milliseconds{900}));
  EXPECT_TRUE(eventually(are_gone, std::chrono::seconds{4}));
}

// What served the old name holds the journal until it has seen that the file is gone; nobody waits for that.
TEST_F(RemovalTest, ManyFilesThatAreRenamedAreServedUnderTheirNewNamesTogether) {
  constexpr int first = 201, last = 215;
  for (int number = first; number <= last; ++number) make_status_file(number, {"one"});
  mount();
  for (int number = first; number <= last; ++number)
    ASSERT_EQ(0, write_file(tree("tasks/one/percent_complete", number), "6\n"));
  ASSERT_EQ(0, bash("cd $S; for f in exec_status_2*; do mv $f ${f/_2/_9}; done").exit_status);
  const auto are_served = [&] {
    for (int number = first; number <= last; ++number) {
      if (std::filesystem::exists(tree("", number))) return false;
      if (read_error(tree("tasks/one/percent_complete", number + 700)) != 0) return false;
    }
    return true;
  };
  EXPECT_TRUE(eventually(are_served, std::chrono::seconds{20}));  // waiting for each would take 75
  for (int number = first + 700; number <= last + 700; ++number)
    EXPECT_EQ(0, write_file(tree("tasks/one/percent_complete", number), "8\n")) << number;
  unmount();
  EXPECT_EQ("", bash("ls $S | grep foreign").output);
  EXPECT_EQ("3\n", bash("wc -l < $S/exec_status_901.txt.journal").output) << "the whole history";
  EXPECT_EQ(0, bash("$B verify $S").exit_status);
}

// The JSON comes first, by name; its journal is its own, and no other one is begun for it meanwhile.
TEST_F(RemovalTest, AFileThatIsPutBackInPartsKeepsItsHistory) {
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "6\n"));
  unmount();
  ASSERT_EQ(0, bash("mkdir $S.aside && mv $S/exec_status_125.txt* $S.aside").exit_status);
  mount();
  for (const char* put : {"cp $f $S", "mv $f $S"}) {
    ASSERT_EQ(0, bash(std::string("for f in $S.aside/*; do ") + put + "; done").exit_status);
    EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == 0; }));
    EXPECT_EQ(0, write_file(task("percent_complete"), "8\n")) << put << ": " << last_error();
    EXPECT_EQ(3u, journal().size()) << put;
    EXPECT_EQ("", bash("ls $S | grep foreign").output) << put;
    remove_all();
    EXPECT_TRUE(eventually([&] { return read_error(task("percent_complete")) == ENOENT; }));
  }
}

// In place and for longer than what is missing is waited for: nobody cuts off what looks torn.
TEST_F(RemovalTest, AJournalThatIsCopiedSlowlyIsLeftAlone) {
  ASSERT_EQ(0, bash("mkdir $S.aside && mv $S/exec_status_125.txt* $S.aside").exit_status);
  mount();
  const std::string copy =
      "F=exec_status_125.txt; cp $S.aside/$F $S; N=$(stat -c %s $S.aside/$F.journal); "
      "for i in 0 1 2 3 4 5; do dd if=$S.aside/$F.journal iflag=skip_bytes,count_bytes skip=$((i * N / 6)) "
      "count=$(((i + 1) * N / 6 - i * N / 6)) status=none; sleep 0.4; done > $S/$F.journal; "
      "cmp $S.aside/$F.journal $S/$F.journal";
  const CommandResult copied = bash(copy);
  EXPECT_EQ(0, copied.exit_status) << copied.output << copied.error;
  EXPECT_TRUE(eventually([&] { return write_file(task("percent_complete"), "8\n") == 0; })) << last_error();
  unmount();
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
