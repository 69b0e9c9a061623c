// What everyday programs do with the tree: bash, dash, coreutils, jq, python3, sed without -i.
#include <unistd.h>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class ToolsTest : public SampleTest {
 protected:
  // A script must succeed silently; its output is returned.
  std::string output(const std::string& script) {
    const CommandResult result = bash("set -e; cd $T; P=tasks/task_001_scaffold/percent_complete; " + script);
    EXPECT_EQ(0, result.exit_status) << script << "\n" << result.error;
    EXPECT_EQ("", result.error) << script;
    return result.output;
  }
  std::string percent() const { return read_file(task("percent_complete")); }
  std::string temporary(const std::string& name) const { return (root() / name).string(); }
};

TEST_F(ToolsTest, BashEchoPrintfAndHereText) {
  output("echo 11 > $P");
  EXPECT_EQ("11\n", percent());
  output("printf '%d\\n' 12 > $P");
  EXPECT_EQ("12\n", percent());
  output("printf 13 > $P");
  EXPECT_EQ("13\n", percent());
  output("cat <<< 14 > $P");
  EXPECT_EQ("14\n", percent());
  EXPECT_EQ("14\n", output("read -r value < $P; echo $value"));
  EXPECT_EQ("14\n", output("echo $(< $P)"));
}

TEST_F(ToolsTest, DashWritesAndSeesErrors) {
  EXPECT_EQ(0, dash("echo 15 > $T/tasks/task_001_scaffold/percent_complete").exit_status);
  EXPECT_EQ("15\n", percent());
  const CommandResult refused =
      dash("echo 500 > $T/tasks/task_001_scaffold/percent_complete || cat $M/.statusfs/last_error");
  EXPECT_NE(std::string::npos, refused.output.find("EINVAL")) << refused.output;
  EXPECT_EQ("15\n", percent());
}

TEST_F(ToolsTest, CatCpTeeAndDdWriteInPlace) {
  put_file(temporary("value"), "21\n");
  output("cat " + temporary("value") + " > $P");
  EXPECT_EQ("21\n", percent());
  put_file(temporary("value"), "22\n");
  output("cp " + temporary("value") + " $P");
  EXPECT_EQ("22\n", percent());
  EXPECT_EQ("23\n", output("echo 23 | tee $P"));
  EXPECT_EQ("23\n", percent());
  output("echo 24 | dd of=$P status=none");
  EXPECT_EQ("24\n", percent());
  output("echo 25 | dd of=$P conv=notrunc status=none");
  EXPECT_EQ("25\n", percent());
  output("echo 26 | dd of=$P conv=fsync status=none");
  EXPECT_EQ("26\n", percent());
}

TEST_F(ToolsTest, CatCpTeeAndDdSeeErrors) {
  put_file(temporary("value"), "500\n");
  for (const std::string& command : {"cat " + temporary("value") + " > $P", "cp " + temporary("value") + " $P",
                                     std::string("echo 500 | tee $P"), std::string("echo 500 | dd of=$P")}) {
    const CommandResult result = bash("set -o pipefail; cd $T; P=tasks/task_001_scaffold/percent_complete; " + command);
    EXPECT_NE(0, result.exit_status) << command;
    EXPECT_NE(std::string::npos, result.error.find("Invalid argument")) << command << "\n" << result.error;
  }
  EXPECT_EQ("0\n", percent());
}

TEST_F(ToolsTest, CoreutilsRead) {
  ASSERT_EQ(0, write_file(task("execution_log/failure_details"), "one\ntwo\nthree\n"));
  const std::string file = "tasks/task_001_scaffold/execution_log/failure_details";
  EXPECT_EQ("one\n", output("head -n 1 " + file));
  EXPECT_EQ("three\n", output("tail -n 1 " + file));
  EXPECT_EQ("3\n", output("wc -l < " + file));
  EXPECT_EQ("14\n", output("stat -c %s " + file));
  EXPECT_EQ("wo\nth", output("tail -c +6 " + file + " | head -c 5"));
  EXPECT_EQ("two\n", output("dd if=" + file + " bs=1 skip=4 count=4 status=none"));
  EXPECT_EQ("", output("cmp " + file + " <(printf 'one\\ntwo\\nthree\\n')"));
  EXPECT_EQ("", output("cp -r . " + temporary("copy") + " && diff -r . " + temporary("copy")));
  EXPECT_EQ("", output("tar -cf " + temporary("all.tar") + " . && tar -df " + temporary("all.tar")));
}

