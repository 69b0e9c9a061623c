// -o signing_key: FILE.sig is the signature of the JSON's bytes, for statusfs and openssl alike.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/mount/key_pairs.hpp"
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class SignatureTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    ASSERT_EQ(0, bash(make_key_pairs).exit_status);
  }
  std::string file(const char* name) const { return (root() / name).string(); }
  Path signature() const { return status_file().string() + ".sig"; }
  Arguments with_key() const { return {"-o", "signing_key=" + file("key.pem")}; }
  void change(int value) {
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(value) + "\n")) << last_error();
  }
  CommandResult verify(const char* key = "public.pem", const Arguments& more = {}) {
    Arguments arguments{"verify", status_file().string(), "--public-key", file(key)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return statusfs(arguments);
  }
  int openssl_verify(const char* key = "public.pem") {
    return bash("openssl pkeyutl -verify -pubin -inkey $S/../" + std::string(key) +
                " -rawin -in $S/exec_status_125.txt -sigfile $S/exec_status_125.txt.sig")
        .exit_status;
  }
  void expect_signed() {
    EXPECT_EQ(0, openssl_verify());
    const CommandResult result = verify();
    EXPECT_EQ(0, result.exit_status) << result.output;
    EXPECT_NE(std::string::npos, result.output.find("the JSON is signed by the key: yes")) << result.output;
  }
  void expect_start_refused(const std::string& key, const std::string& why) {
    const CommandResult result = statusfs({source().string(), mountpoint().string(), "-o", "signing_key=" + key});
    EXPECT_EQ(2, result.exit_status);
    EXPECT_NE(std::string::npos, result.error.find(why)) << result.error;
    EXPECT_EQ(1, result.error.empty() ? 0 : static_cast<int>(lines_of(result.error).size())) << result.error;
  }
};

TEST_F(SignatureTest, EveryNewVersionOfTheFileIsSigned) {
  mount(with_key());
  expect_signed();
  for (int value = 1; value <= 3; ++value) {
    change(value);
    document_on_disk();
    EXPECT_EQ(64u, std::filesystem::file_size(signature()));
    expect_signed();
  }
  EXPECT_EQ(2, verify("wrong.pem").exit_status);
  EXPECT_NE(0, openssl_verify("wrong.pem"));
  change(4);
  unmount();
  expect_signed();
  EXPECT_EQ(true, Json::parse(verify("public.pem", {"--json"}).output)["signed"]);
  EXPECT_TRUE(Json::parse(statusfs({"verify", status_file().string(), "--json"}).output)["signed"].is_null());
}

TEST_F(SignatureTest, WhereTheJsonIsMissingNothingIsSigned) {
  mount(with_key());
  unmount();
  std::filesystem::remove(status_file());
  const CommandResult result = verify("public.pem", {"--json"});
  EXPECT_EQ(2, result.exit_status) << result.output;
  EXPECT_EQ(false, Json::parse(result.output)["signed"]);
  EXPECT_NE(std::string::npos, verify().output.find("the JSON is missing"));
}

