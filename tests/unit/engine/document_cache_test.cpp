#include "fs/engine/document_cache.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace statusfs {
namespace {

class Document final : public CachedDocument {
 public:
  std::uint64_t size() const override { return is_loaded ? bytes.load() : 0; }
  std::uint64_t last_use() const noexcept override { return used; }
  bool free() override {
    if (is_busy) return false;
    is_loaded = false;
    return true;
  }

  // The cache's own thread looks at them, too.
  std::atomic<std::uint64_t> bytes = 100;
  std::atomic<std::uint64_t> used = 0;
  std::atomic<bool> is_loaded = false;
  std::atomic<bool> is_busy = false;
};

class DocumentCacheTest : public ::testing::Test {
 protected:
  Document& document(const std::string& name) {
    return *documents_.try_emplace(name, std::make_unique<Document>()).first->second;
  }
  void load(const std::string& name) {
    document(name).is_loaded = true;
    use(name);
    cache_.add(document(name));
  }
  void use(const std::string& name) { document(name).used = cache_.now(); }
  std::string loaded() const {
    std::string names;
    for (const auto& [name, document] : documents_)
      if (document->is_loaded) names += name;
    return names;
  }

  std::map<std::string, std::unique_ptr<Document>> documents_;
  DocumentCache cache_{300 * DocumentCache::memory_per_byte};  // three documents; ends first: its thread looks at them
};

TEST_F(DocumentCacheTest, NothingIsFreedBelowTheLimit) {
  for (const char* name : {"a", "b", "c"}) load(name);
  EXPECT_EQ(loaded(), "abc");
}

TEST_F(DocumentCacheTest, WhatWasNotNeededForLongestIsFreed) {
  for (const char* name : {"a", "b", "c"}) load(name);
  use("a");
  load("d");
  EXPECT_EQ(loaded(), "acd");
  load("b");
  EXPECT_EQ(loaded(), "abd");
}

TEST_F(DocumentCacheTest, WhatIsInUseStays) {
  for (const char* name : {"a", "b", "c"}) load(name);
  document("a").is_busy = true;
  load("d");
  EXPECT_EQ(loaded(), "acd");
}

TEST_F(DocumentCacheTest, OneLargerThanTheLimitIsServedAlone) {
  for (const char* name : {"a", "b"}) load(name);
  document("c").bytes = 1000;
  load("c");
  EXPECT_EQ(loaded(), "c");
  load("d");
  EXPECT_EQ(loaded(), "d");
}

TEST_F(DocumentCacheTest, GrowthCountsWhenTheNextIsLoaded) {
  for (const char* name : {"a", "b"}) load(name);
  document("b").bytes = 150;
  load("c");
  EXPECT_EQ(loaded(), "bc");
}

TEST_F(DocumentCacheTest, WhatEndsIsForgotten) {
  for (const char* name : {"a", "b", "c"}) load(name);
  cache_.remove(document("a"));
  documents_.erase("a");
  load("d");
  EXPECT_EQ(loaded(), "bcd");
}

TEST_F(DocumentCacheTest, WhatWasInUseIsFreedOnceItIsNot) {
  for (const char* name : {"a", "b", "c", "d"}) {
    document(name).is_busy = true;
    load(name);
  }
  EXPECT_EQ(loaded(), "abcd") << "the limit is passed while all are in use";
  document("b").is_busy = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (loaded() == "abcd" && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(loaded(), "acd") << "those in use stay";
}

}  // namespace
}  // namespace statusfs
