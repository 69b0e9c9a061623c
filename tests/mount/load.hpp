// What the load tests share: writers that note what was acknowledged, and the chain's own word on what was written.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/mount/mounted_test.hpp"

namespace statusfs::test {

/// One write that was tried, and whether the write returned without an error.
struct WriteAttempt {
  std::string value;
  bool acknowledged;
  bool refused = false;  ///< with an error that says that nothing came of it
};

/// What a write of this value came to that returned this errno, 0 for none. EIO, ENOTCONN and ECONNABORTED leave it
/// open.
WriteAttempt attempt_of(const std::string& value, int error);

/// A value that a version of the file set, as journal_check.py reports it.
struct Change {
  int version;
  std::string pointer;
  Json value;
};

/// Recomputes the whole chain without statusfs and lists the changes at these pointers, in the order of the versions.
/// Throws if anything in the chain is wrong.
std::vector<Change> checked_changes(const Path& status_file, const std::vector<std::string>& pointers);

/// The same of fields of text: the texts that each of them had. What they began with is null, and no text.
std::map<std::string, std::vector<std::string>> checked_texts(const Path& status_file,
                                                              const std::vector<std::string>& pointers);

/// Expects that the values are those of the attempts, in their order: every acknowledged one exactly once, of the
/// others at most once each, of the refused ones none, and nothing else.
void expect_attempts(const std::vector<WriteAttempt>& attempts, const std::vector<std::string>& values,
                     const std::string& whose);

}  // namespace statusfs::test
