// A local store in a directory of its own, and a chain to feed it with.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "fs/store/local/local_store.hpp"
#include "fs/store/local/posix_files.hpp"
#include "mapping/document/text.hpp"
#include "tests/unit/store/chain_maker.hpp"
#include "tests/unit/store/temporary_directory.hpp"

namespace statusfs {

/// Whether the condition holds within that time.
template <typename Condition>
bool soon(Condition condition, std::chrono::milliseconds allowed = std::chrono::milliseconds(5000)) {
  const auto deadline = std::chrono::steady_clock::now() + allowed;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class LocalStoreTest : public ::testing::Test {
 protected:
  /// The adopted file and its journal, as a store left them.
  void put_chain() {
    write_text(path_, maker_.text());
    write_text(journal_path_, maker_.first().record + "\n");
  }
  // A journal that is closed asks to be loaded again; only the tests of that want it.
  static LocalOptions without_rotation() {
    LocalOptions options;
    options.longest_journal = std::numeric_limits<std::uint64_t>::max() / 2;
    return options;
  }
  std::unique_ptr<LocalStore> make_store(LocalOptions options = without_rotation()) {
    return std::make_unique<LocalStore>(path_, maker_.mapping(), files_, options);
  }
  std::unique_ptr<LocalStore> open_chain(LocalOptions options = without_rotation()) {
    put_chain();
    auto store = make_store(options);
    EXPECT_EQ(store->load().state, StoredFile::State::chained);
    return store;
  }
  /// Commits one more version.
  void commit(LocalStore& store) { commit(store, maker_.next()); }
  void commit(LocalStore& store, const CommitEntry& entry) {
    const auto prepared = store.prepare();
    ASSERT_EQ(prepared.status, StoreStatus::done) << prepared.reason;
    const auto result = store.commit(entry.head.version - 1, {&entry, 1});
    ASSERT_EQ(result.status, StoreStatus::done) << result.reason;
  }
  static std::string text_of(const StatusDocument& document) { return indented_document(document.root()); }

  TemporaryDirectory directory_;
  PosixFiles files_;
  ChainMaker maker_;
  const std::string name_ = "exec_status_7.txt";
  const std::string path_ = directory_ / name_;
  const std::string journal_path_ = path_ + ".journal";
  const std::string lock_path_ = path_ + ".lock";
};

}  // namespace statusfs