TEST_F(ToolsTest, GrepFindsWhatStandsInTheTree) {
  activate(first_task);
  EXPECT_EQ("tasks/task_001_scaffold/status\n", output("grep -rlx ACTIVE tasks"));
  EXPECT_EQ("0\n", output("grep -r . $M | grep -c '\\.statusfs' || true")) << "recursive tools do not walk .statusfs";
}

TEST_F(ToolsTest, JqReadsAndWritesDocuments) {
  EXPECT_EQ("3\n", output("jq '.payload.tasks_status | length' status.json"));
  output("jq -n '{percent_complete: 31}' > tasks/task_001_scaffold/task.json");
  EXPECT_EQ("31\n", percent());
  output("jq '.percent_complete = 32' tasks/task_001_scaffold/task.json > " + temporary("edited") + "; cat " +
         temporary("edited") + " > tasks/task_001_scaffold/task.json");
  EXPECT_EQ("32\n", percent());
  output("jq -c . <<< '{\"achievement_summary\": \"by jq\"}' >> achievements");
  EXPECT_EQ("\"by jq\"\n", output("jq .achievement_summary achievements"));
}

TEST_F(ToolsTest, ReadEditWriteBackIsSafeAgainstLostUpdates) {
  const std::string script = "jq '.percent_complete = 33' tasks/task_001_scaffold/task.json > " + temporary("edited") +
                             "; echo meanwhile > tasks/task_001_scaffold/execution_log/failure_details; ";
  output(script + "! cat " + temporary("edited") + " > tasks/task_001_scaffold/task.json 2> " + temporary("error"));
  EXPECT_NE(std::string::npos, read_file(temporary("error")).find("canceled")) << read_file(temporary("error"));
  EXPECT_EQ("0\n", percent());
}

TEST_F(ToolsTest, SedReadsThroughAPipeOrAFile) {
  output("sed 's/\"percent_complete\": 0/\"percent_complete\": 41/' tasks/task_001_scaffold/task.json > " +
         temporary("edited") + "; cp " + temporary("edited") + " tasks/task_001_scaffold/task.json");
  EXPECT_EQ("41\n", percent());
  EXPECT_EQ("value 41\n", output("sed 's/^/value /' $P"));
}

TEST_F(ToolsTest, PythonReadsAndWrites) {
  const std::string script = R"(
import json, os, sys
percent = os.environ["T"] + "/tasks/task_001_scaffold/percent_complete"
task = os.environ["T"] + "/tasks/task_001_scaffold/task.json"
with open(percent, "w") as file:
    file.write("51\n")
print(open(percent).read(), end="")
try:
    with open(percent, "w") as file:
        file.write("500\n")
except OSError as error:
    print(error.errno)
handle = os.open(percent, os.O_WRONLY)
os.write(handle, b"52")
os.close(handle)
with open(task) as file:
    copy = json.load(file)
copy["execution_log"]["failure_details"] = "x" * 100000
with open(task, "w") as file:
    json.dump(copy, file, indent=2)
print(len(open(os.environ["T"] + "/tasks/task_001_scaffold/execution_log/failure_details").read()))
)";
  put_file(temporary("script.py"), script);
  const CommandResult result = bash("python3 " + temporary("script.py"));
  EXPECT_EQ("51\n22\n100001\n", result.output) << result.error;
  EXPECT_EQ("52\n", percent());
}

TEST_F(ToolsTest, AnUnclosedFileOfPythonIsStillWritten) {
  const CommandResult result = bash(
      "python3 -c 'import os; os.write(os.open(\"'$T'/patch\", os.O_WRONLY), "
      "b\"[{\\\"op\\\":\\\"replace\\\",\\\"path\\\":\\\"/payload/tasks_status/0/percent_complete\\\","
      "\\\"value\\\":53}]\"); os._exit(0)'");
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("53\n", percent());
}

TEST_F(ToolsTest, LsShowsSizesAndOwners) {
  const std::string listing = output("ls -l tasks/task_001_scaffold/status | cut -d' ' -f1,3,5");
  EXPECT_EQ("-rw-r--r-- " + output("id -un").substr(0, output("id -un").size() - 1) + " 8\n", listing);
  EXPECT_EQ("task_001_scaffold\ntask_002_api\ntask_003_tests\n", output("ls tasks"));
}

TEST_F(ToolsTest, ManyProcessesReadAtOnce) {
  EXPECT_EQ("200\n", output("seq 200 | xargs -P 16 -I{} cat tasks/task_001_scaffold/status | grep -cx PENDING"));
}

}  // namespace
}  // namespace statusfs::test