TEST_F(SignatureTest, WhoeverHoldsTheLockFindsBothOfOneVersion) {
  mount(with_key());
  std::atomic<int> accepted = 0;
  std::jthread writer([this, &accepted](const std::stop_token& stop) {
    for (int count = 1; !stop.stop_requested(); ++count) {
      if (write_file(task("percent_complete"), std::to_string(count % 90) + "\n") != 0) return;
      ++accepted;
      ::usleep(static_cast<useconds_t>(1'000 * slowness()));  // the chain must not outgrow a slow build's verify
    }
  });
  for (int round = 0; round < 15; ++round) {
    EXPECT_EQ(
        0, bash("flock -w 20 $S/exec_status_125.txt.lock openssl pkeyutl -verify -pubin -inkey $S/../public.pem -rawin "
                "-in $S/exec_status_125.txt -sigfile $S/exec_status_125.txt.sig")
               .exit_status);
    EXPECT_EQ(0, verify().exit_status);
  }
  writer.request_stop();
  writer.join();
  EXPECT_GT(accepted, 10) << "a test without writes shows nothing";
}

TEST_F(SignatureTest, ItHasTheOwnerAndModeOfTheFile) {
  ASSERT_EQ(0, ::chmod(status_file().c_str(), 0640));
  ASSERT_EQ(0, ::chown(status_file().c_str(), 1234, 2345));
  mount(with_key());
  change(1);
  unmount();
  struct stat status {};
  ASSERT_EQ(0, ::stat(signature().c_str(), &status));
  EXPECT_EQ(0100640u, status.st_mode);
  EXPECT_EQ(1234u, status.st_uid);
  EXPECT_EQ(2345u, status.st_gid);
}

TEST_F(SignatureTest, AMissingOrOldSignatureIsMadeAnewByLoading) {
  mount(with_key());
  change(1);
  unmount();
  std::filesystem::copy_file(signature(), root() / "old");
  mount(with_key());
  change(2);
  unmount();
  std::filesystem::copy_file(root() / "old", signature(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(2, verify().exit_status) << "as after a crash between the two";
  mount(with_key());
  EXPECT_EQ("2\n", read_file(task("percent_complete")));
  unmount();
  expect_signed();
  std::filesystem::remove(signature());
  EXPECT_EQ(2, verify().exit_status);
  mount(with_key());
  EXPECT_EQ("2\n", read_file(task("percent_complete")));
  unmount();
  expect_signed();
}

TEST_F(SignatureTest, ForeignContentIsNeverSigned) {
  mount(with_key());
  change(1);
  unmount();
  Json document = Json::parse(read_file(status_file()));
  document["payload"]["tasks_status"][0]["percent_complete"] = 77;
  put_file(status_file(), document.dump(2) + "\n");
  EXPECT_EQ(2, verify().exit_status);
  mount(with_key());
  EXPECT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
  EXPECT_EQ("1\n", read_file(task("percent_complete")));
  unmount();
  expect_signed();
  EXPECT_NE(
      0, bash("cd $S && openssl pkeyutl -verify -pubin -inkey ../public.pem -rawin -in exec_status_125.txt.foreign-1 "
              "-sigfile exec_status_125.txt.sig")
             .exit_status);
}

TEST_F(SignatureTest, AChangedFileOrSignatureDoesNotVerify) {
  mount(with_key());
  change(1);
  unmount();
  const std::string good = read_file(signature());
  std::string bad = good;
  bad[10] = static_cast<char>(bad[10] ^ 1);
  for (const std::string& forged : {bad, good.substr(0, 63), good + "x", std::string()}) {
    put_file(signature(), forged);
    const CommandResult result = verify();
    EXPECT_EQ(2, result.exit_status);
    EXPECT_NE(std::string::npos, result.output.find("no signature of the JSON by this key")) << result.output;
  }
  std::filesystem::remove(signature());
  EXPECT_NE(std::string::npos, verify().output.find("there is no .sig file"));
}

TEST_F(SignatureTest, OnlyASecretEd25519KeyIsTaken) {
  ASSERT_EQ(0, ::chmod(file("key.pem").c_str(), 0644));
  expect_start_refused(file("key.pem"), "chmod 600");
  expect_start_refused(file("public.pem"), "no Ed25519 private key");
  expect_start_refused(file("nothing"), "No such file");
  ASSERT_EQ(0, bash("cd $S/.. && umask 077 && openssl genpkey -algorithm x25519 -out x.pem && "
                    "openssl genpkey -algorithm ed25519 -aes256 -pass pass:secret -out locked.pem")
                   .exit_status);
  expect_start_refused(file("x.pem"), "no Ed25519 private key");
  expect_start_refused(file("locked.pem"), "without a password");
  EXPECT_FALSE(std::filesystem::exists(signature()));
}

TEST_F(SignatureTest, AFileThatIsAdoptedIsSignedToo) {
  Json document = Json::parse(read_file(status_file()));
  document["payload"]["payload_hash_current"] = nullptr;
  for (Json& one : document["payload"]["tasks_status"]) one["signature_hash"] = nullptr;
  std::filesystem::remove(journal_file());
  put_file(status_file(), document.dump(2) + "\n");
  mount({"-o", "adopt,signing_key=" + file("key.pem")});
  EXPECT_NE("", read("payload_hash_current"));
  unmount();
  expect_signed();
}

TEST_F(SignatureTest, CommandsWithoutAMountSignWithAKeyAndWarnWithoutOne) {
  mount(with_key());
  change(10);
  change(20);
  unmount();
  const std::string path = status_file().string(), key = file("key.pem");
  CommandResult result = statusfs({"rollback", path, "2", "--signing-key", key});
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("", result.error);
  expect_signed();
  result = statusfs({"rollback", path, "3"});
  EXPECT_EQ(0, result.exit_status) << result.error;
  EXPECT_NE(std::string::npos, result.error.find("recover --signing-key")) << result.error;
  EXPECT_EQ(2, verify().exit_status);
  EXPECT_EQ(0, statusfs({"recover", path, "--signing-key", key}).exit_status);
  expect_signed();
  EXPECT_EQ(2, statusfs({"recover", path, "--signing-key", file("public.pem")}).exit_status);
}

TEST_F(SignatureTest, AdoptingWithAKeySigns) {
  std::filesystem::remove_all(source());
  std::filesystem::create_directory(source());
  put_file(status_file(), test_data("seed_example.json"));
  EXPECT_EQ(0, statusfs({"adopt", status_file().string(), "--signing-key", file("key.pem")}).exit_status);
  expect_signed();
}

TEST_F(SignatureTest, ReconcilingWithAKeySigns) {
  mount(with_key());
  Json foreign = Json::parse(read_file(status_file()));
  foreign["payload"]["tasks_status"][0]["percent_complete"] = 77;
  ASSERT_NO_FATAL_FAILURE(replace_under_lock(foreign.dump(2) + "\n"));
  ASSERT_TRUE(eventually([&] { return write_file(task("percent_complete"), "5\n") == EROFS; }));
  unmount();
  const CommandResult result =
      statusfs({"reconcile", status_file().string(), "--theirs", "--signing-key", file("key.pem")});
  EXPECT_EQ(0, result.exit_status) << result.error;
  expect_signed();
}

}  // namespace
}  // namespace statusfs::test
