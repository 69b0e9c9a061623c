// What a writer is told, and what becomes of a foreign change, where the store refuses something for a while.
#include "fs/engine/committer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <limits>
#include <sstream>

#include "fs/counter/memory_counter.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/text.hpp"
#include "mapping/schema/default_mapping.hpp"
#include "mapping/schema/mapping_loader.hpp"
#include "tests/unit/engine/engine_parts.hpp"
#include "tests/unit/store/chain_maker.hpp"
#include "tests/unit/store/temporary_directory.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Knows whether somebody holds a lease.
class WatchedCounter final : public GlobalCounter {
 public:
  std::unique_ptr<Lease> begin() override { return std::make_unique<WatchedLease>(inner_.begin(), leases); }
  void raise(std::int64_t g) override { inner_.raise(g); }
  std::int64_t next() { return inner_.begin()->next(); }

  int leases = 0;

 private:
  class WatchedLease final : public Lease {
   public:
    WatchedLease(std::unique_ptr<Lease> inner, int& leases) : inner_(std::move(inner)), leases_(leases) { ++leases_; }
    ~WatchedLease() override { --leases_; }
    std::int64_t next() override { return inner_->next(); }
    void commit() override { inner_->commit(); }

   private:
    std::unique_ptr<Lease> inner_;
    int& leases_;
  };
  MemoryCounter inner_{10};
};

class Readers final : public VersionEvents {
 public:
  std::vector<std::uint64_t> told;  // versions
  void publish(std::span<const Version> versions, std::shared_ptr<const FileState>) override {
    for (const Version& version : versions) told.push_back(version.head.version);
  }
  void replace(std::shared_ptr<const FileState>) override {}
  void warn(const std::string&) override {}
};

std::shared_ptr<const Mapping> warning_mapping() {
  std::string text(default_mapping_text());
  const std::string enforced = "mode: enforce", warned = "mode: warn";
  for (std::size_t at = 0; (at = text.find(enforced, at)) != std::string::npos; at += warned.size())
    text.replace(at, enforced.size(), warned);
  return load_mapping(text, "test");
}

class CommitterTest : public ::testing::Test {
 protected:
  void put_chain() {
    write_text(path_, maker_.text());
    write_text(path_ + ".journal", maker_.first().record + "\n");
  }
  void open(std::shared_ptr<const Mapping> mapping = default_mapping()) {
    LocalOptions options;
    options.longest_journal = std::numeric_limits<std::uint64_t>::max() / 2;
    local_ = std::make_unique<LocalStore>(path_, mapping, files_, options);
    store_ = std::make_unique<RefusingStore>(*local_);
    context_ =
        std::make_unique<EngineContext>(EngineContext{mapping, counter_, metrics_, [this] { return config_; },
                                                      [this](const std::string& notice) { log_.push_back(notice); }});
    committer_ = std::make_unique<Committer>("exec_status_7", source_, *store_, *context_, readers_);
    state_ = committer_->load();
  }

  static std::string name_of(const std::optional<Rejection>& refusal) {
    if (!refusal) return "done";
    switch (refusal->cause()) {
      case Cause::read_only:
        return "read-only";
      case Cause::not_found:
        return "not found";
      case Cause::busy:
        return "busy";
      case Cause::no_space:
        return "no space";
      case Cause::io_failure:
        return "io failure";
      default:
        return refusal->what();
    }
  }
  Job job_of(std::variant<WriteRequest, ControlRequest, CheckRequest, Barrier> request) {
    Job job;
    job.request = std::move(request);
    job.author = {"TESTER", "SUPERVISOR", ::getuid(), 1, std::string(32, 'a')};
    job.done = [this](const std::optional<Rejection>& refusal) {
      answers_.push_back(name_of(refusal));
      leases_at_answers_.push_back(counter_.leases);
    };
    job.warned = [this](const RuleWarning& warning) { answers_.push_back("warned: " + warning.rule); };
    return job;
  }
  Job write_of(const std::string& path, const std::string& text) {
    return job_of(WriteRequest{WriteRequest::Kind::set, node_at(*state_->document, path), text});
  }
  std::vector<std::string> run(std::vector<Job> jobs) {
    answers_.clear();
    committer_->run(std::move(jobs), {});
    return answers_;
  }
  template <typename... Jobs>
  std::vector<std::string> run(Job first, Jobs... others) {
    std::vector<Job> jobs;
    jobs.push_back(std::move(first));
    (jobs.push_back(std::move(others)), ...);
    return run(std::move(jobs));
  }
  std::vector<std::string> write(const std::string& text) {
    return run(write_of("tasks/one/readiness_check/idempotency_key", text));
  }
  void look() { run(job_of(CheckRequest{})); }

