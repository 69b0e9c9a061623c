// How real programs save: over a field by rename, in place, or not at all. Each with a valid and an invalid value.
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

// A program that puts VALUE in the file F; $V is an ordinary file that holds it.
struct Program {
  const char* name;
  const char* script;
};

constexpr const char* python_atomic = R"(
import os, sys, tempfile
handle, name = tempfile.mkstemp(dir=os.path.dirname(sys.argv[1]))
os.write(handle, (sys.argv[2] + "\n").encode())
os.fsync(handle)
os.close(handle)
try:
    os.replace(name, sys.argv[1])
except OSError:
    os.unlink(name)
    raise
)";

// nano at a terminal, as a person would use it: cut the line, type, write out, exit.
constexpr const char* nano_at_a_terminal = R"(
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("nano", ["nano", "-I", sys.argv[1]])
screen = b""
def await_any(*texts):
    global screen
    while not any(text in screen for text in texts):
        screen += os.read(terminal, 4096)
    found = [text for text in texts if text in screen][0]
    screen = b""
    return found
await_any(b"Exit")
os.write(terminal, b"\x0b" + sys.argv[2].encode() + b"\x0f")
await_any(b"Name to Write")
os.write(terminal, b"\r")
outcome = await_any(b"Wrote", b"Error")
os.write(terminal, b"\x18" if outcome == b"Wrote" else b"\x18n")
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass
os.waitpid(child, 0)
sys.exit(0 if outcome == b"Wrote" else 1)
)";

// Write a temporary name beside the file, keep its mode, rename, as VS Code's atomic writes do.
constexpr const char* code_style = R"(
import os, sys
name = sys.argv[1] + ".vsctmp"
with open(name, "w") as file:
    file.write(sys.argv[2] + "\n")
os.chmod(name, os.stat(sys.argv[1]).st_mode & 0o777)
try:
    os.rename(name, sys.argv[1])
except OSError:
    os.unlink(name)
    raise
)";

const Program programs[] = {
    {"sed -i", "sed -i \"s/.*/$VALUE/\" $F"},
    {"perl -pi", "perl -pi -e \"s/.*/$VALUE/\" $F"},
    {"vim", "vim -Nu NONE -es -c \"%s/.*/$VALUE/\" -c wq $F"},
    {"nano", "python3 $H/nano.py $F $VALUE"},
    {"ed", "printf '%s\\n' '1c' $VALUE . w q | ed -s $F"},
    {"emacs",
     "mkdir -p $H/.emacs.d; HOME=$H emacs -Q --batch $F --eval \"(progn (erase-buffer) (insert \\\"$VALUE\\n\\\") "
     "(save-buffer))\""},
    {"gio save", "gio save $F < $V"},
    {"cp", "cp $V $F"},
    {"cp -p", "cp -p $V $F"},
    {"rsync", "rsync -I $V $F"},
    {"rsync --inplace", "rsync -I --inplace $V $F"},
    {"rsync -a", "rsync -a --no-owner --no-group -I $V $F"},
    {"tee", "echo $VALUE | tee $F"},
    {"dd", "dd if=$V of=$F status=none"},
    {"sponge", "echo $VALUE | sponge $F"},
    {"python atomic", "python3 $H/atomic.py $F $VALUE"},
    {"code style", "python3 $H/code.py $F $VALUE"},
};

class SavesTest : public SampleTest, public ::testing::WithParamInterface<Program> {
 protected:
  void SetUp() override {
    SampleTest::SetUp();
    put_file(root() / "atomic.py", python_atomic);
    put_file(root() / "code.py", code_style);
    put_file(root() / "nano.py", nano_at_a_terminal);
    ASSERT_EQ(0, write_file(task("percent_complete"), "11\n"));
  }
  CommandResult save(const std::string& script, const std::string& value) {
    put_file(root() / "value", value + "\n");
    const std::string places = "H=" + root().string() + "; V=$H/value; F=$T/tasks/task_001_scaffold/percent_complete; ";
    return bash("set -o pipefail; " + places + "VALUE=" + value + "; " + script);
  }
  std::string percent() const { return read_file(task("percent_complete")); }
  std::string names() { return bash("ls -A $T/tasks/task_001_scaffold").output; }
};

std::string name_of(const ::testing::TestParamInfo<Program>& info) {
  std::string name;
  for (const char* byte = info.param.name; *byte; ++byte)
    name += std::isalnum(static_cast<unsigned char>(*byte)) ? *byte : '_';
  return name;
}

TEST_P(SavesTest, AValidValueIsOneVersionAndAnInvalidOneChangesNothing) {
  const int before = version();
  const CommandResult saved = save(GetParam().script, "42");
  EXPECT_EQ(0, saved.exit_status) << saved.output << saved.error;
  EXPECT_EQ("42\n", percent()) << last_error();
  EXPECT_EQ(before + 1, version());
  const CommandResult refused = save(GetParam().script, "500");
  EXPECT_NE(0, refused.exit_status) << refused.output << refused.error;
  const std::string errors =
      read_file(mountpoint() / ".statusfs" / "errors");  // a program may have a session of its own
  EXPECT_NE(std::string::npos, errors.find("EINVAL")) << errors;
  EXPECT_EQ("42\n", percent());
  EXPECT_EQ(before + 1, version());
  EXPECT_EQ(0, write_file(task("percent_complete"), "43\n")) << "the field can still be written";
  EXPECT_EQ("43\n", percent());
}

INSTANTIATE_TEST_SUITE_P(Programs, SavesTest, ::testing::ValuesIn(programs), name_of);

class UnlinkingProgramsTest : public SavesTest {};

const Program unlinking_programs[] = {
    {"install", "install $V $F"},
    {"mv from another file system", "mv -f $V $F"},
};

TEST_P(UnlinkingProgramsTest, FailCleanlyWithTheValueUnchanged) {
  const int before = version();
  const std::string names_before = names();
  const CommandResult result = save(GetParam().script, "42");
  EXPECT_NE(0, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("Operation not permitted")) << result.error;
  EXPECT_EQ("11\n", percent());
  EXPECT_EQ(before, version());
  EXPECT_EQ(names_before, names()) << "nothing that the program made stays behind";
}

INSTANTIATE_TEST_SUITE_P(Programs, UnlinkingProgramsTest, ::testing::ValuesIn(unlinking_programs), name_of);

class DocumentSavesTest : public SavesTest {};

TEST_F(DocumentSavesTest, EditorsSaveTheWholeTask) {
  for (const char* script :
       {"sed -i 's/\"percent_complete\": [0-9]*/\"percent_complete\": 61/' task.json",
        "perl -pi -e 's/\"percent_complete\": \\d+/\"percent_complete\": 61/' task.json",
        "vim -Nu NONE -es -c '%s/\"percent_complete\": [0-9]*/\"percent_complete\": 61/' -c wq task.json",
        "jq '.percent_complete = 61' task.json | sponge task.json"}) {
    SCOPED_TRACE(script);
    ASSERT_EQ(0, write_file(task("percent_complete"), "11\n"));
    const CommandResult result = bash(std::string("set -e; cd $T/tasks/task_001_scaffold; ") + script);
    EXPECT_EQ(0, result.exit_status) << result.output << result.error << last_error();
    EXPECT_EQ("61\n", percent());
  }
}

}  // namespace
}  // namespace statusfs::test
