// Programs cut long text where their buffer ends, also within a character.
#include <fcntl.h>
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class SplitTextTest : public SampleTest {
 protected:
  Path details() const { return task("execution_log/failure_details"); }

  static std::vector<std::string> bytes_of(const std::string& text) {
    std::vector<std::string> bytes;
    for (const char byte : text) bytes.emplace_back(1, byte);
    return bytes;
  }
};

TEST_F(SplitTextTest, ACharacterThatIsCutIsJudgedWithItsRest) {
  EXPECT_EQ(0, write_parts(details(), O_TRUNC, {"na\xC3", "\xAFve\n"}));
  EXPECT_EQ("na\u00EFve\n", read_file(details()));
  const std::string all = "\u00E9\u20AC\U0001F602\u0800\uD7FF\U00010000\U0010FFFF end";
  EXPECT_EQ(0, write_parts(details(), O_TRUNC, bytes_of(all)));
  EXPECT_EQ(all + "\n", read_file(details()));
}

TEST_F(SplitTextTest, APipeThatIsCutAnywhereBecomesTheWholeText) {
  const CommandOptions options{.environment = {{"F", details().string()}}};
  EXPECT_EQ(0,
            bash("export LC_ALL=C.UTF-8; printf 'x%.0s' {1..4095} > $S/../t; printf '\u20ac%.0s' {1..3000} >> $S/../t; "
                 "dd if=$S/../t of=\"$F\" bs=4096 status=none && cmp $S/../t <(head -c -1 \"$F\")",
                 options)
                .exit_status)
      << last_error();
}

TEST_F(SplitTextTest, LinesOfListsAndLogsToo) {
  const Path blockers = tree("summary/active_blockers_summary");
  EXPECT_EQ(0, write_parts(blockers, O_TRUNC, {"caf\xC3", "\xA9\nb\xE2\x82", "\xAC\n"}));
  EXPECT_EQ("caf\u00E9\nb\u20AC\n", read_file(blockers));
  EXPECT_EQ(0, write_parts(blockers, O_APPEND, {"three \xF0\x9F", "\x98\x82", "!\nfour\n"}));
  EXPECT_EQ("caf\u00E9\nb\u20AC\nthree \U0001F602!\nfour\n", read_file(blockers));
  EXPECT_VERSIONS(1, write_parts(tree("achievements"), O_APPEND, {"caf\xC3", "\xA9\n"}));
  EXPECT_NE(std::string::npos, read("achievements").find("caf\u00E9\""));
}

TEST_F(SplitTextTest, WhatStaysCutIsRefusedAtCloseAndChangesNothing) {
  ASSERT_EQ(0, write_file(details(), "before"));
  EXPECT_REFUSED(EINVAL, write_parts(details(), O_TRUNC, {"cut \xE2\x82"}));
  EXPECT_NE(std::string::npos, last_error().find("within a UTF-8 character")) << last_error();
  EXPECT_REFUSED(EINVAL, write_parts(tree("achievements"), O_APPEND, {"cut \xE2\x82"}));
  EXPECT_EQ("before\n", read_file(details()));
}

TEST_F(SplitTextTest, WhatNoRestCanMendIsRefusedInTheWrite) {
  for (const char* bytes : {"\xC3\n", "a\xC3z", "\xFF", "\x80", "\xED\xA0", "\xE0\x80", "\xF4\x90", "\xC0"})
    EXPECT_REFUSED(EINVAL, write_file(details(), bytes));
  EXPECT_NE(0, bash("echo $'\\xC3' > $T/tasks/task_001_scaffold/execution_log/failure_details").exit_status);
}

}  // namespace
}  // namespace statusfs::test
