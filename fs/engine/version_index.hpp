// Size and time of every version, by its place in the chain.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "fs/store/store.hpp"

namespace statusfs {

/// Sixteen bytes a version. A journal is read when one of its versions is asked for, and no patch of it is looked at.
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
  /// Reads all journals at once: to be called before the attributes of every version are asked for.
  void read_all(std::uint64_t upto);
  /// Whether a line of the version was read.
  bool has(std::uint64_t version);
  /// Frees what was read; it is read again when it is needed. False, and nothing happens, while it is in use.
  bool try_forget();

 private:
  void make_room(std::uint64_t upto);
  bool is_known(std::uint64_t version) const;
  void add(std::string_view line);

  Store& store_;

  std::mutex mutex_;         // guards all below; held while the journal is read, once: taken before the store's own
  std::uint64_t first_ = 0;  // 0: not known yet
  std::vector<Attributes> entries_;  // of first_ and the following versions; a size of 0: not read yet
};

}  // namespace statusfs
