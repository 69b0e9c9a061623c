// Changes by other programs that become versions: the chain's successors, and with `external: adopt` those without
// hashes.
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <regex>
#include <set>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

// A program of its own that knows the chain: applies a change and makes the next version of the file.
constexpr const char* successor_program = R"(
import hashlib, json, sys
def digest(value):
    return 'sha256:' + hashlib.sha256(json.dumps(value, separators=(',', ':'), sort_keys=True, ensure_ascii=False).encode()).hexdigest()
document = json.load(open(sys.argv[1]))
header, payload = document['os_file_header'], document['payload']
task = payload['tasks_status'][0]
exec(sys.argv[2])
header['v_file_instance'] += 1
payload['payload_hash_previous'] = payload.pop('payload_hash_current')
for one in payload['tasks_status']:
    one.pop('signature_hash', None)
    one['signature_hash'] = digest(one)
hashed = dict(payload, tasks_status=[one['signature_hash'] for one in payload['tasks_status']])
payload['payload_hash_current'] = digest(hashed)
json.dump(document, open(sys.argv[3], 'w'), indent=2)
)";

// The same for a program that knows of no hashes.
constexpr const char* plain_program = R"(
import json, sys
document = json.load(open(sys.argv[1]))
header, payload = document['os_file_header'], document['payload']
task = payload['tasks_status'][0]
exec(sys.argv[2])
json.dump(document, open(sys.argv[3], 'w'), indent=2)
)";

class AdoptionTest : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    make_sample();
    put_file(root() / "successor.py", successor_program);
    put_file(root() / "plain.py", plain_program);
  }

  // Edits the file as it stands, and renames the result over it while holding the lock.
  void change(const std::string& program, const std::string& statement, const std::string& owner = "") {
    const CommandOptions options{.environment = {{"STATEMENT", statement}, {"OWNER", owner}, {"PROGRAM", program}}};
    const CommandResult result = bash(
        "flock -w 20 $S/exec_status_125.txt.lock bash -c 'python3 $S/../$PROGRAM.py $S/exec_status_125.txt "
        "\"$STATEMENT\" $S/../new && if [ -n \"$OWNER\" ]; then chown $OWNER $S/../new; fi && "
        "mv $S/../new $S/exec_status_125.txt'",
        options);
    ASSERT_EQ(0, result.exit_status) << result.error;
  }
  void mount_adopting(const std::string& more = "") {
    put_file(root() / "config.yaml", "writers:\n  - {user: root, archetype: SUPERVISOR}\n" + more +
                                         "default: {archetype: AUDITOR}\nexternal: adopt\n");
    mount({"-o", "config=" + (root() / "config.yaml").string()});
  }
  void expect_adopted(int version_now, const std::string& field, const std::string& value) {
    EXPECT_TRUE(eventually([&] { return read(field) == value; })) << read(field) << last_error();
    EXPECT_EQ("CONSISTENT\n", read("partition_status"));
    EXPECT_EQ(version_now, version());
    const Json record = journal().back();
    EXPECT_EQ("external", record["op"]);
    EXPECT_EQ("EXTERNAL", record["persona"]);
  }
  void expect_quarantined() {
    EXPECT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
    // After a mount it reads so before the content was kept aside and the record of it made.
    EXPECT_TRUE(eventually([&] {
      const std::string lines = read_file(journal_file());
      return lines.ends_with('\n') && lines.find("\"op\":\"quarantine\"") != std::string::npos;
    }));
    EXPECT_TRUE(std::filesystem::exists(source() / "exec_status_125.txt.foreign-1"));
    const Json record = journal().back();
    EXPECT_EQ("quarantine", record["op"]);
    EXPECT_EQ("STATUSFS", record["persona"]);
    EXPECT_EQ("exec_status_125.txt.foreign-1", record["path"]);
    unmount();
    expect_verified();
  }
  const std::string percent = "tasks/" + std::string(first_task) + "/percent_complete";
};

