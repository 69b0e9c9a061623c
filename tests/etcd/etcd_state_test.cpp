// What can happen to etcd itself: compaction, a full disk, foreign values, certificates and users.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <stop_token>
#include <thread>

#include "tests/etcd/hosts_test.hpp"

namespace statusfs::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class EtcdStateTest : public HostsTest {
 protected:
  static std::string field() { return std::string("tasks/") + first_task + "/percent_complete"; }
  std::string stored_keys() { return cluster().etcdctl({"get", "--prefix", "--keys-only", "/plans/"}).output; }
  // Where the record of the version behind the newest one is put.
  std::string next_record_key() {
    constexpr std::size_t digits = 20;
    const std::string newest = last_key_of("/record/exec_status_125/");
    const std::size_t start = newest.size() - digits;
    const std::string version = std::to_string(std::stoull(newest.substr(start)) + 1);
    return newest.substr(0, start) + std::string(digits - version.size(), '0') + version;
  }
  // Host 0, which makes versions of what other programs put.
  void mount_adopting(const std::string& who_may_write) {
    put_file(root() / "config.yaml", who_may_write + "external: adopt\n");
    mount_host(0, {}, "config=" + (root() / "config.yaml").string());
  }
  std::string last_key_of(const std::string& part) {
    std::string last;
    for (const std::string& line : lines_of(stored_keys()))
      if (line.find(part) != std::string::npos) last = line;
    return last;
  }
  std::string key_of(const std::string& part) {
    for (const std::string& line : lines_of(stored_keys()))
      if (line.find(part) != std::string::npos) return line;
    return {};
  }
};

TEST_F(EtcdStateTest, AForeignValueIsQuarantined) {
  import_source();
  mount_hosts(2);
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/head/exec_status_125", "{\"nonsense\": true}"}).exit_status);
  for (const std::size_t host : {0, 1})
    EXPECT_TRUE(eventually([&] { return read_at(host, "partition_status") == "PARTITIONED\n"; })) << host;
  EXPECT_EQ(EROFS, write_file(at(0, field()), "6\n"));
  EXPECT_EQ("5\n", read_at(1, field()));
  EXPECT_EQ(
      "{\"nonsense\": true}",
      lines_of(cluster().etcdctl({"get", "--print-value-only", "/plans/foreign/exec_status_125/1"}).output).at(0));
  ASSERT_EQ(0, write_file(at(1, ".control"), "{\"command\": \"reconcile\", \"resolution\": \"ours\"}")) << errors_of(1);
  for (const std::size_t host : {0, 1})
    EXPECT_TRUE(eventually([&] { return read_at(host, "partition_status") == "CONSISTENT\n"; })) << host;
  EXPECT_EQ(0, write_file(at(0, field()), "6\n")) << errors_of(0);
  export_and_verify();
}

TEST_F(EtcdStateTest, AForeignDocumentIsQuarantinedWhoeverMountsNext) {
  import_source();
  const std::string key = key_of("/document/exec_status_125/");
  ASSERT_FALSE(key.empty()) << stored_keys();
  ASSERT_EQ(0, cluster().etcdctl({"put", key, "{}"}).exit_status);
  mount_host(0);
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; }))
      << read_at(0, "partition_status");
  EXPECT_EQ("0\n", read_at(0, field()));
  export_and_verify();
}

// With `external: adopt` what a foreign document says becomes a version; stamps say nothing.
TEST_F(EtcdStateTest, AForeignDocumentThatSaysNothingNewIsPutBack) {
  import_source();
  mount_adopting("writers:\n  - {user: root, archetype: SUPERVISOR}\n");
  const std::string key = key_of("/document/exec_status_125/");
  const auto stored = [&] { return cluster().etcdctl({"get", "--print-value-only", key}).output; };
  const std::string before = stored();
  Json changed = Json::parse(before);
  changed["payload"]["last_mutation_trace_id"] = std::string(32, 'a');
  ASSERT_EQ(0, cluster().etcdctl({"put", key, changed.dump()}).exit_status);
  EXPECT_TRUE(eventually([&] { return stored() == before; })) << stored();
  EXPECT_EQ("CONSISTENT\n", read_at(0, "partition_status")) << errors_of(0);
  EXPECT_EQ("", cluster().etcdctl({"get", "--prefix", "--keys-only", "/plans/foreign/"}).output);
  EXPECT_EQ(0, write_file(at(0, field()), "6\n")) << errors_of(0);
  export_and_verify();
}

