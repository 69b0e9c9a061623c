// The progress bar: what it says, and that only a terminal sees it.
#include "fs/cli/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/unique_fd.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(ProgressLine, SaysHowFarItIs) {
  EXPECT_EQ(progress_line("verifying exec_status_1", 1, 4, seconds{3}, 80),
            "verifying exec_status_1 [######..................] 25 % 3 s");
  EXPECT_EQ(progress_line("x", 4, 4, seconds{0}, 80), "x [########################] 100 % 0 s");
}

TEST(ProgressLine, StaysWithinItsFrame) {
  EXPECT_THAT(progress_line("x", 9, 4, seconds{0}, 80), HasSubstr("] 100 %"));
  EXPECT_LE(progress_line(std::string(300, 'x'), 1, 2, seconds{1}, 60).size(), 59U);
  EXPECT_EQ(progress_line("recovering", 0, 0, seconds{12}, 80), "recovering 12 s");
}

// A pseudo terminal: what is written to `terminal` is read from `screen`.
struct Pseudoterminal {
  UniqueFd screen{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
  UniqueFd terminal;
  Pseudoterminal() {
    if (grantpt(screen.get()) == 0 && unlockpt(screen.get()) == 0)
      terminal.reset(open(ptsname(screen.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  // Waits for `text` for at most ten seconds; what came until then.
  std::string await(const std::string& text) {
    std::string seen;
    pollfd readable{screen.get(), POLLIN, 0};
    while (seen.find(text) == std::string::npos && ::poll(&readable, 1, 10'000) > 0) {
      char bytes[4096];
      const ssize_t size = ::read(screen.get(), bytes, sizeof bytes);
      if (size <= 0) break;
      seen.append(bytes, static_cast<std::size_t>(size));
    }
    return seen;
  }
};

TEST(ProgressTest, DrawsOnATerminalAndWipesTheLine) {
  Pseudoterminal pseudo;
  ASSERT_TRUE(pseudo.terminal);
  {
    Progress progress({pseudo.terminal.get(), milliseconds{0}, milliseconds{5}});
    progress.begin("verifying", 2);
    progress.reach(1);
    EXPECT_THAT(pseudo.await("50 %"), HasSubstr("verifying [############............] 50 %"));
  }
  // Each drawing may begin so, the last is nothing else.
  std::string seen;
  do {
    const std::string more = pseudo.await("\r\x1b[K");
    ASSERT_FALSE(more.empty()) << seen;
    seen += more;
  } while (!seen.ends_with("\r\x1b[K"));
}

TEST(ProgressTest, DrawsNothingForWhatIsQuicklyDone) {
  Pseudoterminal pseudo;
  ASSERT_TRUE(pseudo.terminal);
  { Progress progress({pseudo.terminal.get(), seconds{3600}, milliseconds{5}}); }
  char byte = 0;
  EXPECT_EQ(::read(pseudo.screen.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST(ProgressTest, DrawsNothingIntoAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd reader(ends[0]), writer(ends[1]);
  {
    Progress progress({writer.get(), milliseconds{0}, milliseconds{1}});
    progress.begin("verifying", 2);
    ::usleep(20'000);
  }
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

}  // namespace
}  // namespace statusfs