TEST_F(AdoptionTest, ASuccessorIsAdoptedWhileTheMountRuns) {
  mount();
  const int before = version();
  change("successor", "task['percent_complete'] = 33");
  expect_adopted(before + 1, percent, "33\n");
  EXPECT_EQ(static_cast<int>(::getuid()), journal().back()["uid"]);
  EXPECT_EQ(0, write(percent, "34\n")) << last_error();
  unmount();
  expect_verified();
}

TEST_F(AdoptionTest, ASuccessorIsAdoptedBetweenMounts) {
  change("successor", "task['percent_complete'] = 33");
  mount();
  expect_adopted(2, percent, "33\n");
  unmount();
  expect_verified();
}

TEST_F(AdoptionTest, TheOwnersUidIsRecordedAndItsRightsCount) {
  put_file(root() / "config.yaml", "writers:\n  - {uid: 1234, archetype: BUILDER}\ndefault: {archetype: AUDITOR}\n");
  mount({"-o", "config=" + (root() / "config.yaml").string()});
  change("successor", "task['percent_complete'] = 33", "1234");
  expect_adopted(2, percent, "33\n");
  EXPECT_EQ(1234, journal().back()["uid"]);
  EXPECT_EQ("BUILDER", journal().back()["archetype"]);
  change("successor", "task['percent_complete'] = 44", "1235");
  expect_quarantined();
}

TEST_F(AdoptionTest, ASuccessorDoesNotSignAsStatusfs) {
  mount();
  change("successor", "task['percent_complete'] = 33; task['last_updated_by_persona_id'] = 'STATUSFS'");
  expect_quarantined();
}

struct Breach {
  const char* name;
  const char* statement;
};
class BreachTest : public AdoptionTest, public ::testing::WithParamInterface<Breach> {};

INSTANTIATE_TEST_SUITE_P(
    Rules, BreachTest,
    ::testing::Values(Breach{"Type", "task['percent_complete'] = 'much'"},
                      Breach{"Range", "task['percent_complete'] = 101"}, Breach{"Enum", "task['status'] = 'GONE'"},
                      Breach{"Transition", "task['status'] = 'DONE'; task['percent_complete'] = 100"},
                      Breach{"Header", "header['file_id'] = 'exec_status_999'"},
                      Breach{"Plan", "payload['execution_plan_id_ref'] = 'exec_plan_9'"},
                      Breach{"UnknownMember", "document['extra'] = 1"},
                      Breach{"CutLog", "payload['key_achievements_log'].pop()"},
                      Breach{"ChangedLog", "payload['key_achievements_log'][0]['achievement_summary'] = 'x'"},
                      Breach{"Locked", "payload['tasks_status'][1]['percent_complete'] = 7"}),
    [](const auto& info) { return info.param.name; });

// The rules hold for both kinds of change.
TEST_P(BreachTest, OfASuccessorIsQuarantined) {
  mount();
  ASSERT_EQ(0, append("achievements", "it stands\n")) << last_error();
  ASSERT_EQ(0,
            bash("cd $T/tasks && set -- * && echo '{\"_percent_complete_locked\": true}' > $2/task.json").exit_status);
  document_on_disk();
  change("successor", GetParam().statement);
  expect_quarantined();
}

TEST_P(BreachTest, OfAnUnsignedChangeIsQuarantined) {
  mount_adopting();
  ASSERT_EQ(0, append("achievements", "it stands\n")) << last_error();
  ASSERT_EQ(0,
            bash("cd $T/tasks && set -- * && echo '{\"_percent_complete_locked\": true}' > $2/task.json").exit_status);
  document_on_disk();
  change("plain", GetParam().statement);
  expect_quarantined();
}

TEST_F(AdoptionTest, AnUnsignedChangeIsJournalledWhereTheConfigurationSaysSo) {
  mount_adopting();
  change("plain", "task['percent_complete'] = 33");
  expect_adopted(2, percent, "33\n");
  EXPECT_NE(std::string::npos, read_file(status_file()).find("\"percent_complete\": 33"));
  EXPECT_TRUE(eventually([&] { return document_on_disk()["os_file_header"]["v_file_instance"] == 2; }));
  change("plain", "payload['overall_status_summary']['active_blockers_summary'].append('no key')");
  expect_adopted(3, "summary/active_blockers_summary", "no key\n");
  EXPECT_FALSE(std::filesystem::exists(source() / "exec_status_125.txt.foreign-1"));
  unmount();
  expect_verified();
}

