// What becomes of content that another program put in a status file's place: a version, or quarantine.
#pragma once

#include "fs/engine/version_writer.hpp"

namespace statusfs {

/// Thread safety: one thread at a time.
class ForeignChanges {
 public:
  /// `writer` must outlive this.
  explicit ForeignChanges(VersionWriter& writer) : writer_(writer) {}

  /// To be called when the store's prepare() said foreign. A change that fits the chain, or that the configuration lets
  /// pass, becomes a version of persona EXTERNAL; any other is kept aside, and the file goes into quarantine.
  void resolve();

 private:
  bool adopt(const ForeignChange& change);
  void quarantine(const ForeignChange& change);

  VersionWriter& writer_;
};

}  // namespace statusfs
