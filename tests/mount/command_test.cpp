// Section 1 of the contract: the command line, its exit statuses, and the commands.
#include <signal.h>
#include <unistd.h>

#include <regex>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class CommandTest : public MountedTest {
 protected:
  Path plan_file() const { return source() / "exec_plan_125.txt"; }
  static std::string all_of(const CommandResult& result) { return result.output + result.error; }
};

TEST_F(CommandTest, VersionAndHelp) {
  const CommandResult shown = statusfs({"--version"});
  EXPECT_EQ(0, shown.exit_status);
  EXPECT_TRUE(std::regex_search(shown.output, std::regex(R"(\d+\.\d+\.\d+)"))) << shown.output;
  const CommandResult help = statusfs({"--help"});
  EXPECT_EQ(0, help.exit_status);
  for (const char* word :
       {"SOURCE", "MOUNTPOINT", "umount", "init", "check", "verify", "recover", "adopt", "mapping"}) {
    EXPECT_NE(std::string::npos, help.output.find(word)) << word;
  }
}

TEST_F(CommandTest, WrongUsageIsOne) {
  EXPECT_EQ(1, statusfs({}).exit_status);
  EXPECT_EQ(1, statusfs({source().string()}).exit_status);
  EXPECT_EQ(1, statusfs({"--no-such-option"}).exit_status);
  EXPECT_EQ(1, statusfs({"init"}).exit_status);
  EXPECT_EQ(1, statusfs({source().string(), mountpoint().string(), "-o", "no_such_option"}).exit_status);
}

TEST_F(CommandTest, EveryCommandTellsBadUsageFromABadFile) {
  make_sample();
  const std::string file = status_file().string();
  const std::vector<Arguments> usage = {{source().string(), mountpoint().string(), "extra"},
                                        {"-o"},
                                        {source().string(), mountpoint().string(), "-o", "umask=9"},
                                        {source().string(), mountpoint().string(), "-o", "ro=1"},
                                        {source().string(), mountpoint().string(), "-x"},
                                        {"umount"},
                                        {"check"},
                                        {"verify"},
                                        {"recover"},
                                        {"adopt"},
                                        {"check", file, file},
                                        {"verify", "--no-such", file},
                                        {"log"},
                                        {"show"},
                                        {"show", file + "@x"},
                                        {"diff", file},
                                        {"diff", file, "a", "b"},
                                        {"blame"},
                                        {"rollback", file},
                                        {"rollback", file, "x"},
                                        {"reconcile", file},
                                        {"reconcile", file, "--ours", "--theirs"},
                                        {"anchor"},
                                        {"wait"},
                                        {"wait", file, "--timeout", "-1"}};
  for (const Arguments& arguments : usage) {
    const CommandResult result = statusfs(arguments);
    EXPECT_EQ(1, result.exit_status) << arguments.front() << " " << arguments.back() << "\n" << result.error;
    EXPECT_NE("", result.error) << arguments.front();
  }
  const std::string none = (root() / "exec_status_9.txt").string();
  const std::vector<Arguments> unusable = {
      {none, mountpoint().string()},
      {"/dev/null", mountpoint().string()},
      {"umount", mountpoint().string()},
      {"init", none},
      {"check", none},
      {"verify", none},
      {"recover", none},
      {"adopt", none},
      {"adopt", file},
      {"check", mountpoint().string()},
      {"log", none},
      {"show", none + "@1"},
      {"show", file + "@9"},
      {"diff", file, "1", "9"},
      {"blame", file, "no/such"},
      {"rollback", file, "9"},
      {"reconcile", file, "--ours"},
      {"anchor", none},
      {"wait", "/etc/passwd", "--timeout", "1"},
      {"verify", file, "--anchor", "nonsense"},
      {"verify", file, "--public-key", none},
      {source().string(), mountpoint().string(), "-o", "config=" + none},
      {source().string(), mountpoint().string(), "-o", "state=" + none + "/state"}};
  for (const Arguments& arguments : unusable) {
    const CommandResult result = statusfs(arguments);
    EXPECT_EQ(2, result.exit_status) << arguments.front() << " " << arguments.back() << "\n" << all_of(result);
    EXPECT_NE("", all_of(result)) << arguments.front();
  }
  const std::vector<Arguments> done = {{"--help"},      {"--version"}, {"mapping"},
                                       {"check", file}, {"log", file}, {"show", file + "@1"}};
  for (const Arguments& arguments : done) EXPECT_EQ(0, statusfs(arguments).exit_status) << arguments.front();
}

