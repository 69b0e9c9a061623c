#include "fs/store/local/posix_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "fs/unique_fd.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

TEST(PosixFiles, TellsWhetherAFileIsBeingWritten) {
  TemporaryDirectory directory;
  PosixFiles files;
  const std::string path = directory / "file";
  EXPECT_FALSE(files.is_being_written(path)) << "there is none";
  write_text(path, "x");
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(files.is_being_written(path));
  UniqueFd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_TRUE(files.is_being_written(path));
  writer.reset();
  EXPECT_FALSE(files.is_being_written(path));
}

TEST(PosixFiles, AskingWhetherAFileIsBeingWrittenKeepsNobodyFromWritingIt) {
  TemporaryDirectory directory;
  PosixFiles files;
  const std::string path = directory / "file";
  write_text(path, "x");
  std::atomic<bool> is_over = false;
  std::thread asking([&] {
    while (!is_over) files.is_being_written(path);
  });
  for (int round = 0; round < 20'000; ++round) EXPECT_NO_THROW(files.open(path, Files::Open::write));
  is_over = true;
  asking.join();
}

}  // namespace
}  // namespace statusfs
