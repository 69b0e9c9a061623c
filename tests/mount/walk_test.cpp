// Programs that walk the tree: each exits with 0, complains of nothing, and sees every value whole.
#include "tests/mount/several_users.hpp"

namespace statusfs::test {
namespace {

namespace filesystem = std::filesystem;

// What stands below a directory: the text of each file and the target of each link, by path.
std::map<std::string, std::string> content_of(const Path& directory) {
  std::map<std::string, std::string> content;
  for (const auto& entry : filesystem::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().lexically_relative(directory).string();
    if (entry.is_symlink())
      content[path] = "-> " + filesystem::read_symlink(entry.path()).string();
    else if (entry.is_regular_file())
      content[path] = read_file(entry.path());
  }
  return content;
}

class WalkTest : public SeveralUsersTest {
 protected:
  void SetUp() override {
    SeveralUsersTest::SetUp();
    make_status_file(125, {first_task, "a/b", ".hidden", "100%", "two\nlines", std::string(300, 'n'), "größe_😂"});
    put_file(status_file(126), "{ this is no JSON");
    mount(shared());
    ASSERT_EQ(0, write_file(task("execution_log/failure_details"), many_lines()));
    ASSERT_EQ(0, write_file(task("latest_test_status"), R"({"passed": 12, "failed": ["a", {"b": null}]})"));
    ASSERT_EQ(0, append("achievements", "first\nsecond\n"));
    ASSERT_EQ(0, write("summary/active_blockers_summary", "no key\nno time\n"));
  }

  static std::string many_lines() {
    std::string text;
    for (int number = 0; number < 20'000; ++number) text += "line " + std::to_string(number) + "\n";
    return text;
  }

  // As the mounting user, and as one who may only read.
  CommandResult silent(const std::string& script, const std::string& user) {
    CommandOptions options;
    options.user = user;
    const CommandResult result = bash("set -o pipefail; " + script, options);
    EXPECT_EQ(0, result.exit_status) << script << "\n" << result.error;
    EXPECT_EQ("", result.error) << script;
    return result;
  }

  // A directory that the user may write to.
  Path copy_directory(const std::string& name) const {
    const Path directory = root() / name;
    filesystem::create_directory(directory);
    filesystem::permissions(directory, filesystem::perms::all);
    return directory;
  }

  const std::vector<std::string> both = {"", "nobody"};
};

TEST_F(WalkTest, TreeFindGrepDuAndLsWalkWithoutComplaint) {
  for (const std::string& user : both) {
    for (const char* script :
         {"tree $M", "find $M -ls", "find $M -type f -exec cat {} +", "grep -r PENDING $M", "grep -rc . $M", "du -a $M",
          "du -sb $M", "ls -lR $M", "ls -liR $M", "find $M -type f -print0 | xargs -0 sha256sum",
          "tar c -C $M . | tar d -C $M", "tar c -C $M .statusfs/version -C $T .history | cat"})
      silent(script, user);
  }
}

TEST_F(WalkTest, CopiesHoldEveryValueWhole) {
  const auto expected = content_of(mountpoint());
  ASSERT_EQ(many_lines(), expected.at("exec_status_125/tasks/task_001_scaffold/execution_log/failure_details"));
  ASSERT_EQ("", expected.at("exec_status_125/patch"));
  ASSERT_EQ("", expected.at("exec_status_125/tasks/task_001_scaffold/override"));
  int number = 0;
  for (const std::string& user : both) {
    for (const char* script :
         {"tar c -C $M . | tar x -C ", "rsync -a $M/ ", "rsync -ac --inplace $M/ ", "cp -r $M/. "}) {
      const Path copy = copy_directory("copy" + std::to_string(++number));
      if (!user.empty()) silent("chown " + user + " " + copy.string(), "");  // tar sets its owner, mode and time, too
      silent(script + copy.string(), user);
      EXPECT_EQ(expected, content_of(copy)) << script;
    }
  }
}

TEST_F(WalkTest, ASecondRsyncFindsNothingToDo) {
  const Path copy = copy_directory("copy");
  silent("rsync -a $M/ " + copy.string(), "");
  EXPECT_EQ("", silent("rsync -a --out-format=%n $M/ " + copy.string(), "").output);
  silent("sleep 1.1", "");  // rsync takes files of one size for the same when they were changed in the same second
  ASSERT_EQ(0, write_file(task("percent_complete"), "7\n"));
  EXPECT_NE(std::string::npos,
            silent("rsync -a --out-format=%n $M/ " + copy.string(), "").output.find("percent_complete"));
  EXPECT_EQ(content_of(mountpoint()), content_of(copy));
}

TEST_F(WalkTest, NamesThatBeginWithADotAreNotWalked) {
  for (const std::string& user : both)
    EXPECT_EQ("exec_status_126/.error\n",
              silent("cd $M && find . -mindepth 1 -name '.*' -printf '%P\\n'", user).output);
  EXPECT_EQ("", silent("ls -A $T | grep '^\\.' || true", "").output);
}

TEST_F(WalkTest, DirectoryEntriesBearTheInodesOfTheirFiles) {
  EXPECT_EQ("", silent(R"(python3 -c "
import os
numbers = {}
for directory, _, _ in os.walk('$M'):
    for entry in os.scandir(directory):
        number = os.lstat(entry.path).st_ino
        if entry.inode() != number or numbers.setdefault(number, entry.path) != entry.path: print(entry.path)
")",
                       "")
                    .output);
}

}  // namespace
}  // namespace statusfs::test
