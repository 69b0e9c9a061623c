#include "fs/counter/state_file_counter.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "fs/counter/state_document.hpp"
#include "mapping/rejection.hpp"
#include "tests/unit/identity/child_process.hpp"

namespace statusfs {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace filesystem = std::filesystem;

constexpr auto short_patience = 50ms;

class StateFileCounterTest : public testing::Test {
 protected:
  StateFileCounterTest() {
    std::string name = (filesystem::temp_directory_path() / "statusfs-state-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    file_ = directory_ / "state.txt";
    write(R"({"os_file_header":{"v_file_instance":1,"g_file_last_modified":100},"payload":{"g":100}})"
          "\n");
  }
  ~StateFileCounterTest() override { filesystem::remove_all(directory_); }

  void write(const std::string& text) const { std::ofstream(file_, std::ios::trunc) << text; }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(file_).rdbuf();
    return text.str();
  }
  std::int64_t g() const { return StateDocument::parse(text()).g(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(filesystem::directory_iterator(directory_), {}));
  }

  static std::int64_t draw_one(GlobalCounter& counter) {
    const auto lease = counter.begin();
    const std::int64_t g = lease->next();
    lease->commit();
    return g;
  }

  filesystem::path directory_, file_;
};

Cause cause_of(const std::function<void()>& action) try {
  action();
  ADD_FAILURE() << "nothing was refused";
  return Cause::exists;
} catch (const Rejection& rejection) {
  return rejection.cause();
}

TEST_F(StateFileCounterTest, DrawsFromTheFileAndWritesBackOncePerLease) {
  StateFileCounter counter(file_);
  const auto lease = counter.begin();
  EXPECT_EQ(lease->next(), 101);
  EXPECT_EQ(lease->next(), 102);
  EXPECT_EQ(g(), 100);
  lease->commit();
  EXPECT_EQ(text(), R"({"os_file_header":{"v_file_instance":2,"g_file_last_modified":102},"payload":{"g":102}})"
                    "\n");
}

TEST_F(StateFileCounterTest, ServesTheOlderShape) {
  write(R"({"header":{"v":7,"g":5},"payload":{"x":1},"g":5})");
  StateFileCounter counter(file_);
  EXPECT_EQ(draw_one(counter), 6);
  EXPECT_EQ(text(), R"({"header":{"v":8,"g":6},"payload":{"x":1},"g":6})"
                    "\n");
}

TEST_F(StateFileCounterTest, SeesWhatOthersDrew) {
  StateFileCounter counter(file_), other(file_);
  EXPECT_EQ(draw_one(counter), 101);
  EXPECT_EQ(draw_one(other), 102);
  EXPECT_EQ(draw_one(counter), 103);
}

TEST_F(StateFileCounterTest, WritesNothingForALeaseThatDrewNothingOrWasDropped) {
  const std::string before = text();
  StateFileCounter counter(file_);
  counter.begin()->commit();
  counter.begin()->next();
  EXPECT_EQ(text(), before);
  EXPECT_EQ(draw_one(counter), 101);
}

TEST_F(StateFileCounterTest, LetsTheLocksGoWithTheCommit) {
  StateFileCounter counter(file_, short_patience);
  const auto lease = counter.begin();
  lease->next();
  lease->commit();
  EXPECT_EQ(draw_one(counter), 102);
}

TEST_F(StateFileCounterTest, DrawsOnlyAboveWhatItWasRaisedTo) {
  StateFileCounter counter(file_);
  counter.raise(50);
  EXPECT_EQ(draw_one(counter), 101);
  const auto lease = counter.begin();
  counter.raise(200);
  EXPECT_EQ(lease->next(), 201);
  lease->commit();
  EXPECT_EQ(g(), 201);
}

TEST_F(StateFileCounterTest, NeverStepsBackWhereTheFileDid) {
  StateFileCounter counter(file_);
  const std::string older = text();
  EXPECT_EQ(draw_one(counter), 101);
  write(older);
  EXPECT_EQ(draw_one(counter), 102);
}

TEST_F(StateFileCounterTest, KeepsModeAndLeavesNothingBehind) {
  filesystem::permissions(file_, filesystem::perms(0640));
  std::ofstream(directory_ / ".state.txt.statusfs-new") << "left by a crash";
  StateFileCounter counter(file_);
  draw_one(counter);
  EXPECT_EQ(filesystem::status(file_).permissions(), filesystem::perms(0640));
  EXPECT_EQ(files(), 2u);  // state.txt and its lock
}

TEST_F(StateFileCounterTest, ReplacesWhatALinkLeadsToAndKeepsTheLink) {
  filesystem::create_symlink("state.txt", directory_ / "link.txt");
  StateFileCounter counter(directory_ / "link.txt");
  EXPECT_EQ(draw_one(counter), 101);
  EXPECT_TRUE(filesystem::is_symlink(directory_ / "link.txt"));
  EXPECT_EQ(g(), 101);
}

TEST_F(StateFileCounterTest, EndsAtTheLargestNumber) {
  StateFileCounter counter(file_);
  counter.raise(largest_g);
  const auto lease = counter.begin();
  EXPECT_EQ(cause_of([&] { lease->next(); }), Cause::read_only);
}

TEST_F(StateFileCounterTest, RefusesToStartOnAFileThatCannotBeUsed) {
  const auto reason = [](const filesystem::path& file) -> std::string {
    try {
      StateFileCounter counter(file);
      return "";
    } catch (const StateFileError& error) {
      return error.what();
    }
  };
  write("{\n  \"payload\": }");
  EXPECT_EQ(reason(file_).find(file_.string() + ": line 2, column 14"), 0u) << reason(file_);
  write("{}");
  EXPECT_THAT(reason(file_), HasSubstr("os_file_header"));
  EXPECT_THAT(reason(directory_ / "none.txt"), HasSubstr("none.txt: No such file"));
  EXPECT_THAT(reason(directory_ / "none" / "none.txt"), HasSubstr("No such file"));
  filesystem::create_directory(directory_ / "directory");
  EXPECT_THAT(reason(directory_ / "directory"), HasSubstr("not a regular file"));
  ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(reason(directory_ / "fifo"), HasSubstr("not a regular file"));
  filesystem::remove(directory_ / "state.txt.lock");
  filesystem::create_symlink("elsewhere", directory_ / "state.txt.lock");
  EXPECT_THAT(reason(file_), HasSubstr("state.txt.lock"));
}

TEST_F(StateFileCounterTest, RefusesWhileTheFileIsBrokenAndGoesOnOnceItIsRepaired) {
  StateFileCounter counter(file_);
  draw_one(counter);
  const std::string good = text();
  write("{ broken");
  EXPECT_EQ(cause_of([&] { counter.begin(); }), Cause::read_only);
  EXPECT_EQ(text(), "{ broken");
  filesystem::remove(file_);
  EXPECT_EQ(cause_of([&] { counter.begin(); }), Cause::read_only);
  write(good);
  EXPECT_EQ(draw_one(counter), 102);
}

TEST_F(StateFileCounterTest, DrawsNoNumberAgainWhoseCommitFailed) {
  StateFileCounter counter(file_);
  const filesystem::path obstacle = directory_ / ".state.txt.statusfs-new";
  filesystem::create_directory(obstacle);
  filesystem::create_directory(obstacle / "not empty");
  auto lease = counter.begin();
  EXPECT_EQ(lease->next(), 101);
  EXPECT_EQ(cause_of([&] { lease->commit(); }), Cause::io_failure);
  lease.reset();
  EXPECT_EQ(g(), 100);
  filesystem::remove_all(obstacle);
  EXPECT_EQ(draw_one(counter), 102);
}

TEST_F(StateFileCounterTest, NeverOverwritesAChangeOfAProgramThatTakesNoLock) {
  StateFileCounter counter(file_);
  auto lease = counter.begin();
  EXPECT_EQ(lease->next(), 101);
  write(R"({"header":{"v":1,"g":500},"g":500})");
  EXPECT_EQ(cause_of([&] { lease->commit(); }), Cause::busy);
  lease.reset();
  EXPECT_EQ(g(), 500);
  EXPECT_EQ(draw_one(counter), 501);
  EXPECT_EQ(files(), 2u);
}

TEST_F(StateFileCounterTest, IsBusyWhileAnotherHoldsEitherLock) {
  StateFileCounter counter(file_, short_patience);
  for (const filesystem::path& path : {file_, filesystem::path(file_.string() + ".lock")}) {
    {
      const UniqueFd other(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
      EXPECT_EQ(cause_of([&] { counter.begin(); }), Cause::busy) << path;
    }
    EXPECT_GT(draw_one(counter), 100);
  }
}

TEST_F(StateFileCounterTest, IsBusyWhileALeaseOfItsOwnIsHeld) {
  StateFileCounter counter(file_, short_patience);
  auto lease = counter.begin();
  EXPECT_EQ(cause_of([&] { counter.begin(); }), Cause::busy);
  lease.reset();
  EXPECT_EQ(draw_one(counter), 101);
}

TEST_F(StateFileCounterTest, WaitsForAnotherAndReadsTheFileThatItPutThere) {
  StateFileCounter counter(file_);
  UniqueFd other(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  std::int64_t drawn = 0;
  std::thread waiting([&] { drawn = draw_one(counter); });
  std::this_thread::sleep_for(20ms);
  std::ofstream(directory_ / "new") << R"({"header":{"v":1,"g":700},"g":700})";
  filesystem::rename(directory_ / "new", file_);
  other.reset();
  waiting.join();
  EXPECT_EQ(drawn, 701);
}

TEST_F(StateFileCounterTest, GivesManyThreadsDifferentNumbersWithoutAGap) {
  StateFileCounter counter(file_);
  std::vector<std::vector<std::int64_t>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&counter, &mine] {
      for (int i = 0; i < 25; ++i) mine.push_back(draw_one(counter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::int64_t> all;
  for (const auto& mine : drawn) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::ranges::sort(all);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(101 + i));
  EXPECT_EQ(g(), 200);
}

// A process that draws from the file and tells every number, once it is committed, through a pipe.
class DrawingProcess {
 public:
  DrawingProcess(const filesystem::path& file, int numbers, int numbers_per_lease)
      : DrawingProcess(Pipe(), file, numbers, numbers_per_lease) {}

  void kill() { process_.kill_and_reap(); }

  // The numbers that are told next, fewer only where the process ends before.
  std::vector<std::int64_t> next_numbers(int count) const {
    std::vector<std::int64_t> numbers;
    std::int64_t number = 0;
    while (count-- > 0 && ::read(reading_.get(), &number, sizeof number) == sizeof number) numbers.push_back(number);
    return numbers;
  }

  // All numbers that were told, until the process ends.
  std::vector<std::int64_t> numbers() const {
    std::vector<std::int64_t> numbers;
    std::int64_t number = 0;
    while (::read(reading_.get(), &number, sizeof number) == sizeof number) numbers.push_back(number);
    return numbers;
  }

 private:
  struct Pipe {
    Pipe() {
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
      reading.reset(ends[0]);
      writing.reset(ends[1]);
    }
    UniqueFd reading, writing;
  };

  DrawingProcess(Pipe pipe, const filesystem::path& file, int numbers, int numbers_per_lease)
      : reading_(std::move(pipe.reading)),
        process_(ChildProcess::running([&] { draw(file, numbers, numbers_per_lease, pipe.writing.get()); })) {}

  [[noreturn]] static void draw(const filesystem::path& file, int numbers, int numbers_per_lease, int told) try {
    StateFileCounter counter(file, 60s);
    for (int left = numbers; left > 0;) {
      const auto lease = counter.begin();
      std::vector<std::int64_t> drawn;
      for (int i = 0; i < numbers_per_lease && left > 0; ++i, --left) drawn.push_back(lease->next());
      lease->commit();
      const auto size = static_cast<ssize_t>(drawn.size() * sizeof drawn[0]);
      if (::write(told, drawn.data(), drawn.size() * sizeof drawn[0]) != size) ::_exit(2);
    }
    ::_exit(0);
  } catch (const std::exception&) {
    ::_exit(1);
  }

  UniqueFd reading_;
  ChildProcess process_;
};

TEST_F(StateFileCounterTest, GivesTwoProcessesDifferentNumbersThatOnlyGrow) {
  constexpr int count = 2000;
  const DrawingProcess first(file_, count, 5), second(file_, count, 7);
  std::vector<std::int64_t> second_numbers;
  std::thread reading([&] { second_numbers = second.numbers(); });
  std::vector<std::int64_t> all = first.numbers();
  reading.join();
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_TRUE(std::ranges::is_sorted(second_numbers));
  all.insert(all.end(), second_numbers.begin(), second_numbers.end());
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), 2u * count);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(101 + i));
  EXPECT_EQ(g(), 100 + 2 * count);
}

TEST_F(StateFileCounterTest, NeverRepeatsANumberThatWasCommittedBeforeAKill) {
  std::int64_t last = 100;
  constexpr int numbers_per_lease = 3;
  for (int round = 0; round < 25; ++round) {
    DrawingProcess process(file_, 1'000'000, numbers_per_lease);
    const int awaited = (round % 5 + 1) * numbers_per_lease;
    std::vector<std::int64_t> numbers = process.next_numbers(awaited);
    ASSERT_EQ(numbers.size(), static_cast<std::size_t>(awaited)) << "round " << round;
    // It goes on drawing meanwhile: the kill comes at any point of a lease.
    std::this_thread::sleep_for(std::chrono::microseconds(173 * round));
    process.kill();
    const std::vector<std::int64_t> told_until_the_kill = process.numbers();
    numbers.insert(numbers.end(), told_until_the_kill.begin(), told_until_the_kill.end());
    for (const std::int64_t number : numbers) {
      ASSERT_GT(number, last) << "round " << round;
      last = number;
    }
    ASSERT_GE(g(), last) << "round " << round;
  }
  EXPECT_GT(last, 110);
  EXPECT_LE(files(), 3u);
}

}  // namespace
}  // namespace statusfs
