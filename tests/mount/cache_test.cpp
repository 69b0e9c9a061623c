// Status files in memory: loaded when they are needed, and freed again where -o cache says so.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "tests/mount/key_pairs.hpp"
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

constexpr int first_file = 125;
constexpr int files = 10;

class CacheTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    for (int number = first_file; number < first_file + files; ++number)
      make_status_file(number, {"one", "two", "three", "four"});
  }

  // Room for so many of the files.
  Arguments room_for(double count) const {
    constexpr double memory_per_byte = 5;  // as README.md has it
    const double bytes = static_cast<double>(std::filesystem::file_size(status_file())) * count * memory_per_byte;
    return {"-o", "cache=" + std::to_string(static_cast<long>(bytes))};
  }

  int loaded_files() const {
    for (const std::string& line : lines_of(read_file(mountpoint() / ".statusfs" / "metrics")))
      if (line.starts_with("statusfs_loaded_files ")) return std::stoi(line.substr(line.find(' ')));
    ADD_FAILURE() << "the metric is missing";
    return -1;
  }

  Path percentage(int number, const std::string& task = "one") const {
    return tree("tasks/" + task + "/percent_complete", number);
  }
  void read_all() const {
    for (int number = first_file; number < first_file + files; ++number) read_file(percentage(number));
  }
  // What was needed for longest ago is freed once another file is loaded and the JSON is written.
  bool is_freed(int number) {
    const Json shown = document(number);
    const auto is_written = [&] { return Json::parse(read_file(status_file(number)), nullptr, false) == shown; };
    if (!eventually(is_written)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the lock beside it is let go
    return eventually([&] {
      for (int other = first_file; other < first_file + files; ++other)
        if (other != number) read_file(percentage(other));
      return loaded_files() <= 2;  // neither of them is this one
    });
  }
};

TEST_F(CacheTest, AFileIsLoadedWhenItIsNeeded) {
  // The first look at each comes after the mount, in the order of their numbers, and signs what is not signed: so the
  // signature of the last file, which is missing, tells that the others were looked at.
  constexpr int last_file = first_file + files - 1;
  const Arguments with_key{"-o", "signing_key=" + (root() / "key.pem").string()};
  const Path signature = status_file(last_file).string() + ".sig";
  const auto is_signed = [&] { return std::filesystem::exists(signature); };
  ASSERT_EQ(0, bash(make_key_pairs).exit_status);
  mount(with_key);
  ASSERT_TRUE(eventually(is_signed));
  unmount();
  ASSERT_TRUE(std::filesystem::remove(signature));
  mount(with_key);
  ASSERT_TRUE(eventually(is_signed));
  EXPECT_TRUE(eventually([&] {
    read_file(percentage(last_file));
    return loaded_files() == 1;
  })) << "the first look at the others keeps none";
  read_file(percentage(130));
  EXPECT_EQ(2, loaded_files());
  read_all();
  EXPECT_EQ(files, loaded_files());
}

TEST_F(CacheTest, WhatWasNotNeededForLongestIsFreed) {
  mount(room_for(3.5));
  for (int round = 0; round < 3; ++round) {
    read_all();
    EXPECT_LE(loaded_files(), 3);
    EXPECT_GE(loaded_files(), 1);
  }
}

TEST_F(CacheTest, WritesToMoreFilesThanThereIsRoomForAreAllKept) {
  mount(room_for(2.5));
  for (int round = 1; round <= 5; ++round)
    for (int number = first_file; number < first_file + files; ++number) {
      const std::string value = std::to_string((round * 7 + number) % 100) + "\n";
      ASSERT_EQ(0, write_file(percentage(number), value)) << last_error();
      ASSERT_EQ(value, read_file(percentage(number)));
    }
  EXPECT_TRUE(is_freed(first_file));
  for (int number = first_file; number < first_file + files; ++number)
    EXPECT_EQ(std::to_string((35 + number) % 100) + "\n", read_file(percentage(number)));
  unmount();
  for (int number = first_file; number < first_file + files; ++number) expect_verified(number);
}

