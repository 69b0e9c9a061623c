// The versions of a status file that readers see below .history.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fs/engine/file_state.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// Follows the journal: what was indexed once is not read again. Every so many versions a document is remembered, so
/// that any version is a few patches away from one; documents share what they have in common.
///
/// Thread safety: any thread. Each call goes up to the version of the state that it is given, which is durable, and
/// throws Rejection(io_failure) where the journal cannot be read.
class History {
 public:
  History(std::shared_ptr<const Mapping> mapping, Store& store) : mapping_(std::move(mapping)), store_(store) {}

  struct Range {
    std::uint64_t first = 1;  ///< first > last: there are none
    std::uint64_t last = 0;
  };
  struct Attributes {
    std::uint64_t size = 0;  ///< bytes of the JSON file of the version
    std::chrono::system_clock::time_point time;
  };

  Range range(const FileState& state);
  /// Precondition of both: the version is in the range.
  Attributes attributes(const FileState& state, std::uint64_t version);
  std::string text(const FileState& state, std::uint64_t version);
  /// A line for every version.
  std::string log(const FileState& state);
  std::uint64_t log_size(const FileState& state);

 private:
  struct Entry {
    Attributes attributes;
    std::uint64_t log_end = 0;
  };
  void follow(const FileState& state);
  void add(const JournalRecord& record);

  const std::shared_ptr<const Mapping> mapping_;
  Store& store_;

  std::mutex mutex_;  // guards all below; held while the journal is read, so that it is read once
  std::uint64_t first_ = 0;
  std::vector<Entry> entries_;     // of first_ and the following versions
  std::vector<Value> remembered_;  // the documents of every distance-th of them
  Value newest_;                   // the document of the last of them
  std::string log_;
};

/// The one line of .history/head: where the chain stands, as JSON.
std::string head_text(const ChainHead& head);

}  // namespace statusfs
