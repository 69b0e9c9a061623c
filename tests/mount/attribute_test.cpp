// Extended attributes: what getfattr tells about a field.
#include <sys/xattr.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class AttributeTest : public SampleTest {
 protected:
  // The value, or the name of the error.
  static std::string attribute(const Path& file, const std::string& name) {
    char value[4096];
    const ssize_t size = ::getxattr(file.c_str(), name.c_str(), value, sizeof value);
    return size < 0 ? std::strerror(errno) : std::string(value, static_cast<std::size_t>(size));
  }
  static int set(const Path& file, const char* name) {
    return ::setxattr(file.c_str(), name, "x", 1, 0) == 0 ? 0 : errno;
  }
};

TEST_F(AttributeTest, FieldsTellWhatTheMappingSaysOfThem) {
  const Path status = task("status");
  EXPECT_EQ("/payload/tasks_status/0/status", attribute(status, "user.statusfs.pointer"));
  EXPECT_EQ("enum", attribute(status, "user.statusfs.type"));
  EXPECT_EQ("PENDING ACTIVE BLOCKED DONE FAILED SKIPPED", attribute(status, "user.statusfs.enum"));
  EXPECT_EQ("read-write", attribute(status, "user.statusfs.access"));
  EXPECT_EQ("Where the task stands.", attribute(status, "user.statusfs.help"));
  EXPECT_EQ("read-only", attribute(tree("partition_status"), "user.statusfs.access"));
  EXPECT_EQ("append-only", attribute(tree("achievements"), "user.statusfs.access"));
}

TEST_F(AttributeTest, VersionAndWriterFollowTheWrites) {
  ASSERT_EQ(0, write_file(task("percent_complete"), "5\n"));
  EXPECT_EQ(std::to_string(version()), attribute(task("percent_complete"), "user.statusfs.version"));
  EXPECT_EQ(bash("id -un").output, attribute(task("percent_complete"), "user.statusfs.updated_by") + "\n");
}

TEST_F(AttributeTest, GetfattrShowsThem) {
  const CommandResult shown = bash("cd $T/tasks/task_001_scaffold && getfattr -d status percent_complete");
  EXPECT_EQ(0, shown.exit_status) << shown.error;
  for (const char* line : {"# file: status", "user.statusfs.type=\"enum\"", "user.statusfs.type=\"integer\"",
                           "user.statusfs.access=\"read-write\""}) {
    EXPECT_NE(std::string::npos, shown.output.find(line)) << line << "\n" << shown.output;
  }
}

TEST_F(AttributeTest, NoOthersExistAndNoneCanBeSet) {
  EXPECT_EQ(std::strerror(ENODATA), attribute(task("status"), "user.other"));
  EXPECT_EQ(std::strerror(ENODATA), attribute(task("status"), "user.statusfs.other"));
  EXPECT_EQ(std::strerror(ENODATA), attribute(task(), "user.statusfs.type"));
  EXPECT_EQ(std::strerror(ENODATA), attribute(task("percent_complete"), "user.statusfs.enum"));
  EXPECT_EQ(EPERM, set(task("status"), "user.statusfs.type"));
  EXPECT_NE(std::string::npos, last_error().find("user.statusfs.type")) << last_error();
  EXPECT_EQ(EOPNOTSUPP, set(task("status"), "user.other"));
  EXPECT_EQ(EPERM, ::removexattr(task("status").c_str(), "user.statusfs.type") == 0 ? 0 : errno);
  char small[2];
  EXPECT_EQ(-1, ::getxattr(task("status").c_str(), "user.statusfs.type", small, sizeof small));
  EXPECT_EQ(ERANGE, errno);
}

TEST_F(AttributeTest, LsAndCpAreNotDisturbed) {
  EXPECT_EQ("", bash("ls -lR $T > /dev/null").error);
  const CommandResult copied = bash("cp -a $T/tasks/task_001_scaffold/status $S/../copy && cat $S/../copy");
  EXPECT_EQ("PENDING\n", copied.output) << copied.error;
}

}  // namespace
}  // namespace statusfs::test
