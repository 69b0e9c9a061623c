// What a chain alone cannot prove: anchors that are kept elsewhere, and what verify says separately.
#include <random>

#include "tests/mount/key_pairs.hpp"
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

using Lines = std::vector<std::string>;

class AnchorTest : public SampleTest {
 protected:
  void change(int value) { ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(value) + "\n")); }
  CommandResult on_file(const std::string& command, const Arguments& more = {}) {
    Arguments arguments{command, status_file().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return statusfs(arguments);
  }
  std::string anchor(const Arguments& more = {}) {
    const CommandResult result = on_file("anchor", more);
    EXPECT_EQ(0, result.exit_status) << result.error;
    return result.output.substr(0, result.output.find('\n'));
  }
  CommandResult verify(const std::string& line, const Arguments& more = {}) {
    Arguments arguments{"--anchor", line};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return on_file("verify", arguments);
  }
  void make_keys() { ASSERT_EQ(0, bash(make_key_pairs).exit_status); }
  std::string file(const char* name) const { return (root() / name).string(); }
};

TEST_F(AnchorTest, AChainThatGrewSinceIsGood) {
  change(1);
  const std::string line = anchor();
  EXPECT_TRUE(line.ends_with(" unsigned")) << line;
  change(2);
  unmount();
  const CommandResult result = verify(line);
  EXPECT_EQ(0, result.exit_status) << result.output;
  EXPECT_NE(std::string::npos, result.output.find("only added to since the anchor: yes")) << result.output;
}

TEST_F(AnchorTest, AnOlderCopyIsNamed) {
  document_on_disk();
  ASSERT_EQ(0, bash("cp -a $S $S/../copy").exit_status);
  change(1);
  const std::string line = anchor();
  unmount();
  ASSERT_EQ(0, bash("cp -a $S/../copy/. $S/").exit_status);
  EXPECT_EQ(0, on_file("verify").exit_status) << "the chain alone does not show it";
  const CommandResult result = verify(line);
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.output.find("older copy")) << result.output;
}

TEST_F(AnchorTest, ACutTailIsNamed) {
  change(1);
  change(2);
  const std::string line = anchor();
  unmount();
  ASSERT_EQ(0, bash("sed -i '$d' $S/exec_status_125.txt.journal").exit_status);
  const CommandResult result = verify(line);
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.output.find("tail was cut off")) << result.output;
}

TEST_F(AnchorTest, ARewrittenHistoryIsNamed) {
  change(1);
  change(2);
  unmount();
  ASSERT_EQ(0, bash("cp -a $S $S/../copy").exit_status);
  mount();
  change(3);
  const std::string line = anchor();
  unmount();
  ASSERT_EQ(0, bash("cp -a $S/../copy/. $S/").exit_status);
  mount();
  change(4);  // another version 3, with hashes that are right
  change(5);
  unmount();
  EXPECT_EQ(0, on_file("verify").exit_status) << "the chain alone does not show it";
  const CommandResult result = verify(line);
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.output.find("history was rewritten")) << result.output;
}

TEST_F(AnchorTest, ASignedAnchorIsOfItsKeyAlone) {
  make_keys();
  change(1);
  const std::string line = anchor({"--signing-key", file("key.pem")});
  EXPECT_NE(std::string::npos, line.find(" ed25519:")) << line;
  EXPECT_EQ(0, verify(line, {"--public-key", file("public.pem")}).exit_status);
  EXPECT_EQ(2, verify(line, {"--public-key", file("wrong.pem")}).exit_status);
  const CommandResult unsigned_one = verify(anchor(), {"--public-key", file("public.pem"), "--json"});
  EXPECT_EQ(2, unsigned_one.exit_status);
  const Json object = Json::parse(unsigned_one.output);
  EXPECT_EQ("the anchor is unsigned", object["findings"][0]);
  EXPECT_EQ(true, object["chained"]) << "the file is verified all the same";
  EXPECT_TRUE(object["since_anchor"].is_null());
  ASSERT_EQ(0, bash("chmod 644 $S/../key.pem").exit_status);
  EXPECT_EQ(2, on_file("anchor", {"--signing-key", file("key.pem")}).exit_status) << "a key that others may read";
}

