#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "fs/cli/file_commands.hpp"
#include "fs/cli/unmounting.hpp"
#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

namespace filesystem = std::filesystem;

constexpr std::string_view sample_plan = R"({
  "os_file_header": {"file_id": "exec_plan_1", "entity_type": "EXECUTION_PLAN"},
  "payload": {"execution_plan_id": "exec_plan_1", "tasks": [{"task_id": "first"}, {"task_id": "second"}]}
}
)";

// What a step found wrong; the command reports it with the step's name.
class StepFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string read_whole(const filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw StepFailed(path.string() + ": cannot be opened: " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// One write(2), as a shell does it. Returns its errno, 0 where it was taken.
int write_once(const filesystem::path& path, std::string_view text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!file) return errno;
  return write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

void expect_text(const filesystem::path& path, std::string_view expected) {
  const std::string text = read_whole(path);
  if (text != expected)
    throw StepFailed(path.string() + " reads \"" + text + "\", and \"" + std::string(expected) + "\" was expected");
}

void expect_taken(const filesystem::path& path, std::string_view text) {
  if (const int error = write_once(path, text); error != 0)
    throw StepFailed("writing to " + path.string() + ": " + std::strerror(error));
}

// Why a mount can fail on this machine.
std::string advice_for_mounting() {
  if (!filesystem::exists("/dev/fuse"))
    return "; there is no /dev/fuse: load the module (modprobe fuse), or give the container the device";
  if (access("/dev/fuse", R_OK | W_OK) != 0) return "; /dev/fuse may not be opened by this user";
  return "; mounting needs fusermount3 (package fuse3), or root with the capability SYS_ADMIN";
}

class SelfTest {
 public:
  SelfTest() {
    std::string pattern = (filesystem::temp_directory_path() / "statusfs-selftest-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw CommandError(ExitStatus::unusable, pattern + ": " + std::strerror(errno));
    directory_ = pattern;
  }

  ~SelfTest() {
    try {
      if (is_mounted_) unmount(mountpoint().string(), Unmounting::at_once);
      filesystem::remove_all(directory_);
    } catch (const std::exception& error) {
      std::cerr << "statusfs: selftest: " << directory_.string() << " is left behind: " << error.what() << '\n';
    }
  }
  SelfTest(const SelfTest&) = delete;
  SelfTest& operator=(const SelfTest&) = delete;

  bool run() {
    return step("a status file is made for a plan", [this] { make_sample(); }) &&
           step("it is mounted", [this] { mount_sample(); }) && step("fields are read", [this] { read_fields(); }) &&
           step("values are written", [this] { write_values(); }) &&
           step("a wrong value is refused, and the reason is there", [this] { be_refused(); }) &&
           step("pages are rendered", [this] { look_at_pages(); }) &&
           step("it is unmounted", [this] { unmount_sample(); }) &&
           step("every hash and the journal are right", [this] { verify(); });
  }

 private:
  static bool step(const char* name, const std::function<void()>& action) {
    try {
      action();
      std::cout << "ok      " << name << std::endl;
      return true;
    } catch (const std::exception& error) {
      std::cout << "FAILED  " << name << ": " << error.what() << std::endl;
      return false;
    }
  }

  filesystem::path source() const { return directory_ / "source"; }
  filesystem::path mountpoint() const { return directory_ / "mount"; }
  filesystem::path tree() const { return mountpoint() / "exec_status_1"; }
  filesystem::path task() const { return tree() / "tasks" / "first"; }

  // This very program with other arguments; what it prints belongs to the failure, if it is one.
  void run_statusfs(const std::vector<std::string>& arguments, const std::string& advice = {}) const {
    const filesystem::path output = directory_ / "output";
    const pid_t child = fork();
    if (child == 0) {
      const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(file, STDOUT_FILENO);
      dup2(file, STDERR_FILENO);
      std::vector<char*> words{const_cast<char*>("statusfs")};
      for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
      words.push_back(nullptr);
      execv("/proc/self/exe", words.data());
      _exit(127);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    throw StepFailed("statusfs " + arguments.front() + " says: " + read_whole(output) + advice);
  }

  void make_sample() {
    filesystem::create_directories(source());
    filesystem::create_directories(mountpoint());
    const filesystem::path plan = source() / "exec_plan_1.txt";
    std::ofstream(plan) << sample_plan;
    run_statusfs({"init", plan.string()});
  }

  void mount_sample() {
    // Not the configuration of this machine, which may let this user do nothing.
    const filesystem::path config = directory_ / "statusfs.yaml";
    std::ofstream(config) << "writers: [{uid: " << getuid()
                          << ", archetype: SUPERVISOR}]\ndefault: {archetype: AUDITOR}\n";
    run_statusfs({source().string(), mountpoint().string(), "-o", "config=" + config.string()}, advice_for_mounting());
    is_mounted_ = true;
  }

  void read_fields() {
    expect_text(task() / "status", "PENDING\n");
    expect_text(tree() / "summary" / "overall_completion_percentage", "0\n");
  }

  void write_values() {
    expect_taken(task() / "readiness_check" / "status", "PASSED\n");
    expect_taken(task() / "status", "ACTIVE\n");
    expect_taken(task() / "status", "DONE\n");
    expect_text(task() / "percent_complete", "100\n");
    expect_text(tree() / "summary" / "overall_completion_percentage", "50\n");
  }

  void be_refused() {
    const int error = write_once(tree() / "tasks" / "second" / "percent_complete", "250\n");
    if (error != EINVAL) throw StepFailed(std::string("250 % was answered with: ") + std::strerror(error));
    expect_text(tree() / "tasks" / "second" / "percent_complete", "0\n");
    if (read_whole(mountpoint() / ".statusfs" / "last_error").find("EINVAL") == std::string::npos)
      throw StepFailed(".statusfs/last_error does not tell why");
  }

  void look_at_pages() {
    if (read_whole(tree() / "status.md").find("`first`") == std::string::npos)
      throw StepFailed("status.md does not show the task");
  }

  void unmount_sample() {
    run_statusfs({"umount", mountpoint().string()});
    is_mounted_ = false;
  }

  void verify() { run_statusfs({"verify", source().string()}); }

  filesystem::path directory_;
  bool is_mounted_ = false;
};

}  // namespace

ExitStatus selftest_command() {
  SelfTest test;
  if (!test.run()) return ExitStatus::unusable;
  std::cout << "statusfs works here" << std::endl;
  return ExitStatus::done;
}

}  // namespace statusfs
