#include "fs/engine/document_cache.hpp"

#include <algorithm>
#include <vector>

namespace statusfs {
namespace {

constexpr std::chrono::seconds patience(1);

}  // namespace

DocumentCache::DocumentCache(std::uint64_t limit)
    : limit_(limit / memory_per_byte), thread_([this] { return step(); }) {}

DocumentCache::~DocumentCache() { thread_.stop(); }

void DocumentCache::add(CachedDocument& document) {
  ++clock_;
  {
    const std::lock_guard lock(mutex_);
    loaded_.insert(&document);
    if (free_oldest(&document)) return;
  }
  thread_.wake();
}

void DocumentCache::remove(CachedDocument& document) {
  const std::lock_guard lock(mutex_);
  loaded_.erase(&document);
}

std::optional<OnDemandThread::Time> DocumentCache::step() {
  const std::lock_guard lock(mutex_);
  if (free_oldest(nullptr)) return std::nullopt;
  return std::chrono::steady_clock::now() + patience;
}

// Precondition: mutex_ is held. `needed` stays. Whether trying again is of no use: the rest is within the limit, or one
// document alone.
bool DocumentCache::free_oldest(const CachedDocument* needed) {
  std::uint64_t total = 0;
  for (const CachedDocument* document : loaded_) total += document->size();
  if (total <= limit_) return true;
  std::vector<CachedDocument*> oldest_first(loaded_.begin(), loaded_.end());
  std::ranges::stable_sort(oldest_first, {}, &CachedDocument::last_use);
  for (CachedDocument* document : oldest_first) {
    const std::uint64_t size = document->size();
    if (document == needed || loaded_.size() == 1 || !document->free()) continue;
    loaded_.erase(document);
    total -= std::min(total, size);
    if (total <= limit_) return true;
  }
  return loaded_.size() <= 1;
}

}  // namespace statusfs