// Numbers have no gap in etcd, so it gets the next one, whatever it brought.
TEST_F(EtcdStateTest, AForeignVersionThatContinuesTheChainIsAdopted) {
  import_source();
  mount();  // SOURCE, where the next version is made
  ASSERT_EQ(0, write(std::string("tasks/") + first_task + "/percent_complete", "7\n"));
  unmount();
  Json successor = Json::parse(read_file(status_file()));
  mount_adopting("default: {archetype: BUILDER}\n");
  ASSERT_EQ(0, cluster().etcdctl({"put", key_of("/document/exec_status_125/"), successor.dump()}).exit_status);
  EXPECT_TRUE(eventually([&] { return read_at(0, field()) == "7\n"; })) << errors_of(0);
  EXPECT_EQ("CONSISTENT\n", read_at(0, "partition_status")) << errors_of(0);
  EXPECT_EQ(0, write_file(at(0, field()), "8\n")) << errors_of(0);
  export_and_verify();
}

// Nobody knows who put it: the archetype of all others may do it or not.
TEST_F(EtcdStateTest, AForeignDocumentBecomesAVersionWhereAllMayWrite) {
  import_source();
  mount_adopting("default: {archetype: BUILDER}\n");
  const std::string key = key_of("/document/exec_status_125/");
  Json changed = Json::parse(cluster().etcdctl({"get", "--print-value-only", key}).output);
  changed["payload"]["tasks_status"][0]["percent_complete"] = 7;
  ASSERT_EQ(0, cluster().etcdctl({"put", key, changed.dump()}).exit_status);
  EXPECT_TRUE(eventually([&] { return read_at(0, field()) == "7\n"; })) << errors_of(0);
  EXPECT_EQ("CONSISTENT\n", read_at(0, "partition_status"));
  mount_host(1);
  EXPECT_EQ("7\n", read_at(1, field()));
  export_and_verify();
}

TEST_F(EtcdStateTest, AForeignRecordIsQuarantinedAndNotOverwritten) {
  import_source();
  mount_host(0);
  ASSERT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  ASSERT_EQ(0, cluster().etcdctl({"put", next_record_key(), "no record"}).exit_status);
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; })) << errors_of(0);
  EXPECT_EQ(EROFS, write_file(at(0, field()), "6\n"));
  EXPECT_EQ(
      "no record",
      lines_of(cluster().etcdctl({"get", "--print-value-only", "/plans/foreign/exec_status_125/1"}).output).at(0));
  mount_host(1);
  ASSERT_EQ(0, write_file(at(1, ".control"), "{\"command\": \"reconcile\", \"resolution\": \"ours\"}")) << errors_of(1);
  EXPECT_TRUE(eventually([&] { return write_file(at(0, field()), "6\n") == 0; })) << errors_of(0);
  export_and_verify();
}

TEST_F(EtcdStateTest, ARecordThatStandsBehindTheHeadIsFoundByWhoeverMountsNext) {
  import_source();
  ASSERT_EQ(0, cluster().etcdctl({"put", next_record_key(), "no record"}).exit_status);
  mount_host(0);
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; })) << errors_of(0);
  EXPECT_EQ(
      "no record",
      lines_of(cluster().etcdctl({"get", "--print-value-only", "/plans/foreign/exec_status_125/1"}).output).at(0));
  export_and_verify();
}

TEST_F(EtcdStateTest, AForeignValueTakesTheNumberBehindTheLargest) {
  import_source();
  ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/foreign/exec_status_125/7", "of old"}).exit_status);
  mount_host(0);
  ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/head/exec_status_125", "no head"}).exit_status);
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; })) << errors_of(0);
  EXPECT_EQ(
      "no head",
      lines_of(cluster().etcdctl({"get", "--print-value-only", "/plans/foreign/exec_status_125/8"}).output).at(0));
}

