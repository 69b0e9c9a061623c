#include "tests/mount/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace statusfs::test {
namespace {

using Clock = std::chrono::steady_clock;

// The children that somebody here waits for; every other child is an orphan that we inherited.
// The lock is also held between spawn and insert, so that a new child is never taken for an orphan.
std::mutex children_mutex;
std::set<pid_t> awaited_children;
std::vector<int> orphan_statuses;

[[noreturn]] void throw_errno(const std::string& what, int number = errno) {
  throw std::runtime_error(what + ": " + std::strerror(number));
}

class Descriptor {
 public:
  explicit Descriptor(int number, const char* what) : number_(number) {
    if (number < 0) throw_errno(what);
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

int memory_file(const std::string& content) {
  const int file = ::memfd_create("test", MFD_CLOEXEC);
  if (file < 0) throw_errno("memfd_create");
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::write(file, content.data() + done, content.size() - done);
    if (count < 0) throw_errno("write to memory");
    done += static_cast<std::size_t>(count);
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

std::string content_of(int file) {
  std::string content(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
  const ssize_t count = ::pread(file, content.data(), content.size(), 0);
  content.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return content;
}

Arguments as_user(const Arguments& arguments, const std::string& user) {
  if (user.empty()) return arguments;
  Arguments all;
  if (::geteuid() == 0) {
    all = {"setpriv", "--reuid=" + user, "--regid=nogroup", "--clear-groups", "--"};
  } else {
    all = {"sudo", "-n", "-u", user, "--"};
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) environment.push_back(text);
  }
  for (const auto& [name, value] : added) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Each command gets a process group of its own, so that a time limit ends all that it started, and nothing else.
pid_t spawn(const Arguments& arguments, const CommandOptions& options, int input, int output, int error) {
  Arguments all = as_user(arguments, options.user);
  std::vector<std::string> environment = environment_with(options.environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, error, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const std::lock_guard lock(children_mutex);
  const int failure = ::posix_spawnp(&pid, all.front().c_str(), &actions, &attributes, pointers_to(all).data(),
                                     pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw_errno("cannot start " + all.front(), failure);
  awaited_children.insert(pid);
  return pid;
}

int shell_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream list(thread.path() / "children");
    for (pid_t child = 0; list >> child;) found.push_back(child);
  }
  return found;
}

// What other programs leave behind, like the receiver of rsync, ends as it likes.
bool is_daemon(pid_t child) {
  std::ifstream file("/proc/" + std::to_string(child) + "/comm");
  std::string name;
  return std::getline(file, name) && name == "statusfs";
}

// A daemon that has ended must not stay a zombie: `statusfs umount` may look whether it still exists.
void reap_orphans() {
  const std::lock_guard lock(children_mutex);
  for (const pid_t child : children()) {
    if (awaited_children.contains(child)) continue;
    const bool counts = is_daemon(child);  // asked first: a zombie still has its name
    int wait_status = 0;
    if (::waitpid(child, &wait_status, WNOHANG) == child && counts)
      orphan_statuses.push_back(shell_status(wait_status));
  }
}

// Returns false when the child still runs at the deadline.
bool wait_until(pid_t pid, Clock::time_point deadline, int& wait_status) {
  const Descriptor watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "pidfd_open");
  for (;;) {
    pollfd entry{watch.get(), POLLIN, 0};
    if (::poll(&entry, 1, 20) > 0) break;
    reap_orphans();
    if (Clock::now() > deadline) return false;
  }
  const std::lock_guard lock(children_mutex);
  ::waitpid(pid, &wait_status, 0);
  awaited_children.erase(pid);
  return true;
}

std::string joined(const Arguments& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += (text.empty() ? "" : " ") + argument;
  return text;
}

}  // namespace

int slowness() {
  const char* factor = std::getenv("STATUSFS_SLOWNESS");
  return factor ? std::max(1, std::atoi(factor)) : 1;
}

CommandResult run_command(const Arguments& arguments, const CommandOptions& options) {
  const Descriptor input(memory_file(options.input), "input");
  const Descriptor output(memory_file(""), "output");
  const Descriptor error(memory_file(""), "error");
  const pid_t pid = spawn(arguments, options, input.get(), output.get(), error.get());
  int wait_status = 0;
  const bool in_time = wait_until(pid, Clock::now() + options.time_limit * slowness(), wait_status);
  if (!in_time) {
    ::kill(-pid, SIGKILL);
    wait_until(pid, Clock::now() + std::chrono::seconds{10}, wait_status);
    throw std::runtime_error("no end within the time limit: " + joined(arguments) + "\n" + content_of(error.get()));
  }
  return {shell_status(wait_status), content_of(output.get()), content_of(error.get())};
}

Process::Process(const Arguments& arguments, const CommandOptions& options, const std::filesystem::path& log_file)
    : log_file_(log_file) {
  const Descriptor input(memory_file(options.input), "input");
  const Descriptor log(::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666), log_file.c_str());
  pid_ = spawn(arguments, options, input.get(), log.get(), log.get());
}

Process::~Process() {
  if (!is_running()) return;
  send(SIGKILL);
  int wait_status = 0;
  wait_until(pid_, Clock::now() + std::chrono::seconds{10}, wait_status);
}

void Process::note_end(int wait_status) {
  ended_ = true;
  exit_status_ = shell_status(wait_status);
}

bool Process::is_running() {
  const std::lock_guard lock(children_mutex);
  int wait_status = 0;
  if (!ended_ && ::waitpid(pid_, &wait_status, WNOHANG) == pid_) {
    awaited_children.erase(pid_);
    note_end(wait_status);
  }
  return !ended_;
}

void Process::send(int signal) {
  if (ended_) return;
  killed_ = killed_ || signal == SIGKILL;
  ::kill(pid_, signal);
}

int Process::wait(std::chrono::seconds time_limit) {
  if (!is_running()) return exit_status_;
  int wait_status = 0;
  if (!wait_until(pid_, Clock::now() + time_limit * slowness(), wait_status)) {
    ::kill(pid_, SIGKILL);
    wait_until(pid_, Clock::now() + std::chrono::seconds{10}, wait_status);
  }
  note_end(wait_status);
  return exit_status_;
}

std::string Process::log() const {
  std::ifstream file(log_file_);
  return {std::istreambuf_iterator<char>(file), {}};
}

void adopt_orphans(bool adopt) {
  if (::prctl(PR_SET_CHILD_SUBREAPER, adopt ? 1 : 0, 0, 0, 0) != 0) throw_errno("PR_SET_CHILD_SUBREAPER");
}

std::vector<int> ended_orphans() {
  reap_orphans();
  const std::lock_guard lock(children_mutex);
  return std::exchange(orphan_statuses, {});
}

int await_orphans(std::chrono::seconds time_limit) {
  const auto deadline = Clock::now() + time_limit * slowness();
  int killed = 0;
  for (;;) {
    reap_orphans();
    std::vector<pid_t> left = children();
    if (left.empty()) return killed;
    if (Clock::now() > deadline && killed == 0) {
      for (const pid_t child : left) ::kill(child, SIGKILL);
      killed = static_cast<int>(left.size());
    }
    if (Clock::now() > deadline + std::chrono::seconds{10}) return killed;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

}  // namespace statusfs::test