  /// What another program puts there: one value is another.
  std::string edited_text() const {
    std::string text = maker_.text();
    return text.replace(text.find("PENDING"), 7, "BLOCKED");
  }
  std::vector<JournalRecord> journal() const {
    std::vector<JournalRecord> records;
    std::istringstream lines(read_text(path_ + ".journal"));
    for (std::string line; std::getline(lines, line);) records.push_back(decode_record(line));
    return records;
  }
  std::vector<std::string> operations() const {
    std::vector<std::string> operations;
    for (const JournalRecord& record : journal()) operations.push_back(record.op);
    return operations;
  }
  bool is_kept(const std::string& text) const {
    for (const std::string& name : directory_.names())
      if (read_text(directory_ / name) == text) return true;
    return false;
  }

  const StoreResult full_{StoreStatus::no_space, "the disk is full"};
  const StoreResult foreign_{StoreStatus::foreign, "was changed by another program"};

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "exec_status_7.txt";
  PosixFiles files_;
  ChainMaker maker_;
  WatchedCounter counter_;
  Metrics metrics_;
  Config config_ = default_config("SUPERVISOR", ::getuid());
  PlanSource source_;
  Readers readers_;
  std::vector<std::string> log_, answers_;
  std::vector<int> leases_at_answers_;
  std::unique_ptr<LocalStore> local_;
  std::unique_ptr<RefusingStore> store_;
  std::unique_ptr<EngineContext> context_;
  std::unique_ptr<Committer> committer_;
  std::shared_ptr<const FileState> state_;
};

// --- foreign changes -------------------------------------------------------------------------------------------------

TEST_F(CommitterTest, AForeignChangeThatIsNeitherCommittedNorKeptAsideIsNotOverwritten) {
  put_chain();
  config_.external = ExternalChanges::adopt;
  open();
  const std::string foreign = edited_text();
  replace_text(path_, foreign);
  store_->commits = {{StoreStatus::too_large, "too large"}};
  store_->asides = {full_};
  EXPECT_THAT(write("first"), ElementsAre("no space"));
  EXPECT_TRUE(is_kept(foreign));
  EXPECT_THAT(write("second"), ElementsAre("done"));
  EXPECT_EQ(local_->settle().status, StoreStatus::done);
  EXPECT_THAT(operations(), ElementsAre("adopt", "external", "set")) << "it was adopted once there was room";
}

TEST_F(CommitterTest, AValidSuccessorIsNoReasonForQuarantineWhileItCannotBeWritten) {
  put_chain();
  open();
  maker_.next();
  const std::string successor = maker_.text();
  for (const StoreStatus status :
       {StoreStatus::no_space, StoreStatus::quota, StoreStatus::busy, StoreStatus::failed, StoreStatus::lost}) {
    replace_text(path_, successor);
    store_->commits = {{status, "not now"}};
    look();
    EXPECT_TRUE(read_text(path_) == successor);
    EXPECT_THAT(operations(), ElementsAre("adopt"));
  }
  look();
  EXPECT_THAT(operations(), ElementsAre("adopt", "external"));
}

TEST_F(CommitterTest, AWriterIsToldWhyAForeignChangeCannotBeKeptAside) {
  put_chain();
  open();
  replace_text(path_, "{ this is not JSON");
  store_->asides.assign(1000, full_);
  EXPECT_THAT(write("value"), ElementsAre("no space"));
  EXPECT_EQ(999u, store_->asides.size()) << "it is tried once";
  ASSERT_THAT(log_, testing::SizeIs(1));
  EXPECT_THAT(log_.front(), testing::Not(HasSubstr("internal failure")));
}

