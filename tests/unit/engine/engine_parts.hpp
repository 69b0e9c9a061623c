// What the engine works with, as far as tests want it to fail or to take its time.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fs/store/status_source.hpp"
#include "tests/unit/engine/passing_store.hpp"

namespace statusfs {

// A local store that refuses as often as it is told to.
class RefusingStore final : public PassingStore {
 public:
  using PassingStore::PassingStore;

  std::deque<StoreResult> commits, asides, settles, news;  // the next results, instead of trying
  std::deque<StoredFile> loads;                            // the next results of loading
  std::deque<StoreResult> reported;                        // the next commits are done, and this is said of them
  std::chrono::milliseconds load_time{0}, commit_time{0};
  int whole_readings = 0, looks_for_news = 0;

  StoredFile load() override {
    std::this_thread::sleep_for(load_time);
    if (loads.empty()) return PassingStore::load();
    StoredFile next = std::move(loads.front());
    loads.pop_front();
    return next;
  }
  StoreResult commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) override {
    std::this_thread::sleep_for(commit_time);
    return refusal_from(commits, [&] {
      StoreResult done = PassingStore::commit(expected_version, entries);
      return refusal_from(reported, [&] { return done; });
    });
  }
  StoreResult look_for_news() override {
    ++looks_for_news;
    return refusal_from(news, [&] { return PassingStore::look_for_news(); });
  }
  StoreResult set_foreign_aside(std::string& kept_as) override {
    return refusal_from(asides, [&] { return PassingStore::set_foreign_aside(kept_as); });
  }
  StoreResult settle() override {
    return refusal_from(settles, [&] { return PassingStore::settle(); });
  }
  void read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) override {
    ++whole_readings;
    PassingStore::read_records(after_version, visit);
  }

 private:
  template <typename Call>
  static StoreResult refusal_from(std::deque<StoreResult>& refusals, Call call) {
    if (refusals.empty()) return call();
    StoreResult next = std::move(refusals.front());
    refusals.pop_front();
    return next;
  }
};

// Has a plan and nothing else.
class PlanSource final : public StatusSource {
 public:
  std::optional<std::string> plan;

  PlanReading read_plan(const std::string& file_name) override {
    return {file_name, plan, {}, [this, read = plan] { return plan == read; }};
  }
  bool shows_one_file() const override { return true; }
  std::optional<std::string> local_directory() const override { return std::nullopt; }
  std::vector<std::string> list() override { return {}; }
  bool has(const std::string&) override { return true; }
  OpenedFile open(const std::string&) override { return {}; }
  void watch(StatusSourceObserver&) override {}
  void stop_watching() override {}
};

}  // namespace statusfs