TEST_F(AdoptionTest, AnUnsignedChangeBetweenMountsIsJournalled) {
  change("plain", "task['percent_complete'] = 33");
  mount_adopting();
  expect_adopted(2, percent, "33\n");
  unmount();
  expect_verified();
}

TEST_F(AdoptionTest, AnUnsignedChangeByWhoMayNotIsQuarantined) {
  mount_adopting("  - {uid: 1234, archetype: AUDITOR}\n");
  change("plain", "task['percent_complete'] = 33", "1234");
  expect_quarantined();
}

TEST_F(AdoptionTest, WithoutTheSettingAnUnsignedChangeIsQuarantined) {
  mount();
  change("plain", "task['percent_complete'] = 33");
  expect_quarantined();
}

TEST_F(AdoptionTest, WithoutAMountGGoesOnBehindTheLargestOfTheDirectory) {
  Json other = Json::parse(test_data("seed_example.json"));
  other["os_file_header"]["g_file_last_modified"] = 900;
  put_file(status_file(500), other.dump(2));
  put_file(status_file(7), test_data("seed_example.json"));
  const auto g_of = [&](int number) {
    return std::stoi(jq(".os_file_header.g_file_last_modified", status_file(number)));
  };
  const int largest = g_of(500);
  ASSERT_LT(g_of(7), largest);
  const CommandResult result = statusfs({"adopt", status_file(7).string()});
  ASSERT_EQ(0, result.exit_status) << result.output << result.error;
  EXPECT_EQ(largest + 1, g_of(7));
  EXPECT_EQ(largest + 1, journal(7).back()["g"]);
  EXPECT_EQ(largest, g_of(500));
}

TEST_F(AdoptionTest, ASuccessorWithStampsThatNoMutationMakesIsKeptAside) {
  const std::string faults[] = {"payload['g_last_update'] = 'abc'",
                                "payload['g_last_update'] = 0",
                                "payload['g_last_update'] = 9007199254740991",
                                "payload['last_mutation_trace_id'] = 5",
                                "task['g_last_update'] = None",
                                "task['g_last_update'] = 0",
                                "payload['overall_completion_percentage'] = 99",
                                "task['percent_complete'] = 77.5"};
  int number = 0;
  mount();
  for (const std::string& fault : faults) {
    const std::string kept = "exec_status_125.txt.foreign-" + std::to_string(++number);
    change("successor", fault);
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(source() / kept); })) << fault;
  }
  EXPECT_EQ("quarantine", journal().back()["op"]);
  for (const Json& record : journal()) EXPECT_NE("external", record["op"]);
  unmount();
  expect_verified();
}

TEST_F(AdoptionTest, TheRecordOfASuccessorBearsItsOwnStamps) {
  mount();
  change("successor", "payload['g_last_update'] = 5000; payload['last_mutation_trace_id'] = 'a' * 32");
  EXPECT_TRUE(eventually([&] { return version() == 2; }));
  EXPECT_EQ(5000, journal().back()["g"]);
  EXPECT_EQ(std::string(32, 'a'), journal().back()["trace_id"]);
  EXPECT_EQ(0, write(percent, "34\n")) << last_error();
  EXPECT_EQ(5001, journal().back()["g"]);
  unmount();
  expect_verified();
}

