#include "fs/store/local/directory_watch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <set>

#include "fs/unique_fd.hpp"
#include "tests/unit/expect_errno.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {
namespace {

class ReportedNames {
 public:
  void add(const std::string& name) {
    const std::lock_guard guard(mutex_);
    names_.insert(name);
    added_.notify_all();
  }
  bool wait_for(const std::string& name) {
    std::unique_lock guard(mutex_);
    return added_.wait_for(guard, std::chrono::seconds(5), [&] { return names_.contains(name); });
  }
  /// Whether the file is told of, which is written again and again: when the new directory is watched cannot be seen.
  bool come_from(const std::filesystem::path& file) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      write_text(file, "x");
      std::unique_lock guard(mutex_);
      if (added_.wait_for(guard, std::chrono::milliseconds(20), [&] { return names_.contains(file.filename()); }))
        return true;
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::set<std::string> names_;
};

TEST(DirectoryWatch, TellsNames) {
  TemporaryDirectory directory;
  write_text(directory / "gone", "x");
  ReportedNames names;
  DirectoryWatch watch(directory.path(), [&](const std::string& name) { names.add(name); });
  write_text(directory / "made", "x");
  EXPECT_TRUE(names.wait_for("made"));
  std::filesystem::rename(directory / "made", directory / "moved");
  EXPECT_TRUE(names.wait_for("moved"));
  std::filesystem::remove(directory / "gone");
  EXPECT_TRUE(names.wait_for("gone"));
}

TEST(DirectoryWatch, TellsThatTheDirectoryIsGone) {
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "below");
  ReportedNames names;
  DirectoryWatch watch(directory / "below", [&](const std::string& name) { names.add(name); });
  std::filesystem::remove(directory / "below");
  EXPECT_TRUE(names.wait_for(""));
}

TEST(DirectoryWatch, FollowsTheNameToANewDirectory) {
  TemporaryDirectory directory;
  const std::string below = directory / "below";
  std::filesystem::create_directory(below);
  write_text(below + "/first", "x");
  // A process that is in it keeps the kernel from telling that it is gone.
  const UniqueFd held(::open(below.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ReportedNames names;
  DirectoryWatch watch(below, [&](const std::string& name) { names.add(name); });
  std::filesystem::remove_all(below);
  EXPECT_TRUE(names.wait_for(""));
  std::filesystem::create_directory(below);
  EXPECT_TRUE(names.come_from(below + "/second"));
  std::filesystem::rename(below, directory / "elsewhere");
  std::filesystem::create_directory(below);
  EXPECT_TRUE(names.come_from(below + "/third"));
}

TEST(DirectoryWatch, FollowsTheNameWhereAParentIsMoved) {
  TemporaryDirectory directory;
  const std::string below = directory / "one/two/below";
  std::filesystem::create_directories(below);
  ReportedNames names;
  DirectoryWatch watch(below, [&](const std::string& name) { names.add(name); });
  std::filesystem::rename(directory / "one", directory / "elsewhere");
  EXPECT_TRUE(names.wait_for(""));
  std::filesystem::create_directories(below);
  EXPECT_TRUE(names.come_from(below + "/first"));
  std::filesystem::rename(directory / "one/two", directory / "one/elsewhere");
  std::filesystem::create_directories(below);
  EXPECT_TRUE(names.come_from(below + "/second"));
}

TEST(DirectoryWatch, RefusesWhatIsNoDirectory) {
  TemporaryDirectory directory;
  expect_errno(ENOENT, [&] { DirectoryWatch(directory / "none", [](const std::string&) {}); });
  write_text(directory / "file", "x");
  expect_errno(ENOTDIR, [&] { DirectoryWatch(directory / "file", [](const std::string&) {}); });
}

}  // namespace
}  // namespace statusfs