TEST_F(EtcdStateTest, AFileWhoseHeadIsDeletedStaysAwayWhoeverWrites) {
  import_source();
  mount_host(0);
  std::jthread writer([&](const std::stop_token& stop) {
    for (int number = 0; !stop.stop_requested(); ++number)
      write_file(at(0, field()), std::to_string(number % 90) + "\n");
  });
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(0, cluster().etcdctl({"del", "/plans/head/exec_status_125"}).exit_status);
  EXPECT_TRUE(eventually([&] { return !fs::exists(at(0, "status.json")); }));
  std::this_thread::sleep_for(milliseconds(1000));
  writer.request_stop();
  writer.join();
  EXPECT_FALSE(fs::exists(at(0, "status.json")));
  EXPECT_EQ("", cluster().etcdctl({"get", "--keys-only", "/plans/head/exec_status_125"}).output);
  EXPECT_EQ("", cluster().etcdctl({"get", "--prefix", "--keys-only", "/plans/foreign/"}).output);
}

// A host that stores the document anew removes the one that the other host's head named.
TEST_F(EtcdStateTest, HostsThatTakeTurnsKnowEachOthersDocuments) {
  import_source();
  mount_hosts(2);
  const std::string line = std::string(3000, 'x');
  for (int round = 0; round < 31; ++round)  // the other host writes last
    ASSERT_EQ(0, append_file(at(round % 3 == 0 ? 1 : 0, "achievements"), line + "\n")) << round << errors_of(0);
  mount_host(2);
  EXPECT_EQ("CONSISTENT\n", read_at(2, "partition_status"));
  EXPECT_EQ(read_at(0, "status.json"), read_at(2, "status.json"));
  EXPECT_EQ("", cluster().etcdctl({"get", "--prefix", "--keys-only", "/plans/foreign/"}).output);
  export_and_verify();
}

// Beyond what goes into a transaction, in several parts, and beyond what etcd takes in one request.
TEST_F(EtcdStateTest, ALargeDocumentIsStoredInParts) {
  import_source();
  mount_hosts(2);
  const std::string line = std::string(200'000, 'x');
  for (int round = 0; round < 20; ++round)
    ASSERT_EQ(0, append_file(at(round % 2, "achievements"), std::to_string(round) + line + "\n"))
        << round << errors_of(round % 2);
  std::set<std::string> documents;
  std::size_t parts = 0;
  for (const std::string& key :
       lines_of(cluster().etcdctl({"get", "--prefix", "--keys-only", "/plans/document/exec_status_125/"}).output)) {
    if (key.empty()) continue;
    ++parts;
    documents.insert(key.substr(0, key.rfind('/')));
  }
  EXPECT_GE(parts, 4U) << "parts of 512 KiB";
  EXPECT_LE(documents.size(), 2U) << "the one that the head names, and one that is to be named next";
  mount_host(2);
  EXPECT_EQ("CONSISTENT\n", read_at(2, "partition_status"));
  EXPECT_EQ(read_at(0, "status.json"), read_at(2, "status.json"));
  export_and_verify();
}

// Set aside, it is as large as the document.
TEST_F(EtcdStateTest, ALargeForeignDocumentIsKeptInParts) {
  import_source();
  mount_host(0);
  const std::string line = std::string(300'000, 'x');
  for (int round = 0; round < 12; ++round)
    ASSERT_EQ(0, append_file(at(0, "achievements"), line + "\n")) << errors_of(0);
  const std::string before = read_at(0, "status.json");
  ASSERT_GT(before.size(), 3'000'000U);
  ASSERT_EQ(0, cluster().etcdctl({"put", last_key_of("/document/exec_status_125/"), "foreign"}).exit_status);
  const auto kept_in_parts = [&] {
    return cluster().etcdctl({"get", "--keys-only", "/plans/foreign/exec_status_125/1/00000001"}).output;
  };
  write_file(at(0, field()), "5\n");
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; })) << errors_of(0);
  EXPECT_NE("", kept_in_parts());
  EXPECT_EQ(EROFS, write_file(at(0, field()), "6\n"));
  mount_host(1);
  ASSERT_EQ(0, write_file(at(1, ".control"), "{\"command\": \"reconcile\", \"resolution\": \"ours\"}")) << errors_of(1);
  EXPECT_TRUE(eventually([&] { return write_file(at(0, field()), "6\n") == 0; })) << errors_of(0);
  export_and_verify();
}

