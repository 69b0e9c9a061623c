// The way out of quarantine: statusfs reconcile --ours, --theirs, --merge.
#include <algorithm>
#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {
namespace {

class SlowReconcileTest : public SampleTest {
 protected:
  static std::string path_of(const std::string& field) { return "tasks/" + std::string(first_task) + "/" + field; }
  static Json& first_of(Json& document) { return document["payload"]["tasks_status"][0]; }

  // Somebody edits the file without setting hashes: percent_complete of the first task becomes 77.
  void edit(const std::function<void(Json&)>& change, const std::string& behind = "\n") {
    Json document = document_on_disk();
    change(document);
    foreign_ = document.dump(2) + behind;
    ASSERT_NO_FATAL_FAILURE(replace_under_lock(foreign_));
    ASSERT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
  }
  std::string foreign_;
};

class ReconcileTest : public SlowReconcileTest, public ::testing::WithParamInterface<bool> {
 protected:
  CommandResult reconcile(const Arguments& more) {
    Arguments arguments{"reconcile", status_file().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (!GetParam()) unmount();
    const CommandResult result = statusfs(arguments);
    if (!GetParam()) mount();
    return result;
  }
  // Our side changes after the other one was read: the journal goes on where the foreign content does not know of it.
  void edit_behind_our_back(const std::function<void(Json&)>& theirs, const std::string& field,
                            const std::string& ours) {
    Json document = document_on_disk();
    ASSERT_EQ(0, write(path_of(field), ours));
    theirs(document);
    foreign_ = document.dump(2) + "\n";
    document_on_disk();
    ASSERT_NO_FATAL_FAILURE(replace_under_lock(foreign_));
    ASSERT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
  }
  void expect_consistent(int versions_more) {
    EXPECT_EQ("CONSISTENT\n", read("partition_status"));
    EXPECT_EQ(versions_more, version());
    EXPECT_EQ("reconcile", journal().back()["op"]);
    EXPECT_EQ(0, write(path_of("readiness_check/idempotency_key"), "again\n")) << last_error();
    unmount();
    expect_verified();
  }
};

INSTANTIATE_TEST_SUITE_P(MountedOrNot, ReconcileTest, ::testing::Bool(), ::testing::PrintToStringParamName());

TEST_P(ReconcileTest, OursKeepsOurContent) {
  edit([](Json& document) { first_of(document)["percent_complete"] = 77; });
  const int last = version();
  const CommandResult result = reconcile({"--ours"});
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("0\n", read(path_of("percent_complete")));
  const std::string path = journal().back()["path"];
  EXPECT_EQ(0u, path.find("exec_status_125.txt.foreign-1 sha256:")) << path;
  EXPECT_NE(std::string::npos,
            path.find(bash("sha256sum < $S/exec_status_125.txt.foreign-1 | cut -c1-64 | tr -d '\\n'").output));
  EXPECT_EQ(foreign_, read_file(source() / "exec_status_125.txt.foreign-1"));
  expect_consistent(last + 1);
}

TEST_P(ReconcileTest, TheirsTakesTheForeignContent) {
  edit([](Json& document) { first_of(document)["percent_complete"] = 77; });
  const int last = version();
  const CommandResult result = reconcile({"--theirs"});
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("77\n", read(path_of("percent_complete")));
  expect_consistent(last + 1);
}

TEST_P(ReconcileTest, TheirsLeavesOutWhatTheRulesRefuseAndNamesIt) {
  edit([](Json& document) {
    first_of(document)["percent_complete"] = 77;
    first_of(document)["readiness_check"]["status"] = "GONE";
    document["payload"]["tasks_status"][1]["percent_complete"] = 101;
  });
  const int last = version();
  const CommandResult result = reconcile({"--theirs"});
  ASSERT_EQ(0, result.exit_status) << result.error;
  const std::string second = document()["payload"]["tasks_status"][1]["task_id_ref"];
  EXPECT_EQ("77\n", read(path_of("percent_complete")));
  EXPECT_EQ("0\n", read("tasks/" + second + "/percent_complete"));
  for (const std::string& field : {path_of("readiness_check/status"), "tasks/" + second + "/percent_complete"})
    EXPECT_NE(std::string::npos, result.error.find("left out: " + field + " of exec_status_125.txt.foreign-1: "))
        << result.error;
  EXPECT_EQ(2, std::ranges::count_if(lines_of(result.error),
                                     [](const std::string& line) { return line.find("left out: ") != line.npos; }))
      << result.error;
  expect_consistent(last + 1);
}

TEST_P(ReconcileTest, MergeTakesWhatOneSideAloneChanged) {
  edit_behind_our_back([](Json& document) { first_of(document)["percent_complete"] = 77; },
                       "readiness_check/idempotency_key", "ours\n");
  const int last = version();
  const CommandResult result = reconcile({"--merge"});
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("77\n", read(path_of("percent_complete")));
  EXPECT_EQ("ours\n", read(path_of("readiness_check/idempotency_key")));
  expect_consistent(last + 1);
}

TEST_P(ReconcileTest, AConflictIsListedAndNothingIsWritten) {
  edit_behind_our_back([](Json& document) { first_of(document)["percent_complete"] = 77; }, "percent_complete", "5\n");
  const int last = version();
  const CommandResult refused = reconcile({"--merge"});
  EXPECT_EQ(2, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find(path_of("percent_complete") + " is 5 in ours and 77 in theirs"))
      << refused.error;
  EXPECT_EQ(last, version());
  EXPECT_EQ("PARTITIONED\n", read("partition_status"));
  ASSERT_EQ(0, reconcile({"--merge", "--prefer", "theirs"}).exit_status);
  EXPECT_EQ("77\n", read(path_of("percent_complete")));
  expect_consistent(last + 1);
}

TEST_P(ReconcileTest, WhatIsNoStatusFileLeavesOurs) {
  ASSERT_NO_FATAL_FAILURE(replace_under_lock("{ no JSON\n"));
  ASSERT_TRUE(eventually([&] { return read("partition_status") == "PARTITIONED\n"; }));
  const CommandResult refused = reconcile({"--merge"});
  EXPECT_EQ(2, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("--ours")) << refused.error;
  EXPECT_EQ(0, reconcile({"--ours"}).exit_status);
  EXPECT_EQ("CONSISTENT\n", read("partition_status"));
}

TEST_P(ReconcileTest, WhatCannotBeReadAnyMoreLeavesOurs) {
  edit([](Json& document) { first_of(document)["percent_complete"] = 77; });
  const int last = version();
  ASSERT_TRUE(std::filesystem::remove(source() / "exec_status_125.txt.foreign-1"));
  for (const char* asked : {"--theirs", "--merge"}) {
    const CommandResult refused = reconcile({asked});
    EXPECT_EQ(2, refused.exit_status);
    EXPECT_NE(std::string::npos, refused.error.find("only --ours is possible")) << refused.error;
  }
  const CommandResult result = reconcile({"--ours"});
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("0\n", read(path_of("percent_complete")));
  EXPECT_EQ("exec_status_125.txt.foreign-1", journal().back()["path"]);
  expect_consistent(last + 1);
}

TEST_P(ReconcileTest, AJournalThatBeganInQuarantineLeavesOurs) {
  edit([](Json& document) { first_of(document)["percent_complete"] = 77; });
  unmount();
  ASSERT_TRUE(std::filesystem::remove(journal_file()));
  mount();
  ASSERT_EQ("PARTITIONED\n", read("partition_status"));
  const int last = version();
  const CommandResult refused = reconcile({"--merge"});
  EXPECT_EQ(2, refused.exit_status);
  EXPECT_NE(std::string::npos, refused.error.find("only --ours is possible")) << refused.error;
  const CommandResult result = reconcile({"--ours"});
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_EQ("", journal().back()["path"]);
  expect_consistent(last + 1);
}

// A foreign file that takes long to read: its values are ordinary, and behind them stand many blanks.
TEST_F(SlowReconcileTest, ReconcilingIsReadWhileItRuns) {
  edit([](Json& document) { first_of(document)["percent_complete"] = 77; }, std::string(25'000'000, ' '));
  std::atomic<bool> is_over = false;
  std::set<std::string> seen;
  int refusal = 0;
  std::string state_after_refusal;
  std::jthread reader([&] {
    while (!is_over) {
      const std::string state = read("partition_status");
      if (state == "RECONCILING\n" && refusal == 0) {
        refusal = write(path_of("percent_complete"), "500\n");  // no version whenever it comes
        state_after_refusal = read("partition_status");
      }
      seen.insert(state);
    }
  });
  const CommandResult result = statusfs({"reconcile", status_file().string(), "--theirs"});
  is_over = true;
  reader.join();
  ASSERT_EQ(0, result.exit_status) << result.error;
  EXPECT_TRUE(seen.contains("RECONCILING\n"));
  EXPECT_TRUE(refusal == EROFS || (refusal == EINVAL && state_after_refusal != "RECONCILING\n"))
      << refusal << " " << state_after_refusal;
  EXPECT_EQ("77\n", read(path_of("percent_complete")));
  EXPECT_EQ("CONSISTENT\n", read("partition_status"));
  for (const Json& record : journal())
    EXPECT_EQ(std::string::npos, record.dump().find("RECONCILING")) << "it is no version";
  EXPECT_EQ("reconcile", journal().back()["op"]);
}

TEST_P(ReconcileTest, WithoutAQuarantineThereIsNothingToDo) {
  const int last = version();
  EXPECT_EQ(2, reconcile({"--ours"}).exit_status);
  EXPECT_EQ(last, version());
  EXPECT_EQ(1, statusfs({"reconcile", status_file().string()}).exit_status);
}

}  // namespace
}  // namespace statusfs::test
