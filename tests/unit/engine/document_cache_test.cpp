#include "fs/engine/document_cache.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>

namespace statusfs {
namespace {

class Document final : public CachedDocument {
 public:
  std::uint64_t size() const override { return is_loaded ? bytes : 0; }
  std::uint64_t last_use() const noexcept override { return used; }
  bool free() override {
    if (is_busy) return false;
    is_loaded = false;
    return true;
  }

  std::uint64_t bytes = 100;
  std::uint64_t used = 0;
  bool is_loaded = false;
  bool is_busy = false;
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

  DocumentCache cache_{300 * DocumentCache::memory_per_byte};  // three documents
  std::map<std::string, std::unique_ptr<Document>> documents_;
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

}  // namespace
}  // namespace statusfs
