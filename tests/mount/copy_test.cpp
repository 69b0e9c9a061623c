// Copies within the mount: copy_file_range(2), which cp and cat use, is one write.
#include <fcntl.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

// Longer than the pipe through which the kernel copies by itself.
constexpr std::size_t long_size = 300'000;

class CopyTest : public SampleTest {
 protected:
  void SetUp() override {
    SampleTest::SetUp();
    put_file(task("draft"), std::string(long_size, 'x') + "\n");
  }
  std::string details() const { return read("tasks/task_001_scaffold/execution_log/failure_details"); }
  int copy(const std::string& command) {
    return bash("cd $T/tasks/task_001_scaffold; D=execution_log/failure_details; " + command).exit_status;
  }
  // The number of bytes, or minus the errno.
  static ssize_t copy_range(const Path& from, off_t from_offset, const Path& to, off_t to_offset, std::size_t size) {
    const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
    const int target = ::open(to.c_str(), O_WRONLY | O_CLOEXEC);
    const ssize_t copied = ::copy_file_range(source, &from_offset, target, &to_offset, size, 0);
    const ssize_t result = copied < 0 ? -errno : copied;
    ::close(source);
    ::close(target);
    return result;
  }
};

TEST_F(CopyTest, OfALongTextIsOneVersion) {
  EXPECT_VERSIONS(1, copy("cp draft $D"));
  EXPECT_EQ(long_size + 1, details().size());
  put_file(task("other"), std::string(long_size, 'y') + "\n");
  EXPECT_VERSIONS(1, copy("cat other > $D"));
  EXPECT_EQ(std::string(long_size, 'y') + "\n", details());
}

TEST_F(CopyTest, OfALongScalarIsWhole) {
  EXPECT_VERSIONS(1, write_file(tree("summary/execution_status"), std::string(long_size, 'z')));
  EXPECT_VERSIONS(1, copy("cp draft ../../summary/execution_status"));
  EXPECT_EQ(std::string(long_size, 'x') + "\n", read("summary/execution_status"));
  EXPECT_VERSIONS(1, copy("cp ../../summary/execution_status $D"));
  EXPECT_EQ(long_size + 1, details().size());
}

TEST_F(CopyTest, OfAFieldOrADocumentToAScratchFileIsWhole) {
  ASSERT_EQ(0, copy("cp draft $D"));
  EXPECT_EQ(0, copy("cp $D saved && cmp $D saved && cp ../../status.json saved && cmp ../../status.json saved"));
  EXPECT_VERSIONS(1, copy("sed s/PENDING/BLOCKED/ task.json > edited && cp edited task.json"));
  EXPECT_EQ("BLOCKED\n", read_file(task("status")));
}

TEST_F(CopyTest, ThatIsRefusedChangesNothing) {
  put_file(task("wrong"), "NO\n");
  put_file(task("large"), std::string(600'000, 'x'));
  const int before = version();
  EXPECT_NE(0, copy("cp wrong status"));
  EXPECT_NE(0, copy("cat wrong > status"));
  EXPECT_NE(0, copy("cp large $D"));
  EXPECT_NE(std::string::npos, last_error().find("EFBIG")) << last_error();
  EXPECT_EQ(before, version());
  EXPECT_EQ("", details());
}

// After the copy cp writes by itself, and what it meets then is the same refusal.
TEST_F(CopyTest, ThatIsRefusedIsWrittenDownOnce) {
  const auto refusals = [&] { return lines_of(read_file(mountpoint() / ".statusfs" / "errors")).size(); };
  put_file(task("wrong"), "NO\n");
  put_file(task("wrong.json"), "{\"status\": \"NO\"}\n");
  put_file(task("no.json"), "no\n");
  std::size_t expected = refusals();
  for (const char* command : {"cp wrong status", "cp wrong.json task.json", "cp no.json task.json"}) {
    EXPECT_NE(0, copy(command)) << command;
    EXPECT_EQ(++expected, refusals()) << command;
    EXPECT_EQ(static_cast<double>(expected), metric("statusfs_refusals_total{errno=\"EINVAL\"}")) << command;
  }
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(EINVAL, write_file(task("status"), "NO\n"));
    EXPECT_EQ(++expected, refusals()) << "each write for itself";
  }
}

TEST_F(CopyTest, OfAPartIsForScratchFilesAlone) {
  put_file(task("source"), "0123456789");
  put_file(task("target"), "abcdefghij");
  EXPECT_EQ(4, copy_range(task("source"), 2, task("target"), 5, 4));
  EXPECT_EQ("abcde2345j", read_file(task("target")));
  EXPECT_EQ(3, copy_range(task("source"), 7, task("target"), 10, 100));
  EXPECT_EQ("abcde2345j789", read_file(task("target")));
  EXPECT_EQ(0, copy_range(task("source"), 10, task("target"), 0, 100));
  EXPECT_REFUSED(-EINVAL, static_cast<int>(copy_range(task("draft"), 0, tree("summary/execution_status"), 0, 1000)));
}

}  // namespace
}  // namespace statusfs::test
