// The document of any version, rebuilt from the journal.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "fs/store/store.hpp"

namespace statusfs {

/// What was once rebuilt is remembered every so many versions, so that no line of the journal is applied again for
/// another version, but for a few. A version that is far behind all of them is rebuilt from the nearest one in its
/// journal, or from the journal's beginning, whose distance the store limits.
/// Memory is bounded: so many documents, which share what they have in common.
///
/// Thread safety: any thread.
class VersionDocuments {
 public:
  explicit VersionDocuments(Store& store) : store_(store) {}

  /// Precondition: the version is durable and in the chain. Throws Rejection(io_failure) where the journal cannot be
  /// read.
  Value document(std::uint64_t version);
  /// A document that was met on another way.
  void offer(std::uint64_t version, const Value& document);
  /// Frees what is remembered. Does not wait for the disk.
  void forget();
  /// How many patches were applied so far.
  std::uint64_t patches_applied() const noexcept { return patches_applied_; }

 private:
  struct Remembered {
    std::uint64_t version = 0;
    Value document;
  };
  std::optional<Remembered> nearest(std::uint64_t version);
  void remember(std::uint64_t version, const Value& document);

  Store& store_;
  std::atomic<std::uint64_t> patches_applied_ = 0;

  std::mutex mutex_;  // guards remembered_; never held while the journal is read
  std::map<std::uint64_t, Value> remembered_;
};

}  // namespace statusfs
