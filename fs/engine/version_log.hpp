// A line for every version: who changed what.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fs/engine/version_documents.hpp"
#include "fs/store/store.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// Made when it is first asked for, and followed from there: each version is replayed once.
///
/// Thread safety: any thread. Each call goes up to the version that it is given, which must be durable, and throws
/// Rejection(io_failure) where the journal cannot be read.
class VersionLog {
 public:
  VersionLog(std::shared_ptr<const Mapping> mapping, Store& store, VersionDocuments& documents)
      : mapping_(std::move(mapping)), store_(store), documents_(documents) {}

  std::string text(std::uint64_t upto);
  std::uint64_t size(std::uint64_t upto);  ///< bytes of text()
  /// Frees what was read; it is read again when it is needed. False, and nothing happens, while it is in use.
  bool try_forget();

 private:
  void follow(std::uint64_t upto);
  void add(std::string_view line, JsonParser& parser);
  void go_on_behind_gap(const JournalRecord& record);
  std::uint64_t end_of(std::uint64_t upto) const;

  const std::shared_ptr<const Mapping> mapping_;
  Store& store_;
  VersionDocuments& documents_;  ///< the log passes all of them, and tells it

  std::mutex mutex_;  // guards all below; held while the journal is read, once: taken before the store's own
  std::uint64_t first_ = 0;
  std::vector<std::uint64_t> ends_;  // offset in text_ behind the line of first_ and of each following version
  Value newest_;                     // the document of the last of them
  std::string text_;
};

}  // namespace statusfs
