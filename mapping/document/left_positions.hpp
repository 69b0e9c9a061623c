// Which elements of an array are left while some are taken out, one after another.
#pragma once

#include <bit>
#include <cstddef>
#include <vector>

namespace statusfs {

/// Counts in a Fenwick tree, so that taking an element out costs O(log size) and moves no other.
class LeftPositions {
 public:
  explicit LeftPositions(std::size_t size) : counts_(size + 1), count_(size) {
    for (std::size_t node = 1; node <= size; ++node) {
      ++counts_[node];
      if (const std::size_t next = node + lowest_bit(node); next <= size) counts_[next] += counts_[node];
    }
  }

  std::size_t count() const noexcept { return count_; }

  /// Takes out the element that stands at `index` among those that are left, and tells where it stood among all.
  /// Precondition: index < count().
  std::size_t take(std::size_t index) noexcept {
    std::size_t before = 0;  // as many nodes as have no more than `index` elements left
    for (std::size_t step = std::bit_floor(counts_.size()); step > 0; step /= 2) {
      if (before + step >= counts_.size() || counts_[before + step] > index) continue;
      before += step;
      index -= counts_[before];
    }
    for (std::size_t node = before + 1; node < counts_.size(); node += lowest_bit(node)) --counts_[node];
    --count_;
    return before;
  }

 private:
  static std::size_t lowest_bit(std::size_t node) noexcept { return node & (~node + 1); }

  std::vector<std::size_t>
      counts_;  // of the elements before and at each node, back to where the node's lowest bit says
  std::size_t count_;
};

}  // namespace statusfs
