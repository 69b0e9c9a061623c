// The fixture of the mounted tests: an own directory, a SOURCE in it, the built statusfs mounted on it, and short names
// for what a user does there. Black box: nothing here knows how statusfs is made.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/mount/command.hpp"
#include "tests/mount/places.hpp"

namespace statusfs::test {

using Json = nlohmann::ordered_json;
using Path = std::filesystem::path;

/// The whole content of a file; throws std::system_error with the errno of the failure.
std::string read_file(const Path& file);
/// Like read_file, but returns the errno of open or read, 0 if both went well.
int read_error(const Path& file);

/// Opens with O_TRUNC as a shell's `>` does, writes once, closes. Returns the first errno, 0 if all went well.
int write_file(const Path& file, std::string_view text);
/// The same as a shell's `>>`.
int append_file(const Path& file, std::string_view text);

/// Each part is one write(2), all through one handle. The first errno, that of close(2) included; 0 if all went well.
int write_parts(const Path& file, int flags, const std::vector<std::string>& parts);

/// The errno of a system call that has just returned this, 0 if it went well.
int error_of(int result);

/// The names in a directory, sorted.
std::vector<std::string> names_in(const Path& directory);

/// Makes an ordinary file, outside of a mount. Throws on failure.
void put_file(const Path& file, std::string_view text);
/// Journal and lock first, as the daemon mends what stands alone for longer than a second.
void rename_status_file(const Path& from, const Path& to);

/// The lines of a text, without their newlines.
std::vector<std::string> lines_of(const std::string& text);

/// A copy of the test data of this name below tests/data.
std::string test_data(const std::string& name);

/// An exec_plan file with these tasks.
std::string plan_text(int number, const std::vector<std::string>& task_ids);

/// 1 in the short form, 10 with STATUSFS_LONG, 50 with STATUSFS_SOAK: how often loops go round.
int load_factor();

/// Asks again until it holds or the time is over, which is longer where the program under test is slower.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds{10}) {
  const auto deadline = std::chrono::steady_clock::now() + limit * slowness();
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return true;
}

class MountedTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The places of this test.
  Path root() const { return root_; }
  Path source() const { return root_ / "source"; }
  Path mountpoint() const { return root_ / "mount"; }
  Path status_file(int number = 125) const;
  Path journal_file(int number = 125) const;
  /// A place in the tree of a status file, like tree("tasks/task_001_scaffold/status").
  Path tree(const std::string& path = "", int number = 125) const;
  /// A place below the tree of the sample's first task.
  Path task(const std::string& path = "") const;

  // Making SOURCE.
  /// A status file made by `statusfs init`: the tasks of tests/data/plans/exec_plan_125.txt. Its plan is taken away, so
  /// that the rules which a plan brings are off.
  void make_sample();
  void make_status_file(int number, const std::vector<std::string>& task_ids);
  /// The example of the specification, with a chain begun by `statusfs adopt`: version 23.
  void make_adopted_seed();

  // statusfs itself.
  Path binary() const { return statusfs_binary(); }
  CommandResult statusfs(const Arguments& arguments, const CommandOptions& options = {});
  /// `statusfs SOURCE MOUNTPOINT`; a failure of the mount ends the test.
  void mount(const Arguments& options = {});
  /// The same with -f, as a process that the test can kill.
  Process& mount_in_foreground(const Arguments& options = {});
  /// `statusfs umount MOUNTPOINT`, which must succeed.
  void unmount();
  /// Takes a mount away that no daemon answers for any more.
  void unmount_dead();
  /// Expects that `statusfs verify` finds nothing.
  void expect_verified(int number = 125);

  // Short names for the commands of a user. Shell scripts find $T (the tree of the sample), $M (the mount), $S (SOURCE)
  // and $B (statusfs).
  std::string read(const std::string& path) const { return read_file(tree(path)); }
  int write(const std::string& path, std::string_view text) const { return write_file(tree(path), text); }
  int append(const std::string& path, std::string_view text) const { return append_file(tree(path), text); }
  CommandResult bash(const std::string& script, CommandOptions options = {});
  CommandResult dash(const std::string& script, CommandOptions options = {});
  /// The output of `jq FILTER FILE`, without the newline at its end.
  std::string jq(const std::string& filter, const Path& file, const std::string& flags = "-c");

  /// As another program that keeps to the rules: a new status file takes the name of the old one under its lock.
  void replace_under_lock(const std::string& text);

  // What is so now.
  int version(int number = 125) const;
  Json document(int number = 125) const;
  /// The JSON on disk, after fsync on a file of the tree has made it complete.
  Json document_on_disk(int number = 125) const;
  std::vector<Json> journal(int number = 125) const;
  std::string last_error() const;
  /// What stands behind the name in .statusfs/metrics; 0 where it is not there.
  double metric(const std::string& name) const;
  /// PASSED in the readiness check, then ACTIVE: the way of a task that every set of rules allows.
  void activate(const std::string& task_id) const;

  static constexpr const char* first_task = "task_001_scaffold";

 private:
  void check_mount(const CommandResult& result) const;
  void start_guardian();
  std::vector<Path> mounts_below_root() const;
  void take_mounts_away();
  void end_daemons();
  void report_sanitizers();

  Path root_;
  std::vector<std::unique_ptr<Process>> daemons_;
  int guardian_pipe_ = -1;
};

/// A test that begins with the sample mounted.
class SampleTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    mount();
  }
};

/// Expects that `call` (an int: errno or 0) is refused with this errno and that no version comes of it.
#define EXPECT_REFUSED(error_number, call)    \
  do {                                        \
    const int version_before = version();     \
    EXPECT_EQ(error_number, (call)) << #call; \
    EXPECT_EQ(version_before, version());     \
  } while (false)

/// Expects that `call` succeeds and makes exactly this many versions.
#define EXPECT_VERSIONS(count, call)                \
  do {                                              \
    const int version_before = version();           \
    EXPECT_EQ(0, (call)) << #call << last_error();  \
    EXPECT_EQ(version_before + (count), version()); \
  } while (false)

}  // namespace statusfs::test