TEST_F(CacheTest, ManyThreadsAndLittleRoomLoseNothing) {
  mount(room_for(1.5));
  std::vector<std::thread> threads;
  for (const std::string task : {"one", "two", "three", "four"})
    threads.emplace_back([this, task] {
      for (int step = 0; step < 60; ++step) {
        const int number = first_file + step % files;
        const std::string value = std::to_string(step) + "\n";
        EXPECT_EQ(0, write_file(percentage(number, task), value));
        EXPECT_EQ(value, read_file(percentage(number, task)));
        EXPECT_EQ("exec_status_" + std::to_string(number),
                  Json::parse(read_file(tree("status.json", number)))["os_file_header"]["file_id"]);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(is_freed(first_file));
  unmount();
  for (int number = first_file; number < first_file + files; ++number) expect_verified(number);
}

TEST_F(CacheTest, AnOpenDocumentStaysWhatItWas) {
  mount(room_for(2.5));
  const std::string before = read_file(tree("status.json"));
  const int handle = ::open(tree("status.json").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  ASSERT_EQ(0, write_file(percentage(first_file), "12\n"));
  EXPECT_TRUE(is_freed(first_file));
  std::string text(before.size() + 1, '\0');
  text.resize(static_cast<std::size_t>(::pread(handle, text.data(), text.size(), 0)));
  EXPECT_EQ(before, text);
  ::close(handle);
}

TEST_F(CacheTest, AForeignChangeOfAFreedFileIsNoticed) {
  mount(room_for(2.5));
  ASSERT_EQ(0, write_file(percentage(first_file), "12\n"));
  ASSERT_TRUE(is_freed(first_file));
  ASSERT_EQ(0, bash("sed 's/\"percent_complete\": 12/\"percent_complete\": 13/' $S/exec_status_125.txt > $S/new && "
                    "mv $S/new $S/exec_status_125.txt")
                   .exit_status);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(status_file().string() + ".foreign-1"); }));
  EXPECT_TRUE(eventually([&] { return write_file(percentage(first_file), "14\n") == EROFS; })) << last_error();
  EXPECT_EQ("12\n", read_file(percentage(first_file)));
}

TEST_F(CacheTest, ARenamedFreedFileVanishesAndAppears) {
  mount(room_for(2.5));
  ASSERT_EQ(0, write_file(percentage(first_file), "12\n"));
  ASSERT_TRUE(is_freed(first_file));
  rename_status_file(status_file(), source() / "exec_status_999.txt");
  EXPECT_TRUE(eventually([&] { return read_error(percentage(first_file)) == ENOENT; }));
  EXPECT_TRUE(eventually([&] { return read_error(percentage(999)) == 0; }));
  EXPECT_EQ("12\n", read_file(percentage(999)));
}

TEST_F(CacheTest, TheHistoryOfAFreedFileIsReadAgain) {
  mount(room_for(2.5));
  for (const char* value : {"1\n", "2\n", "3\n"}) ASSERT_EQ(0, write_file(percentage(first_file), value));
  const std::string log = read(".history/log");
  const std::string second = read(".history/2.json");
  ASSERT_TRUE(is_freed(first_file));
  EXPECT_EQ(log, read(".history/log"));
  EXPECT_EQ(second, read(".history/2.json"));
}

TEST_F(CacheTest, AFreedFileIsAsOldAsItWas) {
  // As statusfs says it now, and not as the kernel remembers it.
  const auto modified = [](const Path& path) {
    struct statx status {};
    EXPECT_EQ(0, ::statx(AT_FDCWD, path.c_str(), AT_STATX_FORCE_SYNC, STATX_MTIME, &status)) << path;
    return std::pair(status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec);
  };
  mount(room_for(2.5));
  const auto unchanged = modified(percentage(first_file, "two"));
  ASSERT_EQ(0, write_file(percentage(first_file), "12\n"));
  const auto changed = modified(percentage(first_file)), whole = modified(tree("status.json"));
  EXPECT_LT(unchanged, changed);
  ASSERT_TRUE(is_freed(first_file));
  EXPECT_EQ(unchanged, modified(percentage(first_file, "two")));
  EXPECT_EQ(changed, modified(percentage(first_file)));
  EXPECT_EQ(whole, modified(tree("status.json")));
}

TEST_F(CacheTest, ASizeIsANumberOfBytesOrHasAUnit) {
  for (const char* size : {"", "0", "M", "64X", "64MB", "-1", "1.5G", "9223372036854775808"}) {
    const CommandResult result =
        statusfs({source().string(), mountpoint().string(), "-o", "cache=" + std::string(size)});
    EXPECT_EQ(1, result.exit_status) << size;
    EXPECT_NE(std::string::npos, result.error.find("cache")) << result.error;
  }
}

}  // namespace
}  // namespace statusfs::test