TEST_F(CommitterTest, NothingIsWrittenBeforeAQuarantineIsRecorded) {
  put_chain();
  open();
  const std::string foreign = edited_text();
  replace_text(path_, foreign);
  store_->commits = {full_, full_};
  look();
  EXPECT_TRUE(is_kept(foreign));
  EXPECT_THAT(write("value"), ElementsAre("no space"));
  EXPECT_THAT(operations(), ElementsAre("adopt"));
  EXPECT_THAT(write("value"), ElementsAre("read-only"));
  EXPECT_THAT(operations(), ElementsAre("adopt", "quarantine"));
  EXPECT_EQ("exec_status_7.txt.foreign-1", journal().back().path);
}

TEST_F(CommitterTest, AForeignChangeThatIsFoundByACommitIsResolvedAndTheWriteDone) {
  put_chain();
  open();
  store_->commits = {foreign_};
  EXPECT_THAT(write("value"), ElementsAre("done"));
  EXPECT_THAT(operations(), ElementsAre("adopt", "set"));
}

TEST_F(CommitterTest, AForeignChangeThatIsReplacedAgainAndAgainIsAdoptedOnceItStands) {
  put_chain();
  config_.external = ExternalChanges::adopt;
  open();
  replace_text(path_, edited_text());
  store_->commits = {foreign_, foreign_, foreign_, foreign_};
  EXPECT_THAT(write("value"), ElementsAre("done"));
  EXPECT_THAT(operations(), ElementsAre("adopt", "external", "set"));
}

// --- the global counter ----------------------------------------------------------------------------------------------

TEST_F(CommitterTest, AFileWithoutAChainThatIsReplacedRaisesTheCounter) {
  write_text(path_, plain_status_text());
  open();
  std::string later = plain_status_text();
  const std::string g = "\"g_last_update\": ";
  later.replace(later.find(g) + g.size(), 1, "5000");
  replace_text(path_, later);
  look();
  EXPECT_EQ(5001, counter_.next());
}

TEST_F(CommitterTest, AForeignSuccessorRaisesTheCounter) {
  put_chain();
  open();
  ChainMaker other(maker_.document(), [&] {
    ChainHead head = maker_.head();
    head.g = 9000;
    return head;
  }());
  other.next();
  replace_text(path_, other.text());
  look();
  ASSERT_THAT(operations(), ElementsAre("adopt", "external"));
  EXPECT_EQ(9001, journal().back().g) << "its own number";
  EXPECT_EQ(9002, counter_.next());
}

TEST_F(CommitterTest, NobodyIsAnsweredWhileTheCounterIsHeld) {
  put_chain();
  open();
  const std::string key = "tasks/one/readiness_check/idempotency_key";
  std::vector<Job> jobs;
  jobs.push_back(write_of("tasks/one/status", "SKIPPED"));
  jobs.push_back(write_of("tasks/one/status", "BLOCKED"));  // but not after the first
  jobs.push_back(write_of(key, "value"));
  store_->commits = {{StoreStatus::conflict, "another was first"}, full_};
  EXPECT_THAT(run(std::move(jobs)), ElementsAre("no space", "no space", "no space"));
  EXPECT_THAT(leases_at_answers_, testing::Each(0));
}

// --- other hosts -----------------------------------------------------------------------------------------------------

TEST_F(CommitterTest, AWriteThatChangesNothingIsJudgedByTheNewestVersion) {
  put_chain();
  open();
  ASSERT_THAT(write("value"), ElementsAre("done"));
  ASSERT_EQ(0, store_->looks_for_news) << "the commit compares";
  EXPECT_THAT(write("value"), ElementsAre("done"));
  EXPECT_EQ(1, store_->looks_for_news);
  store_->news = {{StoreStatus::conflict, "another was first"}};
  EXPECT_THAT(write("value"), ElementsAre("done"));
  EXPECT_EQ(3, store_->looks_for_news) << "and again, when it is judged by what the other wrote";
  store_->news = {{StoreStatus::lost, "no quorum"}};
  EXPECT_THAT(write("value"), ElementsAre("read-only"));
  EXPECT_THAT(operations(), ElementsAre("adopt", "set"));
}

