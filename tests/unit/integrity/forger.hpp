// Changes valid evidence the way somebody would who wants it to say something else.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace statusfs {

using Lines = std::vector<std::string>;

inline std::string joined(const Lines& lines, char between) {
  std::string text;
  for (const std::string& line : lines) (text += line) += between;
  return text;
}

/// Every function changes something. Thread safety: one thread.
class Forger {
 public:
  explicit Forger(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }

  std::string with_flipped_bit(std::string bytes) {
    bytes[below(bytes.size())] ^= static_cast<char>(1u << below(8));
    return bytes;
  }

  std::string cut(const std::string& bytes) { return bytes.substr(0, below(bytes.size())); }

  /// A line less, twice, cut, or one of `others` in its place or beside it.
  Lines with_other_line(Lines lines, const Lines& others) {
    const Lines before = lines;
    while (lines == before) {
      const auto at = lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size()));
      switch (below(5)) {
        case 0:
          lines.erase(at);
          break;
        case 1:
          lines.insert(at, std::string(*at));
          break;
        case 2:
          *at = others[below(others.size())];
          break;
        case 3:
          lines.insert(at, others[below(others.size())]);
          break;
        default:
          *at = cut(*at);
          break;
      }
    }
    return lines;
  }

  /// Two of them swapped, some of them turned, or all shuffled.
  Lines in_other_order(Lines lines) {
    const Lines before = lines;
    while (lines == before) {
      const auto middle = lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size()));
      switch (below(4)) {
        case 0:
          std::swap(lines[below(lines.size())], lines[below(lines.size())]);
          break;
        case 1:
          std::rotate(lines.begin(), middle, lines.end());
          break;
        case 2:
          std::reverse(middle, lines.end());
          break;
        default:
          std::shuffle(lines.begin(), lines.end(), random_);
          break;
      }
    }
    return lines;
  }

 private:
  std::mt19937 random_;
};

}  // namespace statusfs
