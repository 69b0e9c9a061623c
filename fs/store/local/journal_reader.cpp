#include "fs/store/local/journal_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "fs/store/local/last_newline.hpp"

namespace statusfs {
namespace {

constexpr std::uint64_t reading_step = 256 * 1024;
constexpr std::uint64_t first_look = 4096;

std::string read_range(File& file, std::uint64_t begin, std::uint64_t end) {
  std::string bytes(end - begin, '\0');
  if (file.read_at(bytes, begin) != bytes.size())
    throw std::system_error(EIO, std::system_category(), "the journal became shorter while it was read");
  return bytes;
}

/// The offset behind the last newline within [0, end); 0 when there is none. Looks at the end first, and further back
/// in growing steps.
std::uint64_t behind_last_newline(File& file, std::uint64_t end) {
  for (std::uint64_t step = first_look; end > 0; step = std::min(step * 4, reading_step * 16)) {
    const std::uint64_t begin = end > step ? end - step : 0;
    const auto found = last_newline(read_range(file, begin, end));
    if (found != std::string::npos) return begin + found + 1;
    end = begin;
  }
  return 0;
}

}  // namespace

std::optional<std::string_view> JournalReader::next() {
  std::size_t searched = used_;
  for (;;) {
    const auto found = buffer_.find('\n', searched);
    if (found != std::string::npos) {
      const auto line = std::string_view(buffer_).substr(used_, found - used_);
      used_ = found + 1;
      return line;
    }
    buffer_.erase(0, std::exchange(used_, 0));
    searched = buffer_.size();
    if (!fill()) return std::nullopt;
  }
}

bool JournalReader::fill() {
  if (offset_ >= end_) return false;
  const std::uint64_t upto = std::min(end_, offset_ + reading_step);
  buffer_ += read_range(file_, offset_, upto);
  offset_ = upto;
  return true;
}

std::optional<std::string> read_last_line(File& file, std::uint64_t end) {
  if (end == 0) return std::nullopt;
  // The usual line is short: one read finds both of its ends. What is longer is read again, with more before it.
  constexpr std::uint64_t growth = 16;
  for (std::uint64_t step = first_look;; step *= growth) {
    const std::uint64_t begin = end > step ? end - step : 0;
    std::string tail = read_range(file, begin, end - 1);
    const auto newline = last_newline(tail);
    if (newline != std::string::npos) return tail.substr(newline + 1);
    if (begin == 0) return tail;
  }
}

JournalEnd look_at_end(File& file, std::uint64_t size) {
  const std::uint64_t begin = size > first_look ? size - first_look : 0;
  const std::string tail = read_range(file, begin, size);
  const auto newline = last_newline(tail);
  if (newline == std::string::npos) return {behind_last_newline(file, begin), std::nullopt, {}};
  JournalEnd result{begin + newline + 1, std::nullopt, {}};
  const auto before = last_newline(std::string_view(tail).substr(0, newline));
  const std::size_t start = before == std::string::npos ? 0 : before + 1;
  if (start > 0 || begin == 0)
    result.last_line = tail.substr(start, newline - start);
  else
    result.part_of_line = tail.substr(0, newline);
  return result;
}

}  // namespace statusfs