TEST_F(CommitterTest, ARefusalByAVersionThatDidNotComeToBeIsNone) {
  put_chain();
  open();
  const auto jobs = [&] {
    std::vector<Job> jobs;
    jobs.push_back(write_of("tasks/one/status", "SKIPPED"));
    jobs.push_back(write_of("tasks/one/status", "BLOCKED"));  // but not after the first
    return jobs;
  };
  store_->commits = {full_};
  EXPECT_THAT(run(jobs()), ElementsAre("no space", "no space"));
  store_->commits = {{StoreStatus::conflict, "another was first"}};
  EXPECT_THAT(run(jobs()), ElementsAre("done", HasSubstr("cannot go"))) << "both are judged again, in their order";
}

TEST_F(CommitterTest, WhatWasWrittenAfterAllIsTold) {
  put_chain();
  open();
  ASSERT_THAT(write("first"), ElementsAre("done"));
  store_->reported = {{StoreStatus::failed, "nobody knows"}};
  EXPECT_THAT(write("second"), ElementsAre("io failure"));
  const std::uint64_t first = maker_.first().head.version + 1;
  EXPECT_THAT(readers_.told, ElementsAre(first));
  EXPECT_THAT(write("third"), ElementsAre("done"));
  EXPECT_THAT(readers_.told, ElementsAre(first, first + 1, first + 2));
}

// --- rules -----------------------------------------------------------------------------------------------------------

TEST_F(CommitterTest, ABrokenRuleIsToldOnceTheWriteIsDurable) {
  put_chain();
  open(warning_mapping());
  const auto job = [&] { return write_of("tasks/one/status", "FAILED"); };
  store_->commits = {full_};
  EXPECT_THAT(run(job()), ElementsAre("no space"));
  store_->commits = {{StoreStatus::conflict, "another was first"}};
  EXPECT_THAT(run(job()), ElementsAre("warned: task-life", "warned: failed-needs-details", "done"));
}

// --- the plan --------------------------------------------------------------------------------------------------------

TEST_F(CommitterTest, APlanStaysInForceWhileItsFileIsUnusable) {
  write_text(path_, plain_status_text());
  source_.plan = R"({"os_file_header": {"file_id": "exec_plan_7", "entity_type": "EXECUTION_PLAN"},
    "payload": {"execution_plan_id": "exec_plan_7", "final_execution_status": "DONE",
                "final_validation_status": "VALIDATED", "tasks": []}})";
  open();
  write_text(path_, "{ this is not JSON");
  look();
  write_text(path_, plain_status_text());
  look();
  EXPECT_THAT(run(job_of(ControlRequest())), ElementsAre("done"));
  EXPECT_THAT(write("value"), ElementsAre("read-only"));
}

// --- rolling back ----------------------------------------------------------------------------------------------------

TEST_F(CommitterTest, ARollbackReadsNoMoreThanItsVersionNeeds) {
  put_chain();
  open();
  ASSERT_THAT(write("first"), ElementsAre("done"));
  ASSERT_THAT(write("second"), ElementsAre("done"));
  const auto to = [&](std::uint64_t version) {
    ControlRequest request;
    request.command = ControlRequest::Command::rollback;
    request.version = version;
    return job_of(request);
  };
  const std::uint64_t first = maker_.first().head.version;
  EXPECT_THAT(run(to(0)), ElementsAre("not found"));
  EXPECT_THAT(run(to(first - 1)), ElementsAre("not found"));
  EXPECT_THAT(run(to(first + 3)), ElementsAre("not found"));
  EXPECT_THAT(run(to(first + 1)), ElementsAre("done"));
  EXPECT_THAT(journal().back().op, "rollback");
  EXPECT_EQ(0, store_->whole_readings);
}

TEST_F(CommitterTest, NothingIsRolledBackToAVersionThatWasTamperedWith) {
  put_chain();
  open();
  ASSERT_THAT(write("first"), ElementsAre("done"));
  ASSERT_THAT(write("second"), ElementsAre("done"));
  std::string lines = read_text(path_ + ".journal");
  lines.replace(lines.find("first"), 5, "worst");
  write_text(path_ + ".journal", lines);
  ControlRequest request;
  request.command = ControlRequest::Command::rollback;
  request.version = maker_.first().head.version + 1;
  EXPECT_THAT(run(job_of(request)), ElementsAre("io failure"));
  EXPECT_TRUE(read_text(path_ + ".journal") == lines);
}

}  // namespace
}  // namespace statusfs
