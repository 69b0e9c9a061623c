#include "fs/counter/memory_counter.hpp"

#include <algorithm>

#include "mapping/rejection.hpp"

namespace statusfs {

class MemoryCounter::MemoryLease final : public GlobalCounter::Lease {
 public:
  explicit MemoryLease(MemoryCounter& counter) : counter_(counter) {}
  ~MemoryLease() override {
    if (in_row_ && count_ > 0) counter_.give_back(first_, first_ + count_ - 1);
  }

  std::int64_t next() override {
    const std::int64_t g = counter_.draw();
    if (count_ == 0) first_ = g;
    in_row_ = in_row_ && g == first_ + count_;
    ++count_;
    return g;
  }

  void commit() override { count_ = 0; }

 private:
  MemoryCounter& counter_;
  std::int64_t first_ = 0;
  std::int64_t count_ = 0;
  bool in_row_ = true;  ///< no other lease drew between our numbers
};

class MemoryCounter::MemoryClaim final : public GlobalCounter::Claim {
 public:
  MemoryClaim(MemoryCounter& counter, std::int64_t g) : counter_(counter), g_(g) {}
  ~MemoryClaim() override {
    const std::lock_guard lock(counter_.mutex_);
    counter_.claimed_.erase(g_);
  }

 private:
  MemoryCounter& counter_;
  const std::int64_t g_;
};

std::unique_ptr<GlobalCounter::Lease> MemoryCounter::begin() { return std::make_unique<MemoryLease>(*this); }

// Numbers up to the last one are those of mutations, but for gaps that nobody remembers.
std::unique_ptr<GlobalCounter::Claim> MemoryCounter::claim(std::int64_t g) {
  {
    const std::lock_guard lock(mutex_);
    if (g <= last_ || !claimed_.insert(g).second) return nullptr;
  }
  return std::make_unique<MemoryClaim>(*this, g);
}

void MemoryCounter::raise(std::int64_t g) {
  const std::lock_guard lock(mutex_);
  last_ = std::max(last_, g);
  floor_ = std::max(floor_, g);
}

std::int64_t MemoryCounter::draw() {
  const std::lock_guard lock(mutex_);
  std::int64_t next = last_;
  do {
    if (next >= largest_g) throw Rejection(Cause::read_only, "the global counter has no number left");
    ++next;
  } while (claimed_.contains(next));
  return last_ = next;
}

void MemoryCounter::give_back(std::int64_t first, std::int64_t last) {
  const std::lock_guard lock(mutex_);
  // Only what nobody drew after, and nobody uses elsewhere, can be drawn again.
  if (last_ == last && floor_ < first) last_ = first - 1;
}

}  // namespace statusfs
