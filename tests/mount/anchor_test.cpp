// What a chain alone cannot prove: anchors that are kept elsewhere, and what verify says separately.
#include <random>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

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
  void make_keys() {
    ASSERT_EQ(0, bash("cd $S/.. && umask 077 && openssl genpkey -algorithm ed25519 -out key.pem && "
                      "openssl pkey -in key.pem -pubout -out public.pem && "
                      "openssl genpkey -algorithm ed25519 -out other.pem && openssl pkey -in other.pem -pubout -out wrong.pem")
                     .exit_status);
  }
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
  EXPECT_EQ(2, verify(anchor(), {"--public-key", file("public.pem")}).exit_status) << "an unsigned one";
  ASSERT_EQ(0, bash("chmod 644 $S/../key.pem").exit_status);
  EXPECT_EQ(2, on_file("anchor", {"--signing-key", file("key.pem")}).exit_status) << "a key that others may read";
}

TEST_F(AnchorTest, OpensslChecksASignedAnchor) {
  make_keys();
  const std::string line = anchor({"--signing-key", file("key.pem")});
  put_file(root() / "message", line.substr(0, line.rfind(' ')));
  put_file(root() / "hex", line.substr(line.rfind(':') + 1));
  EXPECT_EQ(0, bash("cd $S/.. && xxd -r -p hex > signature 2>/dev/null || python3 -c 'import sys;"
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
