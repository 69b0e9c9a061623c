#include "tests/mount/mounted_test.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace statusfs::test {
namespace {

namespace fs = std::filesystem;

int write_with_flags(const Path& file, std::string_view text, int flags) {
  const int handle = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | flags);
  if (handle < 0) return errno;
  const ssize_t count = ::write(handle, text.data(), text.size());
  const int write_error = count < 0 ? errno : (static_cast<std::size_t>(count) == text.size() ? 0 : EIO);
  const int close_error = ::close(handle) == 0 ? 0 : errno;
  return write_error != 0 ? write_error : close_error;
}

int read_into(const Path& file, std::string& content) {
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) return errno;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = ::read(handle, buffer, sizeof buffer)) > 0) content.append(buffer, static_cast<std::size_t>(count));
  const int error = count < 0 ? errno : 0;
  ::close(handle);
  return error;
}

// Mountinfo writes blanks as \040; the names of our directories have none.
std::vector<Path> mounts_below(const Path& directory) {
  std::ifstream table("/proc/self/mountinfo");
  std::vector<Path> found;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string word;
    for (int field = 0; field < 5; ++field) words >> word;
    if (word.starts_with(directory.string() + "/")) found.emplace_back(word);
  }
  return found;
}

void make_fuse_accessible() {
  struct stat status {};
  if (::stat("/dev/fuse", &status) != 0) throw std::runtime_error("there is no /dev/fuse: run scripts/test");
  if (::geteuid() == 0 && (status.st_mode & 0666) != 0666) ::chmod("/dev/fuse", 0666);
  if (::access("/dev/fuse", R_OK | W_OK) != 0) throw std::runtime_error("/dev/fuse is closed: run scripts/test");
}

void extend_environment(const char* name, const std::string& addition) {
  const char* old = std::getenv(name);
  const std::string value = old == nullptr || *old == '\0' ? addition : std::string(old) + ":" + addition;
  ::setenv(name, value.c_str(), 1);
}

}  // namespace

std::string read_file(const Path& file) {
  std::string content;
  const int error = read_into(file, content);
  if (error != 0) throw std::system_error(error, std::generic_category(), "read " + file.string());
  return content;
}

int read_error(const Path& file) {
  std::string content;
  return read_into(file, content);
}

int write_file(const Path& file, std::string_view text) { return write_with_flags(file, text, O_TRUNC); }

int append_file(const Path& file, std::string_view text) { return write_with_flags(file, text, O_APPEND); }

int write_parts(const Path& file, int flags, const std::vector<std::string>& parts) {
  const int handle = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | flags);
  if (handle < 0) return errno;
  int error = 0;
  for (const std::string& part : parts)
    if (::write(handle, part.data(), part.size()) < 0 && error == 0) error = errno;
  if (::close(handle) != 0 && error == 0) error = errno;
  return error;
}

int error_of(int result) { return result >= 0 ? 0 : errno; }

std::vector<std::string> names_in(const Path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

void put_file(const Path& file, std::string_view text) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) throw std::runtime_error("cannot write " + file.string());
}