TEST_F(EtcdStateTest, AWatchThatFellBehindCompactionReadsAnew) {
  import_source();
  mount_host(0);
  mount_host(1);
  daemon(1).send(SIGSTOP);
  for (int percent = 1; percent <= 30; ++percent)
    ASSERT_EQ(0, write_file(at(0, field()), std::to_string(percent) + "\n"));
  const auto status = Json::parse(cluster().etcdctl({"endpoint", "status", "-w", "json"}).output);
  const auto revision = status[0]["Status"]["header"]["revision"].get<std::int64_t>();
  ASSERT_EQ(0, cluster().etcdctl({"compact", std::to_string(revision)}).exit_status);
  for (std::size_t member = 0; member < 3; ++member) {
    cluster().kill(member);  // with them the streams that may hold what was compacted
    cluster().restart(member);
    cluster().await_health();
  }
  daemon(1).send(SIGCONT);
  EXPECT_TRUE(eventually([&] { return read_at(1, field()) == "30\n"; }, seconds{15})) << read_at(1, field());
  EXPECT_TRUE(eventually([&] { return write_file(at(1, field()), "31\n") == 0; }, seconds{15})) << errors_of(1);
}

TEST_F(EtcdStateTest, AFullEtcdIsNoSpace) {
  start_cluster(1, {"--quota-backend-bytes", "1000000"});
  import_source();
  mount_host(0);
  const std::string text = std::string(200'000, 'x');
  int error = 0;
  for (int round = 0; round < 60 && error == 0; ++round)
    error = write_file(at(0, std::string("tasks/") + first_task + "/execution_log/failure_details"),
                       text + std::to_string(round) + "\n");
  EXPECT_EQ(ENOSPC, error) << errors_of(0);
  EXPECT_EQ("0\n", read_at(0, field()));
}

// No fence can be put into it, either: what is not known holds nobody up.
TEST_F(EtcdStateTest, AnUnknownOutcomeInAFullEtcdIsNoPartition) {
  start_cluster(1, {"--quota-backend-bytes", "1000000"});
  import_source();
  mount_host(0, add_link(0, milliseconds(0)).url());
  const Path details = at(0, std::string("tasks/") + first_task + "/execution_log/failure_details");
  int error = 0;
  for (int round = 0; round < 60 && error == 0; ++round)
    error = write_file(details, std::string(200'000, 'x') + std::to_string(round) + "\n");
  ASSERT_EQ(ENOSPC, error) << errors_of(0);
  link(0).lose_requests();
  ASSERT_EQ(EIO, write_file(at(0, field()), "6\n"));
  cluster().stop(0);
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "PARTITIONED\n"; }));
  cluster().go_on(0);
  link(0).lose_nothing();
  EXPECT_TRUE(eventually([&] { return read_at(0, "partition_status") == "CONSISTENT\n"; })) << errors_of(0);
  EXPECT_EQ(ENOSPC, write_file(at(0, field()), "7\n")) << errors_of(0);
  EXPECT_EQ("0\n", read_at(0, field()));
}