TEST_F(CommandTest, AMissingMountpointIsThree) {
  make_sample();
  const CommandResult result = statusfs({source().string(), (root() / "nowhere").string()});
  EXPECT_EQ(3, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("nowhere")) << result.error;
}

TEST_F(CommandTest, AMountpointInsideSourceIsRefused) {
  make_sample();
  std::filesystem::create_directory(source() / "inside");
  for (const Path& place : {source(), source() / "inside"}) {
    const CommandResult result = statusfs({source().string(), place.string()});
    EXPECT_EQ(3, result.exit_status) << place;
    EXPECT_NE("", result.error) << place;
  }
}

TEST_F(CommandTest, AMountpointInsideSourceIsRefusedUnderAnotherPath) {
  make_sample();
  std::filesystem::create_directory(source() / "inside");
  std::filesystem::create_directory(root() / "bound");
  ASSERT_EQ(0, bash("mount --bind $S $S/../bound").exit_status);
  EXPECT_EQ(3, statusfs({source().string(), (root() / "bound").string()}).exit_status);
  EXPECT_EQ(3, statusfs({source().string(), (root() / "bound" / "inside").string()}).exit_status);
  EXPECT_EQ(0, bash("umount $S/../bound").exit_status);
}

TEST_F(CommandTest, AllowOtherNeedsDefaultPermissions) {
  make_sample();
  const CommandResult result = statusfs({source().string(), mountpoint().string(), "-o", "allow_other"});
  EXPECT_EQ(1, result.exit_status);
  EXPECT_NE(std::string::npos, result.error.find("default_permissions")) << result.error;
}

TEST_F(CommandTest, TheMountAnswersWhenTheCommandReturns) {
  make_sample();
  for (int round = 0; round < 5; ++round) {
    const std::string script = "$B $S $M && cat $T/tasks/task_001_scaffold/status && fusermount3 -u $M";
    const CommandResult result = bash(script);
    EXPECT_EQ("PENDING\n", result.output) << result.error;
    // The old one may still be writing; the next mount waits for it.
  }
}

TEST_F(CommandTest, TheDaemonLetsGoOfItsCallersPipe) {
  make_sample();
  const CommandResult result = bash("timeout 20 sh -c '\"$B\" \"$S\" \"$M\" 2>&1 | cat'");
  EXPECT_EQ(0, result.exit_status) << "the pipe must end when the command returns";
  EXPECT_EQ("PENDING\n", read_file(task("status")));
}

TEST_F(CommandTest, UmountReturnsWhenEverythingIsOnDisk) {
  make_sample();
  for (int round = 1; round <= 10; ++round) {
    mount();
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(round) + "\n"));
    ASSERT_EQ(0, statusfs({"umount", mountpoint().string()}).exit_status);
    ASSERT_EQ(std::to_string(round), jq(".payload.tasks_status[0].percent_complete", status_file()));
  }
  EXPECT_EQ("", bash("ls -A $M").output);
}

TEST_F(CommandTest, UmountOfNoMountFails) { EXPECT_NE(0, statusfs({"umount", mountpoint().string()}).exit_status); }

TEST_F(CommandTest, SigtermEndsCleanly) {
  make_sample();
  Process& daemon = mount_in_foreground();
  ASSERT_EQ(0, write_file(task("percent_complete"), "44\n"));
  daemon.send(SIGTERM);
  EXPECT_EQ(0, daemon.wait()) << daemon.log();
  EXPECT_EQ("44", jq(".payload.tasks_status[0].percent_complete", status_file()));
  EXPECT_EQ("", bash("ls -A $M").output) << "it is no longer mounted";
  expect_verified();
}