void rename_status_file(const Path& from, const Path& to) {
  for (const char* end : {".journal", ".lock", ""}) std::filesystem::rename(from.string() + end, to.string() + end);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string test_data(const std::string& name) { return read_file(data_file(name)); }

std::string plan_text(int number, const std::vector<std::string>& task_ids) {
  const std::string name = "exec_plan_" + std::to_string(number);
  Json tasks = Json::array();
  for (const std::string& id : task_ids) tasks.push_back(Json::object({{"task_id", id}}));
  Json plan;
  plan["os_file_header"]["file_id"] = name;
  plan["os_file_header"]["entity_type"] = "EXECUTION_PLAN";
  plan["payload"]["execution_plan_id"] = name;
  plan["payload"]["tasks"] = tasks;
  return plan.dump(2) + "\n";
}

int load_factor() {
  const auto is_set = [](const char* name) { return std::getenv(name) != nullptr && *std::getenv(name) == '1'; };
  if (is_set("STATUSFS_SOAK")) return 50;
  return is_set("STATUSFS_LONG") ? 10 : 1;
}

void MountedTest::SetUp() {
  make_fuse_accessible();
  const char* temporary = std::getenv("TMPDIR");
  std::string name = std::string(temporary != nullptr ? temporary : "/var/tmp") + "/statusfs-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  root_ = fs::canonical(name);
  ::chmod(root_.c_str(), 0755);
  adopt_orphans(false);
  start_guardian();
  adopt_orphans(true);
  fs::create_directory(source());
  fs::create_directory(mountpoint());
  // What the caller's environment says must not change what the tests see.
  for (const char* variable : {"TRACEPARENT", "STATUSFS_PERSONA"}) ::unsetenv(variable);
  ::umask(022);
  // A daemon in the background has no terminal: what a sanitizer finds there goes to files.
  for (const char* variable : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    extend_environment(variable, "log_path=" + (root_ / "sanitizer").string());
  }
}

void MountedTest::TearDown() {
  if (root_.empty()) return;
  take_mounts_away();
  end_daemons();
  report_sanitizers();
  // A mount that is still there would be emptied with the directory.
  if (mounts_below_root().empty()) fs::remove_all(root_);
  ::close(guardian_pipe_);
}

// If this process is killed (a test that hangs, ended by ctest), nothing of ours may stay mounted. The guardian lives
// in a session of its own (and is no child of ours), waits for the end of our pipe, and then takes away what is left.
void MountedTest::start_guardian() {
  static const std::string script = R"(cat > /dev/null
for mounted in $(awk -v below="$1/" 'index($5, below) == 1 {print $5}' /proc/self/mountinfo); do
  fusermount3 -uz "$mounted" || umount -l "$mounted"
done
rm -rf --one-file-system "$1")";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  guardian_pipe_ = ends[1];
  std::string launch = "setsid sh -c \"$1\" guardian \"$2\" < /dev/fd/3 3<&- > /dev/null 2>&1 &";
  std::vector<std::string> words = {"sh", "-c", launch, "sh", script, root_.string()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], 3);
  pid_t pid = -1;
  const int failure = ::posix_spawnp(&pid, "sh", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[0]);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), "guardian");
  ::waitpid(pid, nullptr, 0);
}

std::vector<Path> MountedTest::mounts_below_root() const { return mounts_below(root_); }

void MountedTest::take_mounts_away() {
  for (const Path& mounted : mounts_below_root()) {
    const CommandResult gentle = run_command({"fusermount3", "-u", mounted.string()});
    if (gentle.exit_status != 0) run_command({"fusermount3", "-uz", mounted.string()});
  }
}

void MountedTest::end_daemons() {
  for (const auto& daemon : daemons_) {
    const int status = daemon->wait(std::chrono::seconds{20});
    EXPECT_TRUE(status == 0 || daemon->was_killed()) << "statusfs -f ended with " << status << "\n" << daemon->log();
  }
  daemons_.clear();
  EXPECT_EQ(0, await_orphans(std::chrono::seconds{20})) << "a daemon did not end after its mount was taken away";
  for (const int status : ended_orphans()) EXPECT_EQ(0, status) << "a daemon in the background ended badly";
}

void MountedTest::report_sanitizers() {
  for (const auto& entry : fs::directory_iterator(root_)) {
    if (entry.path().filename().string().starts_with("sanitizer.")) ADD_FAILURE() << read_file(entry.path());
  }
}

Path MountedTest::status_file(int number) const {
  return source() / ("exec_status_" + std::to_string(number) + ".txt");
}

Path MountedTest::journal_file(int number) const { return status_file(number).string() + ".journal"; }

Path MountedTest::tree(const std::string& path, int number) const {
  const Path top = mountpoint() / ("exec_status_" + std::to_string(number));
  return path.empty() ? top : top / path;
}

Path MountedTest::task(const std::string& path) const {
  const Path top = tree("tasks") / first_task;
  return path.empty() ? top : top / path;
}

void MountedTest::make_sample() {
  const Path plan = source() / "exec_plan_125.txt";
  put_file(plan, test_data("plans/exec_plan_125.txt"));
  const CommandResult result = statusfs({"init", plan.string()});
  if (result.exit_status != 0) throw std::runtime_error("statusfs init: " + result.error);
  fs::remove(plan);
}

void MountedTest::make_status_file(int number, const std::vector<std::string>& task_ids) {
  const Path plan = source() / ("exec_plan_" + std::to_string(number) + ".txt");
  put_file(plan, plan_text(number, task_ids));
  const CommandResult result = statusfs({"init", plan.string()});
  if (result.exit_status != 0) throw std::runtime_error("statusfs init: " + result.error);
  fs::remove(plan);
}

void MountedTest::make_adopted_seed() {
  put_file(status_file(), test_data("seed_example.json"));
  const CommandResult result = statusfs({"adopt", status_file().string()});
  if (result.exit_status != 0) throw std::runtime_error("statusfs adopt: " + result.error);
}