// As JSON each of these bytes is six.
TEST_F(EtcdStateTest, WhatEtcdTakesInNoRequestIsTooLarge) {
  import_source();
  mount_host(0);
  const Path details = at(0, std::string("tasks/") + first_task + "/execution_log/failure_details");
  EXPECT_EQ(EFBIG, write_file(details, std::string(400'000, '\1') + "\n")) << errors_of(0);
  EXPECT_EQ("CONSISTENT\n", read_at(0, "partition_status"));
}

TEST_F(EtcdStateTest, MutationsThatAreTooLargeTogetherAreWrittenInSmallerGroups) {
  std::vector<std::string> tasks;
  for (int task = 0; task < 13; ++task) tasks.push_back("t" + std::to_string(task));
  make_status_file(200, tasks);
  import_source();
  mount_host(0);
  std::vector<std::thread> writers;
  for (const std::string& task : tasks)
    writers.emplace_back([&] {
      const Path details = at(0, "tasks/" + task + "/execution_log/failure_details", 200);
      EXPECT_EQ(0, write_file(details, std::string(60'000, '\1') + "\n")) << errors_of(0);
    });
  for (std::thread& writer : writers) writer.join();
  std::size_t written = 0;
  for (const Json& record : exported_journal(200)) written += record.contains("host");
  EXPECT_EQ(tasks.size(), written);
  expect_no_gap_in_g({200});
}

TEST_F(EtcdStateTest, KeysOfUnknownMeaningAreNotShown) {
  import_source();
  for (const std::string key : {"host/a/b", "plan/a/b", "head/a/b"})
    ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/" + key, "x"}).exit_status);
  mount_host(0);
  const Path hosts = mount_of(0) / ".statusfs" / "hosts";
  ASSERT_TRUE(eventually([&] { return read_error(hosts / "host0") == 0; }));
  const CommandResult listed = bash("ls " + hosts.string());
  EXPECT_EQ(0, listed.exit_status) << listed.error;
  EXPECT_EQ("host0\n", listed.output);
}

TEST_F(EtcdStateTest, CertificatesAndPasswords) {
  start_cluster(1, {}, true);
  const std::string tls = "cacert=" + cluster().certificate("ca.pem").string() +
                          ",cert=" + cluster().certificate("client.pem").string() +
                          ",key=" + cluster().certificate("client.key").string();
  const std::string stranger = "cacert=" + cluster().certificate("ca.pem").string() +
                               ",cert=" + cluster().certificate("stranger.pem").string() +
                               ",key=" + cluster().certificate("stranger.key").string();
  const std::string wrong_authority = "cacert=" + cluster().certificate("other-ca.pem").string() +
                                      ",cert=" + cluster().certificate("client.pem").string() +
                                      ",key=" + cluster().certificate("client.key").string();
  import_source({"-o", tls});
  for (const std::string& options : {stranger, wrong_authority}) {
    const CommandResult refused = statusfs({cluster().url(), mountpoint().string(), "-o", options});
    EXPECT_EQ(2, refused.exit_status) << refused.error;
  }
  for (const Arguments& arguments :
       std::vector<Arguments>{{"user", "add", "root:secretroot"},
                              {"user", "grant-role", "root", "root"},
                              {"user", "add", "agent:opensesame"},
                              {"role", "add", "plans"},
                              {"role", "grant-permission", "plans", "--prefix=true", "readwrite", "/plans/"},
                              {"user", "grant-role", "agent", "plans"},
                              {"auth", "enable"}})
    cluster().etcdctl(arguments);
  put_file(root() / "password", "opensesame\n");
  fs::permissions(root() / "password", fs::perms::owner_read | fs::perms::owner_write);
  put_file(root() / "wrong", "opensaysme\n");
  fs::permissions(root() / "wrong", fs::perms::owner_read);
  const CommandResult refused = statusfs(
      {cluster().url(), mountpoint().string(), "-o", tls + ",user=agent,passwordfile=" + (root() / "wrong").string()});
  EXPECT_EQ(2, refused.exit_status);
  EXPECT_EQ(std::string::npos, refused.error.find("opensaysme"));
  mount_host(0, {}, tls + ",user=agent,passwordfile=" + (root() / "password").string());
  EXPECT_EQ(0, write_file(at(0, field()), "5\n")) << errors_of(0);
  EXPECT_EQ(std::string::npos, daemon(0).log().find("opensesame"));
  unmount_host(0);
  mount_host(0, {},
             "cacert=" + cluster().certificate("ca.pem").string() + ",cert=" +
                 cluster().certificate("agent.pem").string() + ",key=" + cluster().certificate("agent.key").string());
  EXPECT_EQ(0, write_file(at(0, field()), "6\n")) << errors_of(0);
}

TEST_F(EtcdStateTest, AHistoryIsNotPutOverTheRestOfAnother) {
  import_source();
  mount_host(0);
  for (int percent = 1; percent <= 5; ++percent)
    ASSERT_EQ(0, write_file(at(0, field()), std::to_string(percent) + "\n"));
  unmount_host(0);
  ASSERT_EQ(0, cluster().etcdctl({"del", "/plans/head/exec_status_125"}).exit_status);
  const CommandResult shorter = statusfs({"import", source().string(), cluster().url()});
  EXPECT_EQ(2, shorter.exit_status) << shorter.output;
  EXPECT_NE(std::string::npos, shorter.error.find("go further, or are of another history")) << shorter.error;
  EXPECT_EQ("", cluster().etcdctl({"get", "--keys-only", "/plans/head/exec_status_125"}).output);
}

TEST_F(EtcdStateTest, ExportAndImportKeepEveryByte) {
  make_status_file(200, {"a", "b"});
  put_file(source() / "exec_plan_200.txt", plan_text(200, {"a", "b"}));
  import_source();
  mount_host(0);
  for (int percent = 1; percent <= 5; ++percent)
    ASSERT_EQ(0, write_file(at(0, field()), std::to_string(percent) + "\n"));
  export_and_verify();
  const Path exported = root() / "exported";
  EXPECT_EQ(read_at(0, "status.json"), read_file(exported / "exec_status_125.txt"));
  EXPECT_EQ(plan_text(200, {"a", "b"}), read_file(exported / "exec_plan_200.txt"));
  // A directory that was exported works without etcd, goes back under another prefix, and comes out the same.
  const CommandResult again = statusfs({"import", exported.string(), cluster().url("other")});
  ASSERT_EQ(0, again.exit_status) << again.error;
  const CommandResult second = statusfs({"import", exported.string(), cluster().url("other")});
  EXPECT_EQ(0, second.exit_status) << second.error;
  EXPECT_NE(std::string::npos, second.output.find("already"));
  ASSERT_EQ(0, statusfs({"export", cluster().url("other"), (root() / "twice").string()}).exit_status);
  for (const std::string name : {"exec_status_125.txt", "exec_status_125.txt.journal", "exec_status_200.txt.journal"})
    EXPECT_EQ(read_file(exported / name), read_file(root() / "twice" / name)) << name;
  // One that was broken off is gone on with.
  const std::string journal = read_file(exported / "exec_status_125.txt.journal");
  fs::create_directories(root() / "partial");
  put_file(root() / "partial/exec_status_125.txt.journal.partial", journal.substr(0, journal.size() / 2));
  ASSERT_EQ(0, statusfs({"export", cluster().url(), (root() / "partial").string()}).exit_status);
  EXPECT_EQ(journal, read_file(root() / "partial/exec_status_125.txt.journal"));
  EXPECT_EQ(0, statusfs({"verify", (root() / "partial").string()}).exit_status);
  // Of what was closed there is no need to say that it is missing.
  fs::create_directories(exported / "exec_status_125.txt.journal.d");
  put_file(exported / "exec_status_125.txt.journal.d/0-0.jsonl.gz", "");
  const CommandResult closed = statusfs({"export", cluster().url(), exported.string()});
  EXPECT_EQ(2, closed.exit_status) << closed.output;
  EXPECT_NE(std::string::npos, closed.error.find("closed journals beside it")) << closed.error;
  EXPECT_EQ(journal, read_file(exported / "exec_status_125.txt.journal"));
}

// What stands in the JSON's place, or anywhere else on the host, is neither lost nor taken along.
TEST_F(EtcdStateTest, ImportTakesNothingButTheChainAndItsPlans) {
  make_status_file(200, {"a"});
  std::string changed = read_file(status_file(200));
  changed.replace(changed.find("PENDING"), 7, "BLOCKED");
  put_file(status_file(200), changed);
  put_file(root() / "secret", plan_text(125, {"a"}));
  fs::create_symlink(root() / "secret", source() / "exec_plan_125.txt");
  put_file(source() / "kept.txt", plan_text(300, {"a"}));
  fs::create_symlink("kept.txt", source() / "exec_plan_300.txt");
  const CommandResult imported = statusfs({"import", source().string(), cluster().url()});
  EXPECT_EQ(2, imported.exit_status) << imported.output;
  EXPECT_NE(std::string::npos, imported.output.find("exec_status_125: imported")) << imported.output;
  EXPECT_NE(std::string::npos, imported.output.find("exec_plan_300.txt: imported")) << imported.output;
  EXPECT_NE(std::string::npos, imported.error.find("exec_status_200.txt: holds what is not in its journal"))
      << imported.error;
  EXPECT_NE(std::string::npos, imported.error.find("leads out of its directory")) << imported.error;
  const std::string keys = stored_keys();
  EXPECT_EQ(std::string::npos, keys.find("/plan/exec_plan_125.txt")) << keys;
  EXPECT_EQ(std::string::npos, keys.find("/head/exec_status_200")) << keys;
  EXPECT_EQ(changed, read_file(status_file(200)));
}

TEST_F(EtcdStateTest, ACounterThatIsNoNumberIsPassedOver) {
  ASSERT_EQ(0, cluster().etcdctl({"put", "/plans/counter", "no number"}).exit_status);
  const CommandResult imported = statusfs({"import", source().string(), cluster().url()});
  EXPECT_EQ(0, imported.exit_status) << imported.error;
}

TEST_F(EtcdStateTest, ThePasswordIsNotReadableInTheEnvironmentOfAMount) {
  import_source();
  CommandOptions with_password;
  with_password.environment["STATUSFS_ETCD_PASSWORD"] = "very-secret";
  mount_host(0, {}, {}, with_password);
  const std::string environment = read_file("/proc/" + std::to_string(daemon(0).pid()) + "/environ");
  EXPECT_EQ(std::string::npos, environment.find("very-secret"));
  EXPECT_NE(std::string::npos, environment.find("STATUSFS_ETCD_PASSWORD=")) << "it was not given";
}

// Those that can be moved are, and the others are named at the end.
TEST_F(EtcdStateTest, ABadFileHindersNoOther) {
  for (const int number : {100, 200, 300}) make_status_file(number, {"a"});
  for (const int number : {100, 200}) {
    const std::string good = read_file(status_file(number).string() + ".journal");
    put_file(status_file(number).string() + ".journal", "x" + good);
  }
  const CommandResult imported = statusfs({"import", source().string(), cluster().url()});
  EXPECT_EQ(2, imported.exit_status) << imported.output;
  EXPECT_NE(std::string::npos, imported.output.find("exec_status_125: imported")) << imported.output;
  EXPECT_NE(std::string::npos, imported.output.find("exec_status_300: imported")) << imported.output;
  for (const char* part : {"exec_status_100.txt", "exec_status_200.txt", "statusfs: 2 of 4 files"})
    EXPECT_NE(std::string::npos, imported.error.find(part)) << part << " in " << imported.error;
  EXPECT_EQ(std::string::npos, stored_keys().find("/head/exec_status_100")) << stored_keys();
  const Path out = root() / "out";
  ASSERT_EQ(0, statusfs({"export", cluster().url(), out.string()}).exit_status);
  put_file(out / "exec_status_125.txt", "precious");
  fs::remove(out / "exec_status_125.txt.journal");
  fs::remove(out / "exec_status_300.txt");
  fs::remove(out / "exec_status_300.txt.journal");
  const CommandResult exported = statusfs({"export", cluster().url(), out.string()});
  EXPECT_EQ(2, exported.exit_status) << exported.output;
  EXPECT_NE(std::string::npos, exported.error.find("exec_status_125.txt: has no journal")) << exported.error;
  EXPECT_NE(std::string::npos, exported.output.find("exec_status_300: exported")) << exported.output;
  EXPECT_EQ("precious", read_file(out / "exec_status_125.txt"));
}

// Its first record goes in one request, which gRPC breaks off without saying why.
TEST_F(EtcdStateTest, AFileThatEtcdDoesNotTakeHindersNoOther) {
  std::vector<std::string> tasks;
  for (int task = 0; task < 6000; ++task) tasks.push_back("task_" + std::to_string(task));
  make_status_file(100, tasks);
  ASSERT_GT(fs::file_size(status_file(100).string() + ".journal"), 2'200'000U);
  make_status_file(200, {"a"});
  const CommandResult imported = statusfs({"import", source().string(), cluster().url()});
  EXPECT_EQ(2, imported.exit_status) << imported.output;
  EXPECT_NE(std::string::npos, imported.output.find("exec_status_200: imported")) << imported.output;
  EXPECT_NE(std::string::npos, imported.error.find("exec_status_100")) << imported.error;
  EXPECT_NE(std::string::npos, imported.error.find("1.5 MiB")) << imported.error;
  EXPECT_EQ(std::string::npos, stored_keys().find("/head/exec_status_100")) << stored_keys();
}

// What another export, or a mount, left in the directory.
class ExportTest : public EtcdStateTest {
 protected:
  void SetUp() override {
    EtcdStateTest::SetUp();
    put_file(source() / "exec_plan_125.txt", test_data("plans/exec_plan_125.txt"));
    import_source();
    mount_host(0);
    export_and_verify();
  }
  Path exported(const std::string& name) const { return root() / "exported" / name; }
  Path exported_json() const { return exported("exec_status_125.txt"); }
  std::string exported_journal_text() const { return read_file(exported_json().string() + ".journal"); }
  void change(int percent) { ASSERT_EQ(0, write_file(at(0, field()), std::to_string(percent) + "\n")) << errors_of(0); }
  CommandResult export_again() { return statusfs({"export", cluster().url(), (root() / "exported").string()}); }
  void expect_refused(const std::string& words) {
    const CommandResult result = export_again();
    EXPECT_EQ(2, result.exit_status) << result.output;
    EXPECT_NE(std::string::npos, result.error.find(words)) << result.error;
  }
};

TEST_F(ExportTest, KeepsOwnerAndModeOfWhatItReplaces) {
  const std::vector<std::string> names = {"exec_status_125.txt", "exec_status_125.txt.journal", "exec_plan_125.txt"};
  for (const std::string& name : names) {
    fs::permissions(exported(name), fs::perms(0640));
    ASSERT_EQ(0, ::lchown(exported(name).c_str(), 65534, 65534));
  }
  change(7);
  ASSERT_EQ(0, export_again().exit_status);
  for (const std::string& name : names) {
    struct stat status {};
    ASSERT_EQ(0, ::stat(exported(name).c_str(), &status));
    EXPECT_EQ(0640U, status.st_mode & 07777U) << name;
    EXPECT_EQ(65534U, status.st_uid) << name;
    EXPECT_EQ(65534U, status.st_gid) << name;
  }
  EXPECT_EQ(read_at(0, "status.json"), read_file(exported_json()));
}

TEST_F(ExportTest, OfAPrefixThatHasNothingIsRefused) {
  const CommandResult nothing = statusfs({"export", cluster().url() + "-misspelt", (root() / "nothing").string()});
  EXPECT_EQ(2, nothing.exit_status);
  EXPECT_NE(std::string::npos, nothing.error.find("has no status file and no plan")) << nothing.error;
  EXPECT_FALSE(std::filesystem::exists(root() / "nothing"));
}

TEST_F(ExportTest, ReplacesNothingThatAMountWrites) {
  fs::create_directories(root() / "second");
  ASSERT_EQ(0, statusfs({(root() / "exported").string(), (root() / "second").string()}).exit_status);
  const std::string journal = exported_journal_text();
  change(7);
  expect_refused("is held by process");
  EXPECT_EQ(journal, exported_journal_text());
  const Path shown = root() / "second" / "exec_status_125" / field();
  EXPECT_EQ(0, write_file(shown, "9\n"));
  ASSERT_EQ(0, statusfs({"umount", (root() / "second").string()}).exit_status);
  expect_refused("of another history");
  EXPECT_EQ(0, statusfs({"verify", exported_json().string()}).exit_status);
}

TEST_F(ExportTest, WhatWasRefusedLeavesNothingThatTheNextOneTakesUp) {
  const std::string good = exported_journal_text();
  const Path journal = exported_json().string() + ".journal";
  put_file(journal, good.substr(0, good.size() / 2) + "x" + good.substr(good.size() / 2));
  expect_refused(journal.string() + ": journal line 1");
  EXPECT_FALSE(fs::exists(journal.string() + ".partial"));
  fs::remove(journal);
  fs::remove(exported_json());
  EXPECT_EQ(0, export_again().exit_status);
  EXPECT_EQ(good, exported_journal_text());
  put_file(journal.string() + ".partial", "nonsense\n");
  expect_refused(journal.string() + ".partial: journal line 1");
}

// Versions that were made in the directory are in no etcd.
TEST_F(ExportTest, APartialJournalDoesNotReplaceOneThatSaysMore) {
  const std::string before = exported_journal_text();
  ASSERT_EQ(0, statusfs({"rollback", exported_json().string(), "1"}).exit_status);
  fs::create_directories(root() / "second");
  ASSERT_EQ(0, statusfs({(root() / "exported").string(), (root() / "second").string()}).exit_status);
  ASSERT_EQ(0, write_file(root() / "second" / "exec_status_125" / field(), "9\n"));
  ASSERT_EQ(0, statusfs({"umount", (root() / "second").string()}).exit_status);
  const std::string journal = exported_journal_text();
  ASSERT_NE(before, journal);
  put_file(exported_json().string() + ".journal.partial", before);
  change(7);
  expect_refused("of another history");
  EXPECT_EQ(journal, exported_journal_text());
}

TEST_F(ExportTest, ContentThatIsNoVersionIsNotWrittenOver) {
  put_file(exported_json(), "precious");
  change(7);
  expect_refused("was changed by another program");
  EXPECT_EQ("precious", read_file(exported_json()));
  fs::remove(exported_json().string() + ".journal");
  expect_refused("has no journal");
  EXPECT_EQ("precious", read_file(exported_json()));
}

}  // namespace
}  // namespace statusfs::test
