#include "tests/mount/fault_rounds.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <regex>

namespace statusfs::test {
namespace {

constexpr std::size_t tasks = 3;
constexpr int writes = 9;

std::string details_pointer(std::size_t task) {
  return "/payload/tasks_status/" + std::to_string(task) + "/execution_log/failure_details";
}

const std::string& task_id(std::size_t task) {
  static const std::vector<std::string> ids = {"one", "two", "three"};
  return ids[task];
}

void expect_only_closed_journals(const Path& directory) {
  static const std::regex closed_journal("[0-9]+-[0-9]+[.]jsonl[.]gz");
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string found = entry.path().filename().string();
    EXPECT_TRUE(std::regex_match(found, closed_journal)) << found << " was left over in " << directory;
  }
}

}  // namespace

void FaultRounds::begin_round() {
  const std::string plain = plain_text();
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  put_file(status_file(), plain);
  attempts_.assign(tasks, {});
}

const std::string& FaultRounds::plain_text() {
  if (!plain_text_.empty()) return plain_text_;
  make_status_file(125, {"one", "two", "three"});
  Json document = Json::parse(read_file(status_file()));
  document["payload"]["payload_hash_current"] = nullptr;
  document["payload"]["payload_hash_previous"] = nullptr;
  for (Json& task : document["payload"]["tasks_status"]) task["signature_hash"] = nullptr;
  return plain_text_ = document.dump(2) + "\n";
}

bool FaultRounds::is_mounted(TracedProgram& daemon) const {
  eventually([&] { return !daemon.is_running() || read_error(mountpoint() / ".statusfs/version") == 0; },
             std::chrono::seconds{60});
  return daemon.is_running();
}

void FaultRounds::write_value(std::size_t task, const std::string& value) {
  const int error = write("tasks/" + task_id(task) + "/execution_log/failure_details", value + "\n");
  attempts_[task].push_back(attempt_of(value, error));
}

void FaultRounds::write_values() {
  for (int number = 0; number < writes; ++number) {
    write_value(static_cast<std::size_t>(number) % tasks, "value-" + std::to_string(number));
    if (number == 2) sync_tree();
    if (number == 5) ::usleep(100'000);  // the JSON is written meanwhile
  }
}

void FaultRounds::sync_tree() const {
  const int handle = ::open(tree("summary/active_blockers_summary").c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

bool FaultRounds::run_with(const Injection& injection) {
  TracedProgram daemon({binary().string(), source().string(), mountpoint().string(), "-f", "-o", "adopt"}, injection,
                       traced_paths_.empty() ? paths_of(status_file()) : traced_paths_, root());
  if (is_mounted(daemon)) write_values();
  unmount_dead();
  const int status = daemon.wait();
  const bool is_death = injection.action.starts_with("signal");
  EXPECT_TRUE(is_death || status < 128) << "the daemon ended with " << status << "\n" << daemon.log();
  return daemon.was_met();
}

bool FaultRounds::has_acknowledged() const {
  return std::ranges::any_of(attempts_, [](const auto& of_task) {
    return std::ranges::any_of(of_task, [](const WriteAttempt& attempt) { return attempt.acknowledged; });
  });
}

void FaultRounds::expect_recovered() {
  const int status = statusfs({"recover", status_file().string()}).exit_status;
  if (!std::filesystem::exists(journal_file())) {
    EXPECT_FALSE(has_acknowledged()) << "the journal is gone";
    EXPECT_EQ(Json::parse(plain_text()), Json::parse(read_file(status_file())));
    return expect_nothing_left_over();
  }
  ASSERT_EQ(0, status);
  const std::string json = read_file(status_file()), journal_text = read_file(journal_file());
  ASSERT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  EXPECT_EQ(json, read_file(status_file())) << "recovering again changes nothing";
  EXPECT_EQ(journal_text, read_file(journal_file())) << "recovering again changes nothing";
  expect_verified();
  expect_history();
  expect_nothing_left_over();
}

void FaultRounds::expect_history() const {
  std::vector<std::string> pointers;
  for (std::size_t task = 0; task < tasks; ++task) pointers.push_back(details_pointer(task));
  auto values = checked_texts(status_file(), pointers);
  for (std::size_t task = 0; task < tasks; ++task)
    expect_attempts(attempts_[task], values[details_pointer(task)], details_pointer(task));
}

void FaultRounds::expect_nothing_left_over() const {
  const std::string name = status_file().filename().string();
  for (const auto& entry : std::filesystem::directory_iterator(source())) {
    const std::string found = entry.path().filename().string();
    if (found == name + ".journal.d")
      expect_only_closed_journals(entry.path());
    else
      EXPECT_TRUE(found == name || found == name + ".journal" || found == name + ".lock") << found << " was left over";
  }
}

void FaultRounds::run_case(const Injection& injection, bool& is_met) {
  SCOPED_TRACE(injection.text());
  begin_round();
  is_met = run_with(injection);
  expect_recovered();
}

}  // namespace statusfs::test
