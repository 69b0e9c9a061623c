// The versions of a status file that readers see below .history.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fs/engine/file_state.hpp"
#include "fs/engine/version_documents.hpp"
#include "fs/engine/version_index.hpp"
#include "fs/engine/version_log.hpp"
#include "fs/store/store.hpp"

namespace statusfs {

/// Thread safety: any thread. Each call goes up to the version of the state that it is given, which is durable, and
/// throws Rejection(io_failure) where the journal cannot be read.
class History {
 public:
  History(std::shared_ptr<const Mapping> mapping, Store& store)
      : index_(store), documents_(store), log_(std::move(mapping), store, documents_) {}

  using Range = VersionIndex::Range;
  using Attributes = VersionIndex::Attributes;

  Range range(const FileState& state);
  /// Precondition of this and of text(): the version is in the range.
  Attributes attributes(const FileState& state, std::uint64_t version);
  /// To be called before the attributes of every version are asked for.
  void read_attributes(const FileState& state);
  /// Whether the version was read by read_attributes(): its closed journal may be missing.
  bool has(std::uint64_t version) { return index_.has(version); }
  std::string text(std::uint64_t version);
  /// A line for every version.
  std::string log(const FileState& state);
  std::uint64_t log_size(const FileState& state);
  /// Frees what was read of the journal, without waiting for anything; it is read again when it is needed. False while
  /// it is in use.
  bool try_forget();
  /// How many patches were applied so far to rebuild documents.
  std::uint64_t patches_applied() const noexcept { return documents_.patches_applied(); }

 private:
  VersionIndex index_;
  VersionDocuments documents_;
  VersionLog log_;
};

/// The one line of .history/head: where the chain stands, as JSON.
std::string head_text(const ChainHead& head);

}  // namespace statusfs