TEST_F(AnchorTest, OpensslChecksASignedAnchor) {
  make_keys();
  const std::string line = anchor({"--signing-key", file("key.pem")});
  put_file(root() / "message", line.substr(0, line.rfind(' ')));
  put_file(root() / "hex", line.substr(line.rfind(':') + 1));
  EXPECT_EQ(0,
            bash("cd $S/.. && xxd -r -p hex > signature 2>/dev/null || python3 -c 'import sys;"
                 "open(\"signature\",\"wb\").write(bytes.fromhex(open(\"hex\").read()))';"
                 "cd $S/.. && openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature")
                .exit_status);
}

TEST_F(AnchorTest, ChangedAnchorsAreRefused) {
  make_keys();
  change(1);
  const std::string line = anchor();
  unmount();
  ASSERT_EQ(0, verify(line).exit_status);
  std::mt19937 random(4711);
  for (int round = 0; round < 60 * load_factor(); ++round) {
    std::string changed = line;
    changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 7);
    if (changed.find('\0') != std::string::npos || changed == line) continue;
    EXPECT_EQ(2, verify(changed).exit_status) << changed;
  }
}

TEST_F(AnchorTest, OfADirectoryIsOfOneOfItsFiles) {
  unmount();
  make_status_file(200, {"a"});
  const std::string line = anchor();
  const CommandResult all = statusfs({"verify", source().string(), "--anchor", line});
  EXPECT_EQ(0, all.exit_status) << all.output << all.error;
  EXPECT_NE(std::string::npos, all.output.find("exec_status_125.txt: only added to since the anchor: yes"));
  EXPECT_EQ(std::string::npos, all.output.find("exec_status_200.txt: only added")) << all.output;
  EXPECT_NE(std::string::npos, all.output.find("exec_status_200.txt: good")) << all.output;
  const CommandResult other = statusfs({"verify", status_file(200).string(), "--anchor", line});
  EXPECT_EQ(2, other.exit_status);
  EXPECT_EQ("", other.output) << "nothing is said of a file that was not meant";
  EXPECT_NE(std::string::npos, other.error.find("--anchor: is of exec_status_125")) << other.error;
  ASSERT_EQ(0, bash("rm $S/exec_status_125.txt*").exit_status);
  EXPECT_EQ(2, statusfs({"verify", source().string(), "--anchor", line}).exit_status) << "it is gone";
}

// The lines that -o anchor_log has written so far.
class AnchorLogTest : public AnchorTest {
 protected:
  void SetUp() override {
    AnchorTest::SetUp();
    make_keys();
    unmount();
  }
  Lines lines() const { return std::filesystem::exists(log()) ? lines_of(read_file(log())) : Lines(); }
  std::string log() const { return file("anchors"); }
  void mount_with_log() { mount({"-o", "anchor_log=" + log() + ",signing_key=" + file("key.pem")}); }
  void change_often(int count) {
    for (int value = 0; value < count; ++value) change(value % 2 + 1);
  }
};

TEST_F(AnchorLogTest, ALineEveryHundredVersionsEachOfThemTrue) {
  mount_with_log();
  change_often(205);
  ASSERT_TRUE(eventually([&] { return lines().size() >= 2; })) << lines().size();
  EXPECT_LE(lines().size(), 2u);
  unmount();
  for (const std::string& line : lines()) {
    EXPECT_EQ(0, verify(line, {"--public-key", file("public.pem")}).exit_status) << line;
    EXPECT_EQ(2, verify(line, {"--public-key", file("wrong.pem")}).exit_status) << line;
  }
  EXPECT_EQ(0600u, 0600u & static_cast<unsigned>(std::filesystem::status(log()).permissions()));
}

TEST_F(AnchorLogTest, ShortMountsCountAsOneLongMount) {
  for (int round = 0; round < 3; ++round) {
    mount_with_log();
    change_often(40);
    EXPECT_EQ(round < 2 ? 0u : 1u,
              (round < 2 || eventually([&] { return lines().size() == 1; })) ? lines().size() : 0u);
    unmount();
  }
  const Lines before = lines();
  mount_with_log();
  change_often(40);
  EXPECT_EQ(before, lines());
}

TEST_F(AnchorLogTest, AnOlderCopyIsSeenAtTheStart) {
  mount_with_log();
  change(1);
  unmount();
  ASSERT_EQ(0, bash("cp -a $S $S/../copy").exit_status);
  mount_with_log();
  change_often(120);
  ASSERT_TRUE(eventually([&] { return lines().size() == 1; }));
  unmount();
  const std::string line = lines().front();
  ASSERT_EQ(0, bash("cp -a $S/../copy/. $S/").exit_status);
  EXPECT_EQ(2, verify(line).exit_status);
  Process& daemon = mount_in_foreground({"-o", "anchor_log=" + log()});
  EXPECT_EQ("1\n", read_file(task("percent_complete")));
  EXPECT_TRUE(eventually([&] {
    return daemon.log().find("an older copy, or its journal was cut") != std::string::npos;
  })) << daemon.log();
  unmount();
  EXPECT_EQ(0, daemon.wait());
}

