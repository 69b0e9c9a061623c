// Bounds the memory that the documents of a mount's status files take (-o cache).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>

#include "fs/on_demand_thread.hpp"

namespace statusfs {

/// Something whose document can be freed, and loaded again when it is needed.
class CachedDocument {
 public:
  /// Bytes of the document as a file; 0 while it is not loaded. Any thread.
  virtual std::uint64_t size() const = 0;
  /// The cache's time when it was last needed. Any thread.
  virtual std::uint64_t last_use() const noexcept = 0;
  /// Frees the document, without waiting for anything. False where it is in use. Any thread; calls nothing of the
  /// cache.
  virtual bool free() = 0;

 protected:
  ~CachedDocument() = default;
};

/// Frees those documents first that were not needed for longest. What is being written is never freed, so that the
/// limit can be passed for as long; then a thread of the cache's own tries again every second. A document that grows is
/// counted when the next one is loaded.
///
/// Thread safety: any thread.
class DocumentCache {
 public:
  /// How much memory a loaded document takes for each byte of its file (measured: tests/bench/README.md).
  static constexpr std::uint64_t memory_per_byte = 5;

  /// `limit` in bytes of memory.
  explicit DocumentCache(std::uint64_t limit);
  ~DocumentCache();
  DocumentCache(const DocumentCache&) = delete;
  DocumentCache& operator=(const DocumentCache&) = delete;

  /// Counts documents that were loaded: enough to tell which was needed later.
  std::uint64_t now() const noexcept { return clock_.load(std::memory_order_relaxed); }
  /// The document was loaded: others are freed for it where that is due.
  void add(CachedDocument& document);
  /// To be called before it ends. Waits while its document is being freed.
  void remove(CachedDocument& document);

 private:
  bool free_oldest(const CachedDocument* needed);
  std::optional<OnDemandThread::Time> step();

  const std::uint64_t limit_;  // bytes of files
  std::atomic<std::uint64_t> clock_ = 1;

  std::mutex mutex_;  // guards all below. Lock order: before all locks of a document, which are only tried for
  std::set<CachedDocument*> loaded_;

  OnDemandThread thread_;  // last: it uses all of the above
};

}  // namespace statusfs