CommandResult MountedTest::statusfs(const Arguments& arguments, const CommandOptions& options) {
  Arguments all = {binary().string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_command(all, options);
}

void MountedTest::check_mount(const CommandResult& result) const {
  if (result.exit_status == 0) return;
  throw std::runtime_error("mount: exit status " + std::to_string(result.exit_status) + "\n" + result.error);
}

void MountedTest::mount(const Arguments& options) {
  Arguments arguments = {source().string(), mountpoint().string()};
  arguments.insert(arguments.end(), options.begin(), options.end());
  check_mount(statusfs(arguments));
}

Process& MountedTest::mount_in_foreground(const Arguments& options) {
  Arguments arguments = {binary().string(), source().string(), mountpoint().string(), "-f"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  daemons_.push_back(std::make_unique<Process>(arguments, CommandOptions{}, root() / "daemon.log"));
  Process& daemon = *daemons_.back();
  const Path sign_of_life = mountpoint() / ".statusfs" / "version";
  const bool answers =
      eventually([&] { return !daemon.is_running() || read_error(sign_of_life) == 0; }, std::chrono::seconds{30});
  if (!answers || !daemon.is_running()) throw std::runtime_error("no mount with -f:\n" + daemon.log());
  return daemon;
}

void MountedTest::unmount() {
  const CommandResult result = statusfs({"umount", mountpoint().string()});
  if (result.exit_status != 0) throw std::runtime_error("statusfs umount: " + result.error);
}

void MountedTest::unmount_dead() {
  run_command({"fusermount3", "-uz", mountpoint().string()});
  const std::vector<Path> left = mounts_below_root();
  if (std::ranges::find(left, mountpoint()) != left.end())
    throw std::runtime_error("the dead mount cannot be taken away");
}

void MountedTest::expect_verified(int number) {
  const CommandResult result = statusfs({"verify", status_file(number).string()});
  EXPECT_EQ(0, result.exit_status) << result.output << result.error;
}

CommandResult MountedTest::bash(const std::string& script, CommandOptions options) {
  options.environment["T"] = tree().string();
  options.environment["M"] = mountpoint().string();
  options.environment["S"] = source().string();
  options.environment["B"] = binary().string();
  return run_command({"bash", "-c", script}, options);
}

CommandResult MountedTest::dash(const std::string& script, CommandOptions options) {
  options.environment["T"] = tree().string();
  options.environment["M"] = mountpoint().string();
  options.environment["S"] = source().string();
  options.environment["B"] = binary().string();
  return run_command({"dash", "-c", script}, options);
}

std::string MountedTest::jq(const std::string& filter, const Path& file, const std::string& flags) {
  CommandResult result = run_command({"jq", flags, filter, file.string()});
  if (result.exit_status != 0) throw std::runtime_error("jq " + filter + ": " + result.error);
  if (result.output.ends_with('\n')) result.output.pop_back();
  return result.output;
}

void MountedTest::replace_under_lock(const std::string& text) {
  put_file(root() / "new", text);
  const CommandOptions options{.environment = {{"NEW", (root() / "new").string()}}};
  const CommandResult result =
      bash("flock -w 20 $S/exec_status_125.txt.lock mv \"$NEW\" $S/exec_status_125.txt", options);
  ASSERT_EQ(0, result.exit_status) << result.error;
}

int MountedTest::version(int number) const { return std::stoi(read_file(tree("header/v_file_instance", number))); }

Json MountedTest::document(int number) const { return Json::parse(read_file(tree("status.json", number))); }

Json MountedTest::document_on_disk(int number) const {
  const int handle = ::open(tree("summary/active_blockers_summary", number).c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0 || ::fsync(handle) != 0) throw std::system_error(errno, std::generic_category(), "fsync");
  ::close(handle);
  return Json::parse(read_file(status_file(number)));
}

std::vector<Json> MountedTest::journal(int number) const {
  std::vector<Json> records;
  for (const std::string& line : lines_of(read_file(journal_file(number)))) records.push_back(Json::parse(line));
  return records;
}

std::string MountedTest::last_error() const { return read_file(mountpoint() / ".statusfs" / "last_error"); }

double MountedTest::metric(const std::string& name) const {
  for (const std::string& line : lines_of(read_file(mountpoint() / ".statusfs" / "metrics")))
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size()));
  return 0;
}

void MountedTest::activate(const std::string& task_id) const {
  ASSERT_EQ(0, write("tasks/" + task_id + "/readiness_check/status", "PASSED\n")) << last_error();
  ASSERT_EQ(0, write("tasks/" + task_id + "/status", "ACTIVE\n")) << last_error();
}

}  // namespace statusfs::test