TEST_F(AnchorLogTest, WhatCannotBeWrittenIsRefusedAtTheStart) {
  for (const std::string& path : {file("missing/anchors"), file("source")}) {
    const CommandResult result = statusfs({source().string(), mountpoint().string(), "-o", "anchor_log=" + path});
    EXPECT_EQ(2, result.exit_status);
    EXPECT_NE(std::string::npos, result.error.find("anchor_log")) << result.error;
  }
}

TEST_F(AnchorLogTest, AnUnsignedLogIsMarkedSo) {
  mount({"-o", "anchor_log=" + log()});
  change_often(101);
  ASSERT_TRUE(eventually([&] { return lines().size() == 1; }));
  EXPECT_TRUE(lines().front().ends_with(" unsigned")) << lines().front();
  EXPECT_EQ(0, verify(lines().front()).exit_status);
}

TEST_F(AnchorTest, VerifyNamesTheFirstBadVersionAndTheField) {
  change(1);
  change(2);
  unmount();
  ASSERT_EQ(0, bash("sed -i 's/\"percent_complete\": 2/\"percent_complete\": 3/' $S/exec_status_125.txt").exit_status);
  const Json bad = Json::parse(on_file("verify", {"--json"}).output);
  EXPECT_EQ(false, bad["json_is_journal"]);
  EXPECT_EQ(true, bad["chained"]);
  EXPECT_EQ(true, bad["hashes"]);
  EXPECT_EQ(3, bad["first_bad_version"]);
  EXPECT_EQ("tasks/" + std::string(first_task) + "/percent_complete", bad["bad_path"]);
  const CommandResult result = on_file("verify");
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.output.find("version 3")) << result.output;
}

// A record that says another value than its hashes do, in a chain whose record hashes are all computed anew.
TEST_F(AnchorTest, AForgedValueInARightChainIsFoundByItsTask) {
  change(1);
  change(2);
  unmount();
  put_file(root() / "forge.py", R"(
import hashlib, json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for operation in lines[1]['patch']:
    if operation['path'].endswith('/percent_complete'): operation['value'] = 9
previous = None
with open(sys.argv[1], 'w') as journal:
    for record in lines:
        record['record_previous'] = previous
        record.pop('record_hash')
        text = json.dumps(record, separators=(',', ':'), ensure_ascii=False)[:-1]
        previous = hashlib.sha256(text.encode()).hexdigest()
        journal.write(text + ',"record_hash":"' + previous + '"}\n')
)");
  ASSERT_EQ(0, bash("python3 $S/../forge.py $S/exec_status_125.txt.journal").exit_status);
  const Json bad = Json::parse(on_file("verify", {"--json"}).output);
  EXPECT_EQ(true, bad["chained"]);
  EXPECT_EQ(false, bad["hashes"]);
  EXPECT_EQ(2, bad["first_bad_version"]);
  EXPECT_EQ("tasks/" + std::string(first_task) + "/signature_hash", bad["bad_path"]);
  EXPECT_EQ("/payload/tasks_status/0/signature_hash", bad["bad_pointer"]);
}

TEST_F(AnchorTest, VerifySaysWhatItFoundAsJson) {
  change(1);
  unmount();
  const Json good = Json::parse(on_file("verify", {"--json"}).output);
  EXPECT_EQ(true, good["good"]);
  EXPECT_EQ(true, good["chained"]);
  EXPECT_EQ(true, good["hashes"]);
  EXPECT_EQ(true, good["json_is_journal"]);
  EXPECT_TRUE(good["since_anchor"].is_null());
  ASSERT_EQ(0, bash("sed -i '2s/\"persona\":\"/&x/' $S/exec_status_125.txt.journal").exit_status);
  const CommandResult result = on_file("verify", {"--json"});
  EXPECT_EQ(2, result.exit_status);
  const Json bad = Json::parse(result.output);
  EXPECT_EQ(false, bad["good"]);
  EXPECT_EQ(false, bad["chained"]);
  EXPECT_NE(std::string::npos, bad["findings"][0].get<std::string>().find("version 2")) << bad;
}

}  // namespace
}  // namespace statusfs::test
