// One status file: who waits for what, and what is left behind.
#include "fs/engine/status_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <limits>

#include "fs/counter/memory_counter.hpp"
#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/document/text.hpp"
#include "tests/unit/engine/engine_parts.hpp"
#include "tests/unit/store/chain_maker.hpp"
#include "tests/unit/store/temporary_directory.hpp"
#include "tests/unit/tree/sample_document.hpp"

namespace statusfs {
namespace {

using std::chrono::milliseconds;

class CountingObserver final : public StatusFileObserver {
 public:
  void versions_published(StatusFile&, std::span<const Version> published) override { versions += published.size(); }
  void state_replaced(StatusFile&) override { ++replaced; }
  void warned(const std::string&, const std::string&) override {}
  void document_freed(StatusFile&) override {}

  std::atomic<std::size_t> versions = 0, replaced = 0;
};

class LargeDocument final : public CachedDocument {
 public:
  std::uint64_t size() const override { return 1'000'000; }
  std::uint64_t last_use() const noexcept override { return 1'000'000; }
  bool free() override { return false; }
};

class StatusFileTest : public ::testing::Test {
 protected:
  StatusFileTest() {
    write_text(path_, maker_.text());
    write_text(path_ + ".journal", maker_.first().record + "\n");
    LocalOptions options;
    options.longest_journal = std::numeric_limits<std::uint64_t>::max() / 2;
    local_ = std::make_unique<LocalStore>(path_, maker_.mapping(), files_, options);
    auto store = std::make_unique<RefusingStore>(*local_);
    store_ = store.get();
    file_ = std::make_unique<StatusFile>("exec_status_7", source_, std::move(store), context_, observer_);
  }

  static StoredFile no_descriptors() {
    StoredFile stored;
    stored.reason = "too many open files";
    stored.may_pass = true;
    return stored;
  }

  void submit_write(const std::string& text) { submit_write_to(*file_, text); }
  void submit_write_to(StatusFile& file, const std::string& text) {
    Job job;
    job.request = WriteRequest{WriteRequest::Kind::set,
                               node_at(*maker_.document(), "tasks/one/readiness_check/idempotency_key"), text};
    job.author = {"TESTER", "SUPERVISOR", ::getuid(), 1, std::string(32, 'a')};
    job.done = [this](const std::optional<Rejection>& refusal) { ++(refusal ? refused_ : done_); };
    file.submit(std::move(job));
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "exec_status_7.txt";
  PosixFiles files_;
  ChainMaker maker_;
  MemoryCounter counter_{10};
  Metrics metrics_;
  DocumentCache cache_{1};
  PlanSource source_;
  CountingObserver observer_;
  EngineContext context_{.mapping = maker_.mapping(),
                         .counter = counter_,
                         .metrics = metrics_,
                         .config = [] { return default_config("SUPERVISOR", ::getuid()); },
                         .log = [](const std::string&) {},
                         .cache = &cache_};
  std::atomic<int> done_ = 0, refused_ = 0;
  std::unique_ptr<LocalStore> local_;
  RefusingStore* store_ = nullptr;
  std::unique_ptr<StatusFile> file_;
};

TEST_F(StatusFileTest, DrainsWhatIsQueuedThoughNothingIsLoaded) {
  store_->load_time = milliseconds(100);
  store_->commit_time = milliseconds(100);
  submit_write("value");
  file_->drain();
  EXPECT_EQ(1, done_);
}

TEST_F(StatusFileTest, DrainingAnIdleFileLoadsNothing) {
  file_->drain();
  EXPECT_EQ(nullptr, file_->loaded_state());
}

TEST_F(StatusFileTest, SettlingFailsForTheReasonThatTheStoreTells) {
  file_->state();
  const std::vector<std::pair<StoreStatus, Cause>> expected = {{StoreStatus::no_space, Cause::no_space},
                                                               {StoreStatus::quota, Cause::quota},
                                                               {StoreStatus::busy, Cause::busy},
                                                               {StoreStatus::refused, Cause::read_only},
                                                               {StoreStatus::failed, Cause::io_failure}};
  for (const auto& [status, cause] : expected) {
    store_->settles = {{status, "told so"}};
    try {
      file_->settle();
      ADD_FAILURE() << "settled";
    } catch (const Rejection& rejection) {
      EXPECT_EQ(cause, rejection.cause());
    }
  }
}

TEST_F(StatusFileTest, WhatCouldNotBeLoadedForAPassingReasonIsLoadedAgainOfItsOwnAccord) {
  store_->loads = {no_descriptors(), no_descriptors()};
  EXPECT_EQ(nullptr, file_->state()->document);
  const auto is_loaded = [&] { return file_->loaded_state()->document != nullptr; };
  for (int rest = 500; rest > 0 && !is_loaded(); --rest) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(is_loaded());
  EXPECT_TRUE(store_->loads.empty());
}

TEST_F(StatusFileTest, WhatCouldNotBeLoadedForAPassingReasonIsLoadedAgainWhenItIsUsed) {
  store_->loads = {no_descriptors(), no_descriptors(), no_descriptors(), no_descriptors(), no_descriptors()};
  EXPECT_TRUE(file_->state()->may_pass);
  submit_write("value");
  file_->drain();
  EXPECT_EQ(1, refused_);
  // Of its own accord it would be for the fifth time after some four seconds.
  const auto begun = std::chrono::steady_clock::now();
  while (!file_->state()->document && std::chrono::steady_clock::now() < begun + std::chrono::seconds(10))
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
  submit_write("value");
  file_->drain();
  EXPECT_EQ(1, done_);
}

TEST_F(StatusFileTest, TheCacheKnowsNoFileThatEnded) {
  store_->load_time = milliseconds(100);
  submit_write("value");
  std::this_thread::sleep_for(milliseconds(20));
  file_.reset();
  EXPECT_EQ(1, done_ + refused_);
  LargeDocument other;
  cache_.add(other);
  cache_.remove(other);
}

TEST_F(StatusFileTest, ReadersAreToldNothingOfAJournalThatIsClosed) {
  file_.reset();
  local_.reset();
  LocalOptions options;
  options.longest_journal = 16'000;
  StatusFile file("exec_status_7", source_, std::make_unique<LocalStore>(path_, maker_.mapping(), files_, options),
                  context_, observer_);
  const auto first = file.state();
  constexpr int writes = 60;
  for (int count = 0; count < writes; ++count) {
    submit_write_to(file, "value " + std::to_string(count));
    file.drain();
  }
  const std::string directory = path_ + ".journal.d";
  const std::filesystem::directory_iterator closed(directory), end;
  EXPECT_LT(1, std::distance(closed, end)) << "the journal was closed several times";
  EXPECT_EQ(writes, done_);
  EXPECT_EQ(static_cast<std::size_t>(writes), observer_.versions);
  EXPECT_EQ(0u, observer_.replaced);
  const auto state = file.loaded_state();
  EXPECT_EQ(first->head.version + writes, state->head.version);
  file.settle();
  EXPECT_EQ(read_text(path_), indented_document(state->document->root()));
}

}  // namespace
}  // namespace statusfs