// g is global: no two mutations of a SOURCE have the same.
TEST_F(AdoptionTest, ASuccessorWhoseNumberAnotherFileMayHaveGetsTheNextOne) {
  make_status_file(200, {"a"});
  Process& daemon = mount_in_foreground();
  const auto write_other = [&](const std::string& value) {
    EXPECT_EQ(0, write_file(tree("tasks/a/percent_complete", 200), value + "\n")) << last_error();
    return journal(200).back()["g"].get<int>();
  };
  const auto change_with = [&](int g) {
    change("successor", "task['percent_complete'] = " + std::to_string(g) +
                            "; payload['g_last_update'] = header['g_file_last_modified'] = " + std::to_string(g));
  };
  const int free = write_other("1") + 10;
  change_with(free);
  expect_adopted(2, percent, std::to_string(free) + "\n");
  const int taken = write_other("2");
  EXPECT_EQ(free + 1, taken);
  change_with(taken);
  expect_adopted(3, percent, std::to_string(taken) + "\n");
  EXPECT_EQ(taken + 1, journal().back()["g"].get<int>());
  EXPECT_TRUE(eventually([&] {
    return daemon.log().find("the g of a foreign version, " + std::to_string(taken) + ", is not free") !=
           std::string::npos;
  })) << daemon.log();
  EXPECT_EQ(taken + 2, write_other("3"));
  std::set<int> numbers;
  for (const int file : {125, 200})
    for (const Json& record : journal(file)) EXPECT_TRUE(numbers.insert(record["g"].get<int>()).second) << record;
  unmount();
  expect_verified();
}

TEST_F(AdoptionTest, AtTheMountNoNumberOfAnotherFileIsDrawn) {
  const std::regex hashes("\"sha256:[^\"]*\"");
  put_file(status_file(100), std::regex_replace(test_data("seed_example.json"), hashes, "null"));
  make_status_file(200, {"a"});
  const int other = journal(200).back()["g"].get<int>();
  mount({"-o", "adopt"});
  EXPECT_EQ(other + 1, journal(100).back()["g"]);
}

TEST_F(AdoptionTest, ATaskThatASuccessorBringsIsAsOldAsItsVersion) {
  mount();
  const auto time_of = [](const Path& place) {
    struct stat status {};
    EXPECT_EQ(0, ::stat(place.c_str(), &status)) << place;
    return status.st_mtime;
  };
  const time_t loaded = time_of(tree(percent));
  ASSERT_TRUE(eventually([&] { return ::time(nullptr) > loaded + 1; })) << "now is another second";
  change("successor",
         "payload['tasks_status'].append(dict(task, task_id_ref='added')); "
         "payload['g_last_update'] = header['g_file_last_modified'] = header['g_file_last_modified'] + 1");
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(tree("tasks/added")); })) << last_error();
  for (const char* name : {"", "status", "readiness_check", "task.json"})
    EXPECT_LT(loaded + 1, time_of(tree("tasks/added") / name)) << name;
}

TEST_F(AdoptionTest, OnlyWhatASuccessorChangesTakesItsTime) {
  mount();
  const auto times = [&] {
    const std::vector<std::string> lines =
        lines_of(bash("find $T -name by-status -prune -o -printf '%P %T@\\n'").output);
    return std::set<std::string>(lines.begin(), lines.end());
  };
  const std::set<std::string> before = times();
  ASSERT_TRUE(eventually([begun = ::time(nullptr)] { return ::time(nullptr) > begun + 1; })) << "now is another second";
  change("successor", "task['percent_complete'] = 33");
  expect_adopted(2, percent, "33\n");
  std::set<std::string> changed;
  for (const std::string& line : times())
    if (!before.contains(line)) changed.insert(line.substr(0, line.find(' ')));
  const std::string task = "tasks/" + std::string(first_task) + "/";
  const std::set<std::string> expected = {percent,
                                          task + "signature_hash",
                                          task + "task.json",
                                          "header/v_file_instance",
                                          "payload_hash_previous",
                                          "payload_hash_current",
                                          "events",
                                          "status.json",
                                          "status.md",
                                          "board.svg",
                                          "board.html"};
  EXPECT_EQ(expected, changed);
}

TEST_F(AdoptionTest, AHugeNumberInARefusedChangeUsesUpNone) {
  mount_adopting();
  change("plain", "payload['g_last_update'] = 9007199254740991");
  EXPECT_TRUE(eventually([&] { return write(percent, "7\n") == 0; })) << last_error();
  EXPECT_GT(100000, journal().back()["g"].get<std::int64_t>());
  unmount();
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
