// Size and time of every version, by its place in the chain.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "fs/store/store.hpp"

namespace statusfs {

/// Sixteen bytes a version; each journal line is looked at once, and its patch never.
///
/// Thread safety: any thread. Each call goes up to the version that it is given, which must be durable, and throws
/// Rejection(io_failure) where the journal cannot be read.
class VersionIndex {
 public:
  explicit VersionIndex(Store& store) : store_(store) {}

  struct Range {
    std::uint64_t first = 1;  ///< first > last: there are none
    std::uint64_t last = 0;
  };
  struct Attributes {
    std::uint64_t size = 0;  ///< bytes of the JSON file
    std::chrono::system_clock::time_point time;
  };

  Range range(std::uint64_t upto);
  /// Precondition: the version is in the range.
  Attributes attributes(std::uint64_t version, std::uint64_t upto);

 private:
  void follow(std::uint64_t upto);
  void add(std::string_view line);

  Store& store_;

  std::mutex mutex_;  // guards all below; held while the journal is read, once: taken before the store's own
  std::uint64_t first_ = 0;
  std::vector<Attributes> entries_;  // of first_ and the following versions
};

}  // namespace statusfs
