// The document of any version, rebuilt from the journal.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "fs/store/store.hpp"

namespace statusfs {

/// What was once rebuilt is remembered every so many versions, so that a version near one that was read costs a few
/// patches. A version far from all of them is rebuilt from the beginning of its journal, whose length the store limits.
/// Memory is bounded: so many documents, which share what they have in common.
///
/// Thread safety: any thread.
class VersionDocuments {
 public:
  explicit VersionDocuments(Store& store) : store_(store) {}

  /// Precondition: the version is durable and in the chain. Throws Rejection(io_failure) where the journal cannot be
  /// read.
  Value document(std::uint64_t version);

 private:
  struct Remembered {
    std::uint64_t version = 0;
    Value document;
  };
  std::optional<Remembered> nearest(std::uint64_t version);
  void remember(std::uint64_t version, const Value& document);

  Store& store_;

  std::mutex mutex_;  // guards remembered_; never held while the journal is read
  std::map<std::uint64_t, Value> remembered_;
};

}  // namespace statusfs
