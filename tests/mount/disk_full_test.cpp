// A disk that is full, and has room again: ENOSPC keeps nothing of the mutation, reading goes on, and so does writing
// once there is room.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "tests/mount/load.hpp"
#include "tests/mount/loop_file_system.hpp"

namespace statusfs::test {
namespace {

constexpr std::size_t megabytes = 6;
constexpr std::size_t large_value = 40'000;
const std::string pointer = "/payload/tasks_status/0/execution_log/failure_details";

class DiskFullTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    disk_ = std::make_unique<LoopFileSystem>(root() / "disk", source(), megabytes);
    make_sample();
    std::filesystem::remove_all(source() / "lost+found");
    daemon_ = &mount_in_foreground();
  }

  void TearDown() override {
    if (daemon_) end_mount();
    disk_.reset();
    MountedTest::TearDown();
  }

  void end_mount() {
    unmount_dead();
    EXPECT_EQ(0, daemon_->wait());
    daemon_ = nullptr;
  }

  /// Takes all the room that there is, to the last block.
  void fill() const {
    std::ofstream ballast(source() / "ballast", std::ios::binary | std::ios::app);
    for (const std::size_t size : {std::size_t{65536}, std::size_t{1024}, std::size_t{1}}) {
      const std::string block(size, 'x');
      ballast.clear();
      while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
  }

  void make_room() const { std::filesystem::remove(source() / "ballast"); }

  /// Writes the next value of this size; the errno.
  int write_next(std::size_t size) {
    const std::string value = std::to_string(attempts_.size()) + std::string(size, '-');
    const int error = write_file(task("execution_log/failure_details"), value + "\n");
    attempts_.push_back(attempt_of(value, error));
    return error;
  }

  const std::string& last_acknowledged() const {
    static const std::string none;
    for (auto attempt = attempts_.rbegin(); attempt != attempts_.rend(); ++attempt)
      if (attempt->acknowledged) return attempt->value;
    return none;
  }

  void expect_history() {
    ASSERT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
    expect_verified();
    expect_attempts(attempts_, checked_texts(status_file(), {pointer})[pointer], pointer);
    for (const auto& entry : std::filesystem::directory_iterator(source()))
      EXPECT_FALSE(entry.path().filename().string().starts_with('.')) << entry.path() << " was left over";
  }

  std::unique_ptr<LoopFileSystem> disk_;
  Process* daemon_ = nullptr;
  std::vector<WriteAttempt> attempts_;
};

TEST_F(DiskFullTest, NothingOfARefusedWriteIsKeptAndRoomMendsIt) {
  int refused = 0, accepted_after = 0;
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(0, write_next(large_value)) << last_error();
    fill();
    for (int number = 0; number < 6; ++number) {
      const int version_before = version();
      const int error = write_next(large_value);
      if (error == 0) continue;  // what the file system had kept for the journal's last block
      EXPECT_EQ(ENOSPC, error) << last_error();
      EXPECT_EQ(version_before, version());
      EXPECT_EQ(last_acknowledged() + "\n", read_file(task("execution_log/failure_details")));
      ++refused;
    }
    make_room();
    EXPECT_TRUE(eventually([&] { return write_next(large_value) == 0; })) << last_error();
    ++accepted_after;
  }
  EXPECT_GE(refused, 3);
  EXPECT_EQ(3, accepted_after);
  end_mount();
  expect_history();
  std::cout << refused << " writes refused by a full disk\n";
}

// The content of another program is adopted or kept aside, and both need room.
TEST_F(DiskFullTest, AForeignChangeStaysInPlaceUntilThereIsRoomForIt) {
  end_mount();
  put_file(root() / "config.yaml", "writers:\n  - {user: root, archetype: SUPERVISOR}\nexternal: adopt\n");
  daemon_ = &mount_in_foreground({"-o", "config=" + (root() / "config.yaml").string()});
  ASSERT_EQ(0, write_next(10));
  Json document = document_on_disk();
  const std::string details(large_value, 'f');  // more than the journal's last block may still have room for
  document["payload"]["tasks_status"][0]["execution_log"]["failure_details"] = details;
  const std::string foreign = document.dump(2) + "\n";
  put_file(source() / "other", foreign);
  fill();
  std::filesystem::rename(source() / "other", status_file());
  EXPECT_EQ(ENOSPC, write_file(task("readiness_check/idempotency_key"), "key\n")) << last_error();
  EXPECT_TRUE(foreign == read_file(status_file()));
  make_room();
  EXPECT_TRUE(eventually([&] { return write_file(task("readiness_check/idempotency_key"), "key\n") == 0; }));
  EXPECT_TRUE(details + "\n" == read_file(task("execution_log/failure_details")));
  EXPECT_EQ("external", journal()[2]["op"]);
  end_mount();
  expect_verified();
}

// There is room for a record of the journal and none for the JSON.
TEST_F(DiskFullTest, TheJsonFollowsOnceThereIsRoomWithoutAnotherWrite) {
  int percent = 0;
  const auto write_percent = [&] {
    return write_file(task("percent_complete"), std::to_string(percent = percent % 90 + 1) + "\n");
  };
  const auto version_on_disk = [this] {
    return Json::parse(read_file(status_file()))["os_file_header"]["v_file_instance"].get<int>();
  };
  bool is_behind = false;
  for (int round = 0; round < 20 && !is_behind; ++round) {
    ASSERT_EQ(0, write_percent()) << last_error();
    document_on_disk();
    fill();
    std::filesystem::resize_file(source() / "ballast", std::filesystem::file_size(source() / "ballast") - 2048);
    is_behind = write_percent() == 0;
    if (!is_behind) make_room();
  }
  ASSERT_TRUE(is_behind) << "no record found room";
  const Path errors = mountpoint() / ".statusfs" / "errors";
  EXPECT_TRUE(eventually([&] { return read_file(errors).find("cannot follow its journal") != std::string::npos; }));
  EXPECT_EQ(version() - 1, version_on_disk());
  make_room();
  EXPECT_TRUE(eventually([&] { return version_on_disk() == version(); })) << "it is not tried again";
  EXPECT_TRUE(eventually([&] { return read_file(errors).find("follows its journal again") != std::string::npos; }));
  end_mount();
  expect_verified();
}

TEST_F(DiskFullTest, FillsUpByItself) {
  int error = 0;
  int accepted = 0;
  while (accepted < 2000 && (error = write_next(large_value)) == 0) ++accepted;
  EXPECT_EQ(ENOSPC, error) << last_error();
  EXPECT_GT(accepted, 10);
  EXPECT_EQ(last_acknowledged() + "\n", read_file(task("execution_log/failure_details")));
  end_mount();
  // A full disk is no reason to lose what stands in the journal.
  statusfs({"recover", status_file().string()});
  expect_verified();
}

TEST_F(DiskFullTest, DeathWhileTheDiskIsFull) {
  ASSERT_EQ(0, write_next(100));
  fill();
  for (int number = 0; number < 5; ++number) write_next(large_value);
  daemon_->send(SIGKILL);
  daemon_->wait();
  daemon_ = nullptr;
  unmount_dead();
  make_room();
  expect_history();
}

}  // namespace
}  // namespace statusfs::test
