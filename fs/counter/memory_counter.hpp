// The global counter without a state file: the largest g in SOURCE, plus one for every mutation.
#pragma once

#include <mutex>
#include <set>

#include "fs/counter/global_counter.hpp"

namespace statusfs {

/// Leases of several status files run side by side. The numbers are made durable by the records that carry them.
class MemoryCounter final : public GlobalCounter {
 public:
  explicit MemoryCounter(std::int64_t largest_in_source) : last_(largest_in_source), floor_(largest_in_source) {}

  std::unique_ptr<Lease> begin() override;
  std::unique_ptr<Claim> claim(std::int64_t g) override;
  void raise(std::int64_t g) override;

 private:
  class MemoryLease;
  class MemoryClaim;
  std::int64_t draw();
  void give_back(std::int64_t first, std::int64_t last);

  /// Guards what follows; no other lock is taken while it is held.
  std::mutex mutex_;
  std::int64_t last_;   ///< the number drawn last
  std::int64_t floor_;  ///< the largest number that was raised to, and so may be used elsewhere
  std::set<std::int64_t> claimed_;
};

}  // namespace statusfs