// What -d shows of the kernel's requests. Bash closes a duplicate before it writes, and then what it wrote.
TEST_F(CommandTest, CloseIsOnlyAskedForWhereItCanFail) {
  make_sample();
  Process& daemon = mount_in_foreground({"-d"});
  const auto requests = [&](const std::string& kind) {
    const std::string log = daemon.log();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find("opcode: " + kind + " ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  ASSERT_EQ("45\n", bash("cd $T/tasks/task_001_scaffold && echo 45 > percent_complete && cat percent_complete").output);
  EXPECT_EQ(1u, requests("WRITE"));
  EXPECT_EQ(0u, requests("FLUSH"));
  ASSERT_EQ(0, bash("cd $T/tasks/task_001_scaffold && echo '{\"percent_complete\": 46}' > task.json").exit_status);
  EXPECT_EQ(2u, requests("WRITE"));
  EXPECT_LE(1u, requests("FLUSH"));
}

TEST_F(CommandTest, ASecondMountIsRefusedAndNamesTheFirst) {
  make_sample();
  Process& daemon = mount_in_foreground();
  std::filesystem::create_directory(root() / "second");
  const CommandResult refused = statusfs({source().string(), (root() / "second").string()});
  EXPECT_EQ(3, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find(std::to_string(daemon.pid()))) << refused.error;
  EXPECT_EQ("PENDING\n", read_file(task("status"))) << "the first goes on";

  ASSERT_EQ(0, statusfs({source().string(), (root() / "second").string(), "-o", "ro"}).exit_status);
  EXPECT_EQ("PENDING\n", read_file(root() / "second" / "exec_status_125" / "tasks" / first_task / "status"));
}

TEST_F(CommandTest, InitMakesWhatThePlanSays) {
  put_file(plan_file(), test_data("plans/exec_plan_125.txt"));
  ASSERT_EQ(0, statusfs({"init", plan_file().string()}).exit_status);
  const std::string filter =
      "{file_id: .os_file_header.file_id, entity_type: .os_file_header.entity_type, "
      "schema_definition_id_ref: .os_file_header.schema_definition_id_ref, "
      "v_file_instance: .os_file_header.v_file_instance, execution_plan_id_ref: .payload.execution_plan_id_ref, "
      "payload_hash_previous: .payload.payload_hash_previous, "
      "overall_completion_percentage: .payload.overall_status_summary.overall_completion_percentage, "
      "active_blockers_summary: .payload.overall_status_summary.active_blockers_summary, "
      "key_achievements_log: .payload.key_achievements_log, "
      "tasks: [.payload.tasks_status[] | {task_id_ref, status, percent_complete, readiness: .readiness_check.status}]}";
  EXPECT_EQ(Json::parse(test_data("plans/exec_status_125.expected.json")), Json::parse(jq(filter, status_file())));
  EXPECT_EQ(1u, journal().size());
  expect_verified();
  EXPECT_EQ(0, statusfs({"check", status_file().string()}).exit_status);
  EXPECT_EQ(test_data("plans/exec_plan_125.txt"), read_file(plan_file())) << "the plan is only read";
}

TEST_F(CommandTest, InitNeverGoesOverAnExistingFile) {
  put_file(plan_file(), test_data("plans/exec_plan_125.txt"));
  put_file(status_file(), "precious");
  EXPECT_EQ(2, statusfs({"init", plan_file().string()}).exit_status);
  EXPECT_EQ("precious", read_file(status_file()));
  EXPECT_FALSE(std::filesystem::exists(journal_file()));
}

TEST_F(CommandTest, InitRefusesWhatIsNoPlan) {
  const std::vector<std::string> texts = {"{ not json", "[]", "{\"payload\": {}}", plan_text(125, {"same", "same"}),
                                          plan_text(126, {"of_another_number"})};
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    put_file(plan_file(), text);
    const CommandResult result = statusfs({"init", plan_file().string()});
    EXPECT_EQ(2, result.exit_status);
    EXPECT_NE(std::string::npos, result.error.find("exec_plan_125.txt")) << result.error;
    EXPECT_FALSE(std::filesystem::exists(status_file()));
  }
  EXPECT_EQ(2, statusfs({"init", (source() / "exec_plan_9.txt").string()}).exit_status);
}

TEST_F(CommandTest, CheckReportsEveryFindingWithItsPointer) {
  make_adopted_seed();
  const CommandResult enums = statusfs({"check", status_file().string()});
  EXPECT_EQ(2, enums.exit_status);
  EXPECT_NE(std::string::npos, all_of(enums).find("/payload/partition_status")) << all_of(enums);

  Json broken = Json::parse(read_file(status_file()));
  broken["payload"]["tasks_status"][0]["percent_complete"] = 250;
  broken["payload"]["key_achievements_log"][0]["linked_task_id"] = "task_gone";
  broken["payload"]["overall_status_summary"]["overall_completion_percentage"] = 7;
  broken["payload"]["execution_plan_id_ref"] = "exec_plan_9";
  put_file(source() / "exec_status_44.txt", broken.dump(2));
  const CommandResult result = statusfs({"check", (source() / "exec_status_44.txt").string()});
  EXPECT_EQ(2, result.exit_status);
  for (const char* pointer :
       {"/payload/tasks_status/0/percent_complete", "/payload/key_achievements_log/0/linked_task_id",
        "/payload/overall_status_summary/overall_completion_percentage", "/payload/execution_plan_id_ref",
        "/os_file_header/file_id"}) {
    EXPECT_NE(std::string::npos, all_of(result).find(pointer)) << pointer << " is missing in\n" << all_of(result);
  }
}

TEST_F(CommandTest, CheckOfACleanDirectoryIsZero) {
  make_sample();
  make_status_file(126, {"a", "b"});
  EXPECT_EQ(0, statusfs({"check", source().string()}).exit_status);
  EXPECT_EQ(0, statusfs({"verify", source().string()}).exit_status);
  EXPECT_EQ(2, statusfs({"check", (source() / "exec_status_9.txt").string()}).exit_status);
  EXPECT_EQ(2, statusfs({"verify", (source() / "exec_status_9.txt").string()}).exit_status);
}

TEST_F(CommandTest, VerifyFindsAChangedJson) {
  make_sample();
  Json changed = Json::parse(read_file(status_file()));
  changed["payload"]["tasks_status"][1]["percent_complete"] = 99;
  put_file(status_file(), changed.dump(2) + "\n");
  const CommandResult result = statusfs({"verify", status_file().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, all_of(result).find("exec_status_125.txt")) << all_of(result);
}

TEST_F(CommandTest, VerifyFindsAChangedJournalAndSaysWhere) {
  make_sample();
  mount();
  for (const char* value : {"1\n", "2\n", "3\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
  unmount();
  const std::string good = read_file(journal_file());
  std::vector<std::string> lines = lines_of(good);
  ASSERT_EQ(4u, lines.size());
  const std::size_t persona = lines[2].find("\"archetype\":\"S");
  ASSERT_NE(std::string::npos, persona);
  lines[2].replace(persona, 14, "\"archetype\":\"X");
  put_file(journal_file(), lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n" + lines[3] + "\n");
  const CommandResult result = statusfs({"verify", status_file().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, all_of(result).find("line 3")) << all_of(result);

  put_file(journal_file(), lines[0] + "\n" + lines[3] + "\n");
  EXPECT_EQ(2, statusfs({"verify", status_file().string()}).exit_status) << "lines are missing";
  put_file(journal_file(), good);
  expect_verified();
}

TEST_F(CommandTest, VerifyOfNoChainIsTwo) {
  put_file(status_file(), test_data("seed_example.json"));
  EXPECT_EQ(2, statusfs({"verify", status_file().string()}).exit_status);
}

TEST_F(CommandTest, VerifyAndCheckWorkOnAMountedFile) {
  make_sample();
  mount();
  for (int count = 1; count <= 20; ++count) {
    ASSERT_EQ(0, write_file(task("percent_complete"), std::to_string(count) + "\n"));
    const CommandResult result = statusfs({"verify", status_file().string()});
    ASSERT_EQ(0, result.exit_status) << all_of(result);
  }
  EXPECT_EQ(0, statusfs({"check", status_file().string()}).exit_status);
}

TEST_F(CommandTest, RecoverBringsTheJsonUpToDate) {
  make_sample();
  const std::string first = read_file(status_file());
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "61\n"));
  unmount();
  const std::string second = read_file(status_file());
  put_file(status_file(), first);
  const CommandResult lagging = statusfs({"verify", status_file().string()});
  EXPECT_EQ(0, lagging.exit_status) << all_of(lagging);
  EXPECT_NE("", all_of(lagging)) << "a notice says that the JSON lags behind";
  EXPECT_EQ(0, statusfs({"recover", status_file().string()}).exit_status);
  EXPECT_EQ(second, read_file(status_file()));
  EXPECT_EQ(0, statusfs({"recover", source().string()}).exit_status);
  EXPECT_EQ(second, read_file(status_file()));
}

TEST_F(CommandTest, RecoverSaysThatTheJsonIsUpToDateOnceItIs) {
  ASSERT_EQ("", bash("mount -t tmpfs -o size=128k none $S").error);
  make_sample();
  const std::string first = read_file(status_file());
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "61\n"));
  unmount();
  put_file(status_file(), first);
  bash("cat /dev/zero > $S/full");
  const CommandResult hindered = statusfs({"recover", status_file().string()});
  EXPECT_EQ(2, hindered.exit_status);
  EXPECT_EQ(std::string::npos, all_of(hindered).find("brought up to version")) << all_of(hindered);
  std::filesystem::remove(source() / "full");
  const CommandResult done = statusfs({"recover", status_file().string()});
  EXPECT_EQ(0, done.exit_status) << all_of(done);
  EXPECT_NE(std::string::npos, all_of(done).find("brought up to version")) << all_of(done);
  EXPECT_EQ("", bash("umount $S").error);
}

TEST_F(CommandTest, RecoverDropsATornLastLineWithANotice) {
  make_sample();
  mount();
  ASSERT_EQ(0, write_file(task("percent_complete"), "62\n"));
  unmount();
  const std::string good = read_file(journal_file());
  for (const std::size_t count : {std::size_t{1}, std::size_t{40}, lines_of(good).back().size() - 1}) {
    put_file(journal_file(), good + lines_of(good).back().substr(0, count));
    const CommandResult result = statusfs({"recover", status_file().string()});
    EXPECT_EQ(0, result.exit_status) << all_of(result);
    EXPECT_NE("", all_of(result)) << "a notice";
    EXPECT_EQ(good, read_file(journal_file()));
    expect_verified();
  }
}

TEST_F(CommandTest, RecoverRefusesATamperedJournal) {
  make_sample();
  mount();
  for (const char* value : {"1\n", "2\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
  unmount();
  std::string text = read_file(journal_file());
  const std::size_t place = text.rfind("\"uid\":");
  text.insert(place + 6, "9");
  put_file(journal_file(), text);
  const CommandResult result = statusfs({"recover", status_file().string()});
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, all_of(result).find("line 3")) << all_of(result);
  EXPECT_EQ(text, read_file(journal_file())) << "evidence is not changed";
}

TEST_F(CommandTest, AdoptBeginsAChainWithTheCurrentContent) {
  put_file(status_file(), test_data("seed_example.json"));
  ASSERT_EQ(0, statusfs({"adopt", status_file().string()}).exit_status);
  const Json before = Json::parse(test_data("seed_example.json"));
  const Json after = Json::parse(read_file(status_file()));
  EXPECT_EQ(23, after["os_file_header"]["v_file_instance"]);
  EXPECT_EQ(146, after["os_file_header"]["g_file_last_modified"]);
  EXPECT_EQ(before["payload"]["key_achievements_log"], after["payload"]["key_achievements_log"]);
  EXPECT_EQ(before["payload"]["tasks_status"][0]["readiness_check"],
            after["payload"]["tasks_status"][0]["readiness_check"]);
  ASSERT_EQ(1u, journal().size());
  EXPECT_EQ(23, journal().front()["v"]);
}

TEST_F(CommandTest, AdoptReachesAMountedFileThroughItsMount) {
  put_file(status_file(), test_data("seed_example.json"));
  mount();
  ASSERT_EQ(EROFS, write_file(task("execution_log/failure_details"), "x\n"));
  const CommandResult result = statusfs({"adopt", status_file().string()});
  ASSERT_EQ(0, result.exit_status) << all_of(result);
  EXPECT_EQ(23, version());
  EXPECT_VERSIONS(1, write_file(task("execution_log/failure_details"), "x\n"));
  unmount();
  expect_verified();
}

TEST_F(CommandTest, CheckSaysThatTheJsonLagsBehindItsJournal) {
  make_sample();
  const std::string first = read_file(status_file());
  mount();
  for (const char* value : {"61\n", "62\n"}) ASSERT_EQ(0, write_file(task("percent_complete"), value));
  unmount();
  const auto notices = [&](const std::string& command) {
    const CommandResult result = statusfs({command, status_file().string()});
    EXPECT_EQ(0, result.exit_status) << command << "\n" << all_of(result);
    std::string notices;
    for (const std::string& line : lines_of(all_of(result)))
      if (line.find(": notice: ") != std::string::npos) notices += line;
    return notices;
  };
  EXPECT_EQ("", notices("check"));
  put_file(status_file(), first);
  EXPECT_NE(std::string::npos, notices("check").find("at version 1 and follows its journal, which is at 3"));
  EXPECT_EQ(notices("verify"), notices("check"));
  std::filesystem::remove(status_file());
  EXPECT_NE(std::string::npos, notices("verify").find("the JSON is missing"));
  EXPECT_NE(std::string::npos, notices("check").find("the JSON is missing"));

  std::string text = read_file(journal_file());
  text.insert(text.rfind("\"uid\":") + 6, "9");
  put_file(journal_file(), text);
  EXPECT_EQ(2, statusfs({"check", status_file().string()}).exit_status) << "there is nothing to rebuild it from";
}

TEST_F(CommandTest, ARefusedMountIsThree) {
  make_sample();
  std::filesystem::create_directory(source() / "inside");
  std::filesystem::create_directory(root() / "second");
  std::filesystem::create_symlink(source(), root() / "link_to_source");
  std::filesystem::create_symlink(source() / "inside", root() / "link_inside");
  std::filesystem::create_symlink(root() / "nowhere", root() / "link_to_nothing");
  const auto expect_refused = [&](const Path& from, const Path& on) {
    const CommandResult result = statusfs({from.string(), on.string()});
    EXPECT_EQ(3, result.exit_status) << from << " on " << on << "\n" << result.error;
    EXPECT_NE("", result.error);
  };
  for (const Path& place : {source(), source() / "inside", root(), root() / "link_to_source", root() / "link_inside",
                            root() / "nowhere", root() / "link_to_nothing", status_file()})
    expect_refused(source(), place);
  for (const Path& place : {source(), root(), root() / "link_to_source"}) expect_refused(status_file(), place);
  mount();
  expect_refused(source(), root() / "second");
  expect_refused(status_file(), root() / "second");
  EXPECT_EQ("PENDING\n", read_file(task("status"))) << "the first goes on";
}

TEST_F(CommandTest, AMountpointMayBeNamedByALink) {
  make_sample();
  const Path link = root() / "link";
  std::filesystem::create_directory_symlink(mountpoint(), link);
  ASSERT_EQ(0, statusfs({source().string(), link.string()}).exit_status);
  EXPECT_EQ("PENDING\n", read_file(task("status")));
  EXPECT_EQ(0, statusfs({"umount", link.string()}).exit_status);
  EXPECT_EQ("", bash("ls -A $M").output);
}

TEST_F(CommandTest, OneFileMayBeMountedBesideItself) {
  make_sample();
  const Path beside = source() / "beside";
  std::filesystem::create_directory(beside);
  const CommandResult result = statusfs({status_file().string(), beside.string()});
  ASSERT_EQ(0, result.exit_status) << result.error;
  const Path field = beside / "tasks" / first_task / "percent_complete";
  EXPECT_EQ(0, write_file(field, "31\n"));
  EXPECT_EQ("31\n", read_file(field));
  EXPECT_EQ(0, statusfs({"verify", source().string()}).exit_status);
  EXPECT_EQ(0, statusfs({"umount", beside.string()}).exit_status);
  EXPECT_EQ("31", jq(".payload.tasks_status[0].percent_complete", status_file()));

  // What belongs to the file may lie below its directory, too; a mount must not cover it.
  std::filesystem::rename(status_file(), beside / "real.txt");
  std::filesystem::create_symlink("beside/real.txt", status_file());
  const Path closed = status_file().string() + ".journal.d";
  std::filesystem::create_directory(closed);
  for (const Path& place : {beside, closed})
    EXPECT_EQ(3, statusfs({status_file().string(), place.string()}).exit_status) << place;
}

TEST_F(CommandTest, EveryUnusableFileIsNamed) {
  make_sample();
  const Path none = root() / "exec_status_9.txt", bad = root() / "exec_status_8.txt", other = root() / "notes.txt";
  put_file(bad, "{ not json");
  put_file(other, "notes");
  put_file(root() / "exec_plan_8.txt", "{ not json");
  put_file(root() / "exec_plan_125.txt", plan_text(125, {"a"}));
  std::filesystem::copy_file(status_file(), root() / "exec_status_125.txt");
  std::vector<std::pair<Arguments, Path>> all;
  for (const Path& file : {none, bad, other}) {
    for (const char* command : {"check", "verify", "recover", "adopt", "log", "anchor"})
      all.push_back({{command, file.string()}, file});
    all.push_back({{"show", file.string() + "@1"}, file});
    all.push_back({{"diff", file.string(), "1", "2"}, file});
    all.push_back({{"blame", file.string(), "patch"}, file});
    all.push_back({{"rollback", file.string(), "1"}, file});
    all.push_back({{"reconcile", file.string(), "--ours"}, file});
    all.push_back({{"wait", file.string(), "--timeout", "1"}, file});
    if (file != bad) all.push_back({{file.string(), mountpoint().string()}, file});
  }
  for (const Path& plan : {root() / "exec_plan_9.txt", root() / "exec_plan_8.txt", other})
    all.push_back({{"init", plan.string()}, plan});
  all.push_back({{"init", (root() / "exec_plan_125.txt").string()}, root() / "exec_status_125.txt"});
  all.push_back({{"show", status_file().string() + "@9"}, status_file()});
  all.push_back({{"diff", status_file().string(), "1", "9"}, status_file()});
  all.push_back({{"blame", status_file().string(), "no/such"}, status_file()});
  all.push_back({{"rollback", status_file().string(), "9"}, status_file()});
  all.push_back({{"reconcile", status_file().string(), "--ours"}, status_file()});
  all.push_back({{"adopt", status_file().string()}, status_file()});
  all.push_back({{"umount", mountpoint().string()}, mountpoint()});
  all.push_back({{"check", mountpoint().string()}, mountpoint()});
  for (const char* option : {"mapping", "config", "signing_key"})
    all.push_back({{source().string(), mountpoint().string(), "-o", std::string(option) + "=" + none.string()}, none});
  for (const auto& [arguments, named] : all) {
    const CommandResult result = statusfs(arguments);
    EXPECT_EQ(2, result.exit_status) << arguments.front() << " " << arguments.back() << "\n" << all_of(result);
    EXPECT_NE(std::string::npos, all_of(result).find(named.filename()))
        << arguments.front() << " " << arguments.back() << "\n"
        << all_of(result);
  }
}

TEST_F(CommandTest, InitRefusesWhereOnlyAJournalStands) {
  make_sample();
  put_file(plan_file(), test_data("plans/exec_plan_125.txt"));
  std::filesystem::remove(status_file());
  const std::string before = read_file(journal_file());
  const CommandResult result = statusfs({"init", plan_file().string()});
  EXPECT_EQ(2, result.exit_status) << all_of(result);
  EXPECT_EQ(before, read_file(journal_file()));
  EXPECT_FALSE(std::filesystem::exists(status_file()));
}

}  // namespace
}  // namespace statusfs::test
