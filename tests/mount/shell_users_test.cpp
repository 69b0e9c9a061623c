// Saves by rename, scratch files and the board where several users share a mount: authority is the writer's, as in a
// write.
#include "tests/mount/several_users.hpp"

namespace statusfs::test {
namespace {

class ShellUsersTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_sample();
    mount(shared());
  }
  CommandResult as(const std::string& archetype, const std::string& script) {
    CommandOptions options;
    options.user = user_of(archetype);
    return bash("cd $T/tasks/task_001_scaffold && " + script, options);
  }
  std::string percent() const { return read_file(task("percent_complete")); }
};

TEST_F(ShellUsersTest, ASaveByRenameIsAWriteOfWhoRenames) {
  const CommandResult saved = as("BUILDER", "sed -i s/.*/42/ percent_complete");
  EXPECT_EQ(0, saved.exit_status) << saved.error << errors();
  EXPECT_EQ("42\n", percent());
  EXPECT_EQ("BUILDER\n", read_file(task("last_updated_by_archetype")));
  EXPECT_EQ("666\n", bash("stat -c %a $T/tasks/task_001_scaffold/percent_complete").output) << "the field's own mode";
  const int before = version();
  for (const char* script : {"sed -i s/.*/43/ percent_complete", "echo 43 > new && mv -f new percent_complete"}) {
    const CommandResult refused = as("AUDITOR", script);
    EXPECT_NE(0, refused.exit_status) << script;
    EXPECT_NE(std::string::npos, refused.error.find("Permission denied")) << refused.error;
  }
  EXPECT_EQ("42\n", percent());
  EXPECT_EQ(before, version());
  const CommandResult saved_again = as("SUPERVISOR", "perl -pi -e s/.*/44/ percent_complete");
  EXPECT_EQ(0, saved_again.exit_status) << saved_again.error;
  EXPECT_EQ("44\n", percent());
}

TEST_F(ShellUsersTest, AMoveOnTheBoardIsAWriteOfWhoMoves) {
  const std::string move = "mv $T/by-status/PENDING/task_001_scaffold $T/by-status/BLOCKED/";
  const CommandResult refused = as("AUDITOR", move);
  EXPECT_NE(0, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("Permission denied")) << refused.error;
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  const CommandResult moved = as("BUILDER", move);
  EXPECT_EQ(0, moved.exit_status) << moved.error << errors();
  EXPECT_EQ("BLOCKED\n", read_file(task("status")));
}

TEST_F(ShellUsersTest, ScratchFilesAreTheirMakers) {
  EXPECT_EQ(0, as("BUILDER", "umask 077; echo 50 > mine").exit_status);
  EXPECT_EQ(user_of("BUILDER") + " 600\n", as("BUILDER", "stat -c '%U %a' mine").output);
  for (const char* script : {"cat mine", "echo x >> mine", "rm -f mine", "mv mine other", "mv mine percent_complete"}) {
    EXPECT_NE(0, as("MANAGER", script).exit_status) << script;
  }
  EXPECT_NE(0, as("MANAGER", "echo 1 > yours && mv -f yours mine").exit_status);
  EXPECT_EQ("50\n", as("BUILDER", "cat mine").output);
  EXPECT_EQ("0\n", percent());
  EXPECT_EQ(0, as("BUILDER", "mv -f mine percent_complete").exit_status);
  EXPECT_EQ("50\n", percent());
}

// A mount has room for few scratch files: who may only read takes none of it.
TEST_F(ShellUsersTest, WhoMayOnlyReadMakesNoScratchFile) {
  const CommandResult refused = as("AUDITOR", "for i in $(seq 64); do : > s$i; done");
  EXPECT_NE(0, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("Permission denied")) << refused.error;
  EXPECT_NE(std::string::npos, errors().find("EACCES exec_status_125/tasks/task_001_scaffold/s64")) << errors();
  const CommandResult saved = as("BUILDER", "sed -i s/.*/42/ percent_complete");
  EXPECT_EQ(0, saved.exit_status) << saved.error;
  EXPECT_EQ("42\n", percent());
}

}  // namespace
}  // namespace statusfs::test
