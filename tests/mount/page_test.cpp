// status.md, board.svg and board.html of a mounted status file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "mounted_test.hpp"

namespace statusfs::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class PageTest : public SampleTest {
 protected:
  static constexpr const char* pages[] = {"status.md", "board.svg", "board.html"};
};

TEST_F(PageTest, ShowsEveryTask) {
  for (const char* page : pages)
    for (const Json& task : document_on_disk()["payload"]["tasks_status"])
      EXPECT_THAT(read(page), HasSubstr(task["task_id_ref"].get<std::string>())) << page;
}

// Whoever opens a page after a write returned sees that write, every time.
TEST_F(PageTest, IsNeverOlderThanTheOpen) {
  activate(first_task);
  for (int percentage = 1; percentage <= 99; ++percentage) {
    ASSERT_EQ(0, write("tasks/task_001_scaffold/percent_complete", std::to_string(percentage) + "\n"));
    EXPECT_THAT(read("status.md"), HasSubstr(" " + std::to_string(percentage) + " % |"));
    EXPECT_THAT(read("board.html"), HasSubstr("data-order=\"" + std::to_string(percentage) + "\""));
    EXPECT_THAT(read("board.svg"), HasSubstr(std::to_string(percentage) + " %<"));
  }
}

TEST_F(PageTest, SizeIsThatOfTheText) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(0, append("achievements", "Round " + std::string(static_cast<std::size_t>(round * 1000), 'x') + "\n"));
    for (const char* page : pages) EXPECT_EQ(std::filesystem::file_size(tree(page)), read(page).size()) << page;
  }
  const auto listed = bash("ls -l $T | awk '$9 == \"status.md\" {print $1, $5}'");
  EXPECT_EQ(listed.output, "-r--r--r-- " + std::to_string(read("status.md").size()) + "\n");
}

TEST_F(PageTest, AnOpenHandleKeepsItsVersion) {
  const int handle = ::open(tree("status.md").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(handle, 0);
  const std::string before = read("status.md");
  ASSERT_EQ(0, append("achievements", "Something else\n"));
  std::string text(before.size() + 1000, '\0');
  const ssize_t size = ::pread(handle, text.data(), text.size(), 0);
  ::close(handle);
  ASSERT_GT(size, 0);
  text.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(text, before);
  EXPECT_THAT(read("status.md"), HasSubstr("Something else"));
}

TEST_F(PageTest, CannotBeWritten) {
  for (const char* page : pages) {
    const int error = write(page, "x\n");
    EXPECT_TRUE(error == EPERM || error == EACCES) << page << ' ' << error;
    EXPECT_EQ(EPERM, ::unlink(tree(page).c_str()) == 0 ? 0 : errno) << page;
    put_file(tree("scratch"), "x\n");
    EXPECT_EQ(EPERM, ::rename(tree("scratch").c_str(), tree(page).c_str()) == 0 ? 0 : errno) << page;
  }
  EXPECT_EQ(version(), 1);
}

TEST_F(PageTest, ReadsWholeWhileOthersWrite) {
  std::atomic<bool> is_over = false;
  std::jthread writer([&] {
    for (int round = 0; !is_over; ++round) append("achievements", "Round " + std::to_string(round) + "\n");
  });
  for (int round = 0; round < 50 * load_factor(); ++round) {
    EXPECT_TRUE(read("board.svg").ends_with("</svg>\n"));
    EXPECT_TRUE(read("board.html").ends_with("</html>\n"));
  }
  is_over = true;
}

TEST_F(PageTest, IsWellFormedWhateverATaskIsCalled) {
  for (const char* name :
       {"<script>alert(1)", "\"><img src=x onerror=alert(1)>", "a&b]]>c", "משימה", "\xE2\x80\xAEturned"})
    ASSERT_EQ(0, ::mkdir(tree(std::string("tasks/") + name).c_str(), 0755)) << name;
  ASSERT_EQ(0, write("summary/active_blockers_summary", "</text><script>alert(2)</script>\n"));
  const auto svg = bash(
      "xmllint --noout --nonet $T/board.svg && xmllint --xpath 'count(//*[local-name()=\"script\"])' $T/board.svg");
  EXPECT_EQ(svg.exit_status, 0) << svg.error;
  EXPECT_EQ(lines_of(svg.output), std::vector<std::string>{"0"});
  const auto html =
      bash("xmllint --html --noout --nonet --xpath 'count(//script | //img)' $T/board.html 2> $S/../html-errors");
  EXPECT_EQ(lines_of(html.output), std::vector<std::string>{"1"}) << html.error;
}

TEST_F(PageTest, ShowsWhatAnotherProgramChanged) {
  const Path reader = root() / "reader";
  std::filesystem::create_directory(reader);
  ASSERT_EQ(0, statusfs({source().string(), reader.string(), "-o", "ro"}).exit_status);
  const auto shown = [&](const std::string& page) { return read_file(reader / "exec_status_125" / page); };
  for (const char* page : pages) EXPECT_THAT(shown(page), Not(HasSubstr("no more paper"))) << page;
  EXPECT_THAT(shown("status.md"), HasSubstr("# exec_status_125"));
  ASSERT_EQ(0, write("summary/active_blockers_summary", "no more paper\n"));
  for (const char* page : pages)
    EXPECT_TRUE(eventually([&] { return shown(page).find("no more paper") != std::string::npos; })) << page;
  EXPECT_EQ(0, statusfs({"umount", reader.string()}).exit_status);
}

}  // namespace
}  // namespace statusfs::test
