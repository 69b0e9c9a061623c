#include "fs/cli/memory_policy.hpp"

#include <malloc.h>

namespace statusfs {

void return_memory_early() noexcept {
  // The text of a whole file lives for as long as it takes to write it. Left to itself, glibc raises the size from
  // which memory is mapped, and so returned, to the largest that was ever freed; the next text then tears a hole into
  // the heap.
  constexpr int mapped_from = 256 * 1024;  // bytes
  // Every thread would get a heap of its own, and what one frees no other can use. Two serve two that are at work.
  constexpr int heaps = 2;
  ::mallopt(M_MMAP_THRESHOLD, mapped_from);
  ::mallopt(M_ARENA_MAX, heaps);
}

}  // namespace statusfs
