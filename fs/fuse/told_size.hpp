// The size of a file as the kernel knows it.
#pragma once

#include <atomic>
#include <cstdint>

namespace statusfs {

/// What the kernel was last told. It cuts at that what it reads through its page cache, without asking again. Unknown
/// at first, and in a copy, which is of another inode. Thread safety: any thread.
class ToldSize {
 public:
  ToldSize() = default;
  ToldSize(const ToldSize&) noexcept {}
  ToldSize& operator=(const ToldSize&) = delete;

  void tell(std::int64_t size) noexcept { size_ = size; }
  /// The kernel may take a size of its own, as after a write.
  void forget() noexcept { size_ = unknown; }
  bool is(std::uint64_t size) const noexcept { return size_ == static_cast<std::int64_t>(size); }

 private:
  static constexpr std::int64_t unknown = -1;
  std::atomic<std::int64_t> size_ = unknown;
};

}  // namespace statusfs
