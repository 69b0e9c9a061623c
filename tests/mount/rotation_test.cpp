// Journals that grow long are closed, and nothing of them is lost.
#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class RotationTest : public SampleTest {
 protected:
  static std::string details(char letter) { return std::string(500'000, letter); }

  // More than 5 MiB of records. The journal is closed once its lock is let go, at the latest by the unmount.
  void fill() {
    for (int round = 0; round < 12; ++round) {
      ASSERT_EQ(0, write_file(task("execution_log/failure_details"), details(static_cast<char>('a' + round))))
          << last_error();
    }
    unmount();
    mount();
    ASSERT_EQ(0, write_file(task("percent_complete"), "7\n"));
    ASSERT_TRUE(std::filesystem::is_directory(closed()));
  }
  Path closed() const { return journal_file().string() + ".d"; }
  // Three closed journals: a copy of what fill() makes, three times over.
  void fill_thrice() {
    for (int round = 0; round < 3; ++round) ASSERT_NO_FATAL_FAILURE(fill());
    unmount();
    ASSERT_LE(3u, names_in(closed()).size());
  }
  CommandResult on_file(const std::string& command, const Arguments& more = {}) {
    Arguments arguments{command, status_file().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return statusfs(arguments);
  }
};

TEST_F(RotationTest, ALongJournalIsClosedAndReadOnFromThere) {
  const int first = version();
  const std::string before = read("status.json");
  ASSERT_NO_FATAL_FAILURE(fill());
  const int last = version();
  EXPECT_EQ(first + 13, last) << "closing a journal makes no version";
  const std::string name = bash("ls " + closed().string()).output;
  EXPECT_EQ(0u, name.find(std::to_string(first) + "-")) << name;
  EXPECT_NE(std::string::npos, name.find(".jsonl.gz\n")) << name;
  EXPECT_EQ("\"rotate\"\n", bash("head -1 $S/exec_status_125.txt.journal | jq .op").output);
  EXPECT_EQ("true\n", bash("[[ $(zcat " + closed().string() +
                           "/*.gz | tail -1 | jq .record_hash) == "
                           "$(head -1 $S/exec_status_125.txt.journal | jq .record_previous) ]] && echo true")
                          .output);
  EXPECT_LT(std::filesystem::file_size(journal_file()), 5'000'000u);
  EXPECT_EQ(static_cast<std::size_t>(last - first + 1), lines_of(on_file("log").output).size());
  EXPECT_EQ(before, read_file(tree(".history") / (std::to_string(first) + ".json")));
  unmount();
  expect_verified();
  mount();
  EXPECT_EQ(last, version());
  EXPECT_EQ(before, read_file(tree(".history") / (std::to_string(first) + ".json")));
  EXPECT_EQ(std::to_string(last - first + 3) + "\n", bash("ls $T/.history | wc -l").output);
  EXPECT_EQ(0, write("tasks/" + std::string(first_task) + "/percent_complete", "8\n"));
  unmount();
  expect_verified();
}

TEST_F(RotationTest, AMountThatOnlyReadsMissesNoEventOfIt) {
  const Path reader = root() / "reader";
  std::filesystem::create_directory(reader);
  ASSERT_EQ(0, statusfs({source().string(), reader.string(), "-o", "ro"}).exit_status);
  const int first = version();
  ASSERT_NO_FATAL_FAILURE(fill());
  const auto events = [&] { return lines_of(read_file(reader / "exec_status_125/events")); };
  EXPECT_TRUE(eventually([&] { return events().size() == 13; })) << events().size();
  int expected = first;
  for (const std::string& line : events()) {
    EXPECT_EQ(++expected, Json::parse(line)["v"]);
    EXPECT_EQ("set", Json::parse(line)["op"]);
  }
}

TEST_F(RotationTest, ADamagedClosedJournalIsFound) {
  ASSERT_NO_FATAL_FAILURE(fill());
  unmount();
  ASSERT_EQ(0, bash("cd " + closed().string() +
                    " && for f in *.gz; do zcat $f | sed '2s/aaaa/aaab/' | gzip > x && mv x $f; done")
                   .exit_status);
  const CommandResult result = on_file("verify");
  EXPECT_EQ(2, result.exit_status);
  EXPECT_NE(std::string::npos, result.output.find("line 2")) << result.output;
  ASSERT_EQ(0, bash("rm -r " + closed().string()).exit_status);
  EXPECT_EQ(2, on_file("verify").exit_status) << "a chain without its beginning";
}

TEST_F(RotationTest, AClosedJournalThatIsMissingIsNamedAndHidesNoOther) {
  ASSERT_NO_FATAL_FAILURE(fill_thrice());
  const std::vector<std::string> names = names_in(closed());
  const std::string missing = names[1].substr(0, names[1].find('.'));
  const int before = std::stoi(missing), behind = std::stoi(missing.substr(missing.find('-') + 1));
  std::filesystem::remove(closed() / names[1]);
  const CommandResult verified = on_file("verify", {"--json"});
  EXPECT_EQ(2, verified.exit_status);
  EXPECT_EQ(before + 1, Json::parse(verified.output)["first_bad_version"]);
  const std::string finding = Json::parse(verified.output)["findings"][0];
  EXPECT_NE(std::string::npos, finding.find("closed journal " + missing + " is missing")) << finding;
  EXPECT_NE(std::string::npos, finding.find(".journal.d/" + names[2] + " line 1: ")) << finding;
  for (const int there : {1, before, behind, behind + 3}) {
    const std::string version = std::to_string(there);
    EXPECT_EQ(0, statusfs({"show", status_file().string() + "@" + version}).exit_status) << version;
  }
  const CommandResult shown = statusfs({"show", status_file().string() + "@" + std::to_string(before + 1)});
  EXPECT_EQ(2, shown.exit_status);
  EXPECT_NE(std::string::npos, shown.error.find("is missing")) << shown.error;
  mount();
  const std::vector<std::string> listed = lines_of(bash("ls $T/.history").output);
  EXPECT_EQ(static_cast<std::size_t>(version() - (behind - before - 1) + 2), listed.size());
  EXPECT_EQ(0, read_error(tree(".history") / (std::to_string(behind) + ".json")));
  EXPECT_EQ(0, read_error(tree(".history") / (std::to_string(before) + ".json")));
  EXPECT_EQ(EIO, read_error(tree(".history") / (std::to_string(before + 1) + ".json")));
  const std::string log = read(".history/log");
  EXPECT_NE(std::string::npos, log.find("closed journal " + missing + " is missing")) << log;
}

TEST_F(RotationTest, AClosedJournalThatIsDamagedAccusesNobodyOfMore) {
  ASSERT_NO_FATAL_FAILURE(fill());
  unmount();
  std::string anchor = on_file("anchor").output;
  anchor.pop_back();
  put_file(closed() / names_in(closed())[0], "no gzip file");
  const CommandResult verified = on_file("verify", {"--json", "--anchor", anchor});
  EXPECT_EQ(2, verified.exit_status);
  const Json object = Json::parse(verified.output);
  EXPECT_EQ(1u, object["findings"].size()) << verified.output;
  EXPECT_EQ(1, object["first_bad_version"]);
  EXPECT_TRUE(object["chained"].is_null());
}

TEST_F(RotationTest, AMissingJournalBehindClosedOnesIsFound) {
  ASSERT_NO_FATAL_FAILURE(fill());
  unmount();
  const std::string name = names_in(closed())[0];
  const int last = std::stoi(name.substr(name.find('-') + 1));
  std::filesystem::remove(journal_file());
  const CommandResult verified = on_file("verify", {"--json"});
  EXPECT_EQ(2, verified.exit_status);
  const Json object = Json::parse(verified.output);
  EXPECT_EQ(last + 1, object["first_bad_version"]);
  EXPECT_NE(std::string::npos, std::string(object["findings"][0]).find("end at version " + std::to_string(last)))
      << verified.output;
}

TEST_F(RotationTest, AnEarlierCopyFromAClosedJournalIsRebuilt) {
  std::filesystem::copy_file(status_file(), root() / "old");
  ASSERT_NO_FATAL_FAILURE(fill());
  unmount();
  std::filesystem::copy_file(root() / "old", status_file(), std::filesystem::copy_options::overwrite_existing);
  ASSERT_EQ(0, on_file("recover").exit_status);
  mount();
  EXPECT_EQ("CONSISTENT\n", read("partition_status"));
  EXPECT_EQ("7\n", read_file(task("percent_complete")));
}

TEST_F(RotationTest, ABurstOfWritesDoesNotOutgrowTheBound) {
  for (int round = 0; round < 30; ++round)
    ASSERT_EQ(0, write_file(task("execution_log/failure_details"), details(static_cast<char>('a' + round % 26))))
        << last_error();
  EXPECT_TRUE(std::filesystem::is_directory(closed()));
  EXPECT_GT(8'000'000u, std::filesystem::file_size(journal_file()));
  unmount();
  expect_verified();
}

}  // namespace
}  // namespace statusfs::test
