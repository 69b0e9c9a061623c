// The beginning of a journal, compressed before the journal is closed: what is left to do then is short, and writers do
// not wait for the rest.
#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>

#include "fs/store/local/files.hpp"

namespace statusfs {

/// Lines of a journal from its first on, as a gzip file.
struct CompressedLines {
  std::string bytes;
  std::uint64_t end = 0;  ///< of the last of them, in the journal
};

/// Thread safety: one thread at a time. The work is done by a thread of its own, which reads what stands in the journal
/// already and writes nothing.
class CompressedBeginning {
 public:
  /// `files` must outlive this, and may be used by several threads.
  explicit CompressedBeginning(Files& files) : files_(files) {}

  bool has_begun() const noexcept { return work_.valid(); }
  /// Begins with the lines before `end` of the journal at `path`, which is the file of this status. Precondition: it
  /// has not begun. Where no thread can be had, nothing happens.
  void begin(const std::string& path, const FileStatus& journal, std::uint64_t end);
  /// What came of it, waiting for the rest; nothing where it was not begun, or could not be done.
  std::optional<CompressedLines> take();
  /// Before the journal is no more what it was.
  void drop() noexcept;

 private:
  Files& files_;
  std::future<std::optional<CompressedLines>> work_;
};

}  // namespace statusfs
